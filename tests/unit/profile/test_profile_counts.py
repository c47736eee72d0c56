"""How many of each thing a profile may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.profile.counts import MOST
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine

ONE = {
    "probes": '[[probes]]\nid = "n{n}"\nkind = "env"\nname = "A"\n',
    "variables": '[variables.n{n}]\nvalue = "x"\n',
    "roles": '[[roles]]\nid = "n{n}"\n',
    "phases": '[[phases]]\nid = "n{n}"\ntitle = "T"\n[[phases.steps]]\nid = "s{n}"\ntitle = "T"\n',
    "steps": '[[phases.steps]]\nid = "n{n}"\ntitle = "T"\n',
    "targets": '[[targets]]\nid = "n{n}"\nkind = "postgres"\ndsn = "postgresql:///x"\n',
    "rollbacks": '[[rollbacks]]\nid = "n{n}"\ntitle = "T"\n[[rollbacks.phases]]\nid = "p{n}"\ntitle = "T"\n'
    '[[rollbacks.phases.steps]]\nid = "r{n}"\ntitle = "T"\n',
    "triggers": '[[triggers]]\nid = "n{n}"\n',
    "templates": '[[templates]]\nid = "n{n}"\nbody = "b"\n',
    "channels": '[[channels]]\nid = "n{n}"\nwebhook = "https://x.example/"\n',
    "contacts": '[[contacts]]\nid = "n{n}"\n',
    "tasks": '[[tasks]]\nid = "n{n}"\ntitle = "T"\n',
}


def _errors(tmp_path: Path, key: str, number: int) -> list[str]:
    head = 'id = "shop"\nenvironment = "staging"\n'
    if key == "shared_accounts":
        head += f"shared_accounts = {[f'u{each}' for each in range(number)]}\n"
    phase = "" if key == "phases" else '[[phases]]\nid = "walk"\ntitle = "Walk"\n'
    first = '[[phases.steps]]\nid = "first"\ntitle = "T"\n' if phase and key != "steps" else ""
    if key == "steps":  # one array has its own limit
        phase += "".join(ONE[key].format(n=f"a{each}") for each in range(number // 2))
        phase += '[[phases]]\nid = "more"\ntitle = "More"\n'
        number -= number // 2
    items = "".join(ONE[key].format(n=each) for each in range(number)) if key in ONE else ""
    (tmp_path / "p.toml").write_text(head + phase + first + items)
    _, problems = examine(tmp_path / "p.toml", installed(), advice=False)
    return [each.message for each in problems if " more than " in each.message]


@pytest.mark.parametrize("key", MOST)
def test_more_than_the_most_of_a_thing_is_refused_in_one_sentence(tmp_path: Path, key: str) -> None:
    most = MOST[key]
    (found,) = _errors(tmp_path, key, most + 1)
    assert found == f"{most + 1} {key.replace('_', ' ')}, more than {most}"


def test_a_probe_is_read_ten_times_a_second_at_most(tmp_path: Path) -> None:
    probe = 'id = "shop"\nenvironment = "s"\n[[probes]]\nid = "a"\nkind = "env"\nname = "A"\ninterval = "{interval}"\n'
    said = []
    for interval in ("10ms", "100ms"):
        (tmp_path / "p.toml").write_text(probe.format(interval=interval))
        _, problems = examine(tmp_path / "p.toml", installed(), advice=False)
        said.append([str(each) for each in problems if "would be read" in each.message])
    assert "probe `a` would be read every 0.01 s; expected at least 0.1 s" in said[0][0]
    assert said[1] == []


@pytest.mark.parametrize("key", ["probes", "targets"])
def test_the_most_of_a_thing_is_taken(tmp_path: Path, key: str) -> None:
    assert _errors(tmp_path, key, MOST[key]) == []
