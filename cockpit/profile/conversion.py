"""From the merged tree of nodes to a `Profile`, field by field, collecting every problem of form.

Whether the parts fit together (gates on probes, references, conditions) is `soundness`'s question, asked afterwards.
"""

from __future__ import annotations

from cockpit.profile.conversion_around import (
    convert_channel,
    convert_contact,
    convert_target,
    convert_task,
    convert_template,
    convert_trigger,
)
from cockpit.profile.conversion_scene import convert_probe, convert_role, convert_variables, convert_window
from cockpit.profile.conversion_walk import convert_phase, convert_plan
from cockpit.profile.fields import Fields
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import SIGNING, Profile
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.undoing import write_out_undoing
from cockpit.profile.unique import judge_ids


def convert(root: Node, kinds: Kinds, findings: Findings) -> tuple[Profile, bool]:
    """Return the profile as far as it is right, and whether it says that it is only a base (`partial = true`).

    Steps that a rollback phase with `undo = true` asks for are written into the tree first.
    """
    write_out_undoing(root, kinds, findings)
    fields = Fields(root, findings, "the profile")
    partial = fields.flag("partial")
    needed = not partial
    profile = Profile(
        id=fields.id() if needed or "id" in root.table else _absent(fields, "id"),
        environment=fields.line(
            "environment", required=needed, expected="the environment's name, for example `production`"
        ),
        title=fields.line("title"),
        description=fields.text("description"),
        production=fields.flag("production"),
        requests_per_s=fields.rate("requests_per_s"),
        window=convert_window(fields.take("window"), fields, findings),
        variables=convert_variables(fields.take("variables"), fields, findings),
        roles=tuple(convert_role(node, findings) for node in fields.tables("roles")),
        probes=tuple(convert_probe(node, kinds, findings) for node in fields.tables("probes")),
        phases=tuple(convert_phase(node, kinds, findings) for node in fields.tables("phases")),
        targets=tuple(convert_target(node, findings) for node in fields.tables("targets")),
        rollbacks=tuple(convert_plan(node, kinds, findings) for node in fields.tables("rollbacks")),
        triggers=tuple(convert_trigger(node, findings) for node in fields.tables("triggers")),
        templates=tuple(convert_template(node, findings) for node in fields.tables("templates")),
        channels=tuple(convert_channel(node, findings) for node in fields.tables("channels")),
        alerts=fields.line("alerts"),
        contacts=tuple(convert_contact(node, findings) for node in fields.tables("contacts")),
        tasks=tuple(convert_task(node, findings) for node in fields.tables("tasks")),
        signing=fields.word("signing", SIGNING, "off"),
        allowed_signers=fields.line("allowed_signers"),
        revoked_keys=fields.line("revoked_keys"),
        shared_accounts=fields.texts("shared_accounts", what="users"),
        reviewed=fields.flag("reviewed"),
    )
    fields.finish(also=("extends",))
    judge_ids(root, findings)
    return profile, partial


def _absent(fields: Fields, key: str) -> str:
    fields.take(key)
    return ""
