"""Whether a profile that names accounts of several people lets these people be told apart.

Asked of the resolved `Profile`; the tree of nodes only serves to say where an answer stands.
"""

from __future__ import annotations

from cockpit.profile.model import Profile
from cockpit.profile.nodes import Findings, Node
from cockpit.text import shortened


def judge_sharing(profile: Profile, root: Node, findings: Findings) -> None:
    """Note what contradicts itself: a shared account in a role, by which nobody is known; a host beside a user."""
    for account in profile.shared_accounts:
        if "@" in account:
            said = f"`{shortened(account, 60)}` names a host: an account is shared wherever it is used"
            findings.add(root.find("shared_accounts"), said, expected=f"`{shortened(account.partition('@')[0], 60)}`")
    for role in profile.roles:
        for person in role.people:
            if person.partition("@")[0] in profile.shared_accounts:
                place = root.find("roles", role.id)
                node = place.table.get("people") or place
                said = f"role `{role.id}` names `{shortened(person, 60)}`, an account that several people use"
                findings.add(node, said, expected="the people's own names: nobody is known by that account")


def advise_sharing(profile: Profile, root: Node, findings: Findings) -> None:
    """Note that nobody can say who they are, where keys could prove it."""
    if profile.shared_accounts and profile.allowed_signers and not any(role.people for role in profile.roles):
        said = "the roles name nobody whom people on a shared account could say that they are"
        findings.add(root.find("shared_accounts"), said, severity="warning", expected="`people` of a role")
