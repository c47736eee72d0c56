"""How many of each thing a profile may have: what a keeper can watch, a screen can show and a person can walk.

Invariant: more is refused in one sentence by `check`, before a run begins; nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cockpit.profile.model import Profile
from cockpit.profile.nodes import Findings, Node

MOST: Mapping[str, int] = {
    "probes": 200, "variables": 500, "roles": 200, "phases": 200, "steps": 3000, "targets": 50, "rollbacks": 50,
    "triggers": 200, "templates": 500, "channels": 50, "contacts": 500, "tasks": 1000, "shared_accounts": 200,
}  # fmt: skip
"""By key. `steps`: of the walk and of all rollback plans together."""
MOST_PEOPLE = 500
"""Of one role."""
MOST_CONDITIONS = 50
"""Of one list of conditions of a probe."""
LEAST_INTERVAL_S = 0.1
"""Between two readings of a probe."""
_INSTEAD: Mapping[str, str] = {
    "probes": "fewer, or two profiles",
    "steps": "two runs, one after the other",
}


def judge_counts(profile: Profile, root: Node, findings: Findings) -> None:
    """Note everything of which there are too many."""
    for key, number, most in _counted(profile):
        if number > most:
            said = f"{number} {key.replace('_', ' ')}, more than {most}"
            findings.add(
                root.find("phases" if key == "steps" else key),
                said,
                key=True,
                expected=_INSTEAD.get(key, f"at most {most}"),
            )
    for role in profile.roles:
        if len(role.people) > MOST_PEOPLE:
            said = f"{len(role.people)} people in role `{role.id}`, more than {MOST_PEOPLE}"
            findings.add(root.find("roles", role.id, "people"), said, expected=f"at most {MOST_PEOPLE}")
    for probe in profile.probes:
        if probe.interval_s < LEAST_INTERVAL_S:
            said = f"probe `{probe.id}` would be read every {probe.interval_s:g} s"
            findings.add(root.find("probes", probe.id, "interval"), said, expected=f"at least {LEAST_INTERVAL_S:g} s")
        for key, texts in (("pass", probe.pass_when), ("warn", probe.warn_when), ("fail", probe.fail_when)):
            if len(texts) > MOST_CONDITIONS:
                said = f"{len(texts)} conditions of probe `{probe.id}`, more than {MOST_CONDITIONS}"
                findings.add(root.find("probes", probe.id, key), said, expected="conditions joined by `&&`")


def _counted(profile: Profile) -> Iterator[tuple[str, int, int]]:
    for key, most in MOST.items():
        found = profile.every_step() if key == "steps" else getattr(profile, key)
        yield key, len(found), most
