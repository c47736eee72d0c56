"""Whether something that was read would pass `cockpit check`: asked before it is taken over.

In memory: what is checked is the TOML that would be written.
"""

from __future__ import annotations

from cockpit.profile.conditions import ConditionError, Environment, compile_condition
from cockpit.profile.conversion import convert
from cockpit.profile.fields import deceiving
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Profile
from cockpit.profile.nodes import Findings, document
from cockpit.profile.show import show
from cockpit.profile.soundness import judge
from cockpit.profile.sources import Source, Unreadable


def passes(profile: Profile, kinds: Kinds) -> bool:
    """Whether the profile has no error that is its own; files beside it are not looked for."""
    findings = Findings()
    try:
        root = document(Source("imported", show(profile).encode()))
    except (Unreadable, UnicodeEncodeError):
        return False
    deceiving(root, findings)
    converted, partial = convert(root, kinds, findings)
    judge(converted, root, kinds, findings, partial=partial)
    return not findings.failed


def compiles(condition: str, names: Environment) -> bool:
    """Whether a condition can be said over names with these types."""
    try:
        compile_condition(condition, names)
    except ConditionError:
        return False
    return True
