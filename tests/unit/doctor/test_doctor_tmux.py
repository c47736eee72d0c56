"""Which settings of tmux are in the way, and the lines that mend them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cockpit.doctor.findings import Finding, Level
from cockpit.doctor.tmux.judging import judge
from cockpit.doctor.tmux.looking import Client, Tmux, parsed

FEATURES = frozenset({"RGB", "sync", "clipboard"})
CLIENT = Client(120, 40, "xterm-256color", FEATURES)
OPTIONS = {
    "escape-time": "10",
    "set-clipboard": "on",
    "allow-passthrough": "off",
    "allow-rename": "off",
    "default-terminal": "tmux-256color",
    "set-titles": "on",
    "bell-action": "any",
    "destroy-unattached": "off",
    "history-limit": "20000",
    "synchronize-panes": "off",
    "window-size": "latest",
}
WELL = Tmux(version="3.4", options=OPTIONS, window=(120, 40), clients=(CLIENT,))


def judged(seen: Tmux = WELL, **options: str) -> dict[str, Finding]:
    return {each.id: each for each in judge(replace(seen, options={**seen.options, **options}))}


def test_a_tmux_that_is_well_has_nothing_to_mend():
    assert {each.level for each in judged().values()} == {Level.OK}


@pytest.mark.parametrize(
    ("option", "value", "level", "cure"),
    [
        ("synchronize-panes", "on", Level.ERROR, "tmux set -w synchronize-panes off"),
        ("escape-time", "500", Level.WARNING, "tmux set -s escape-time 10"),
        ("escape-time", "21", Level.WARNING, "tmux set -s escape-time 10"),
        ("set-clipboard", "external", Level.WARNING, "tmux set -s set-clipboard on"),
        ("set-clipboard", "off", Level.WARNING, "tmux set -s set-clipboard on"),
        ("allow-passthrough", "on", Level.ADVICE, "tmux set -w allow-passthrough off"),
        ("allow-passthrough", "all", Level.ADVICE, "tmux set -w allow-passthrough off"),
        ("allow-rename", "on", Level.ADVICE, "tmux set -w allow-rename off"),
        ("default-terminal", "screen", Level.ADVICE, "tmux set -g default-terminal tmux-256color"),
        ("set-titles", "off", Level.ADVICE, "tmux set -g set-titles on"),
        ("bell-action", "none", Level.WARNING, "tmux set -g bell-action any"),
        ("destroy-unattached", "on", Level.WARNING, "tmux set -g destroy-unattached off"),
        ("history-limit", "100", Level.ADVICE, "tmux set -g history-limit 20000"),
    ],
    ids=lambda each: str(each),
)
def test_a_setting_in_the_way_is_told_with_the_line_that_mends_it(option: str, value: str, level: Level, cure: str):
    found = judged(**{option: value})
    [one] = [each for each in found.values() if each.level is not Level.OK]
    assert (one.id, one.level, one.cure[0]) == (f"tmux.{option.replace('-', '_')}", level, cure)
    if level is not Level.ERROR:
        assert one.cure[1] == f"echo '{cure.removeprefix('tmux ')}' >> ~/.tmux.conf"


@pytest.mark.parametrize(
    ("lacking", "id_"), [("RGB", "rgb"), ("sync", "sync"), ("clipboard", "set_clipboard")], ids=str
)
def test_what_tmux_does_not_take_the_terminal_to_have_is_told(lacking: str, id_: str):
    found = judged(replace(WELL, clients=(replace(CLIENT, features=FEATURES - {lacking}),)))
    assert found[f"tmux.{id_}"].level is Level.ADVICE
    assert f':{lacking}"' in found[f"tmux.{id_}"].cure[0]


def test_true_colour_by_an_override_counts():
    seen = replace(WELL, clients=(replace(CLIENT, features=FEATURES - {"RGB"}),))
    assert judged(seen, **{"terminal-overrides": "*256col*:Tc"})["tmux.rgb"].level is Level.OK


def test_two_terminals_on_one_session_are_one_person_to_the_log():
    found = judged(replace(WELL, clients=(CLIENT, replace(CLIENT, columns=80, rows=24))))
    assert found["tmux.clients"].level is Level.WARNING
    assert "80x24, 120x40" in found["tmux.clients"].found
    assert found["tmux.window_size"].level is Level.ADVICE


def test_a_tmux_in_another_and_an_old_one_and_an_open_one_are_told():
    assert judged(replace(WELL, clients=(replace(CLIENT, term="tmux-256color"),)))["tmux.nested"].level is Level.ADVICE
    assert judged(replace(WELL, version="2.6"))["tmux.version"].level is Level.ADVICE
    assert judged(replace(WELL, is_open=True))["tmux.socket"].level is Level.ERROR


def test_a_tmux_that_cannot_be_asked_is_unknown():
    [found] = judge(Tmux(problem="it cannot be asked: no server running"))
    assert found.level is Level.UNKNOWN


def test_what_a_setting_is_not_known_to_be_is_not_well():
    assert judged(replace(WELL, options={}))["tmux.escape_time"].level is Level.UNKNOWN
    assert judged(replace(WELL, options={}))["tmux.set_clipboard"].level is Level.WARNING


@pytest.mark.parametrize(
    ("version", "number"),
    [("3.3a", (3, 3)), ("next-3.6", (3, 6)), ("2.9", (2, 9)), ("", (0, 0)), ("master", (0, 0))],
    ids=str,
)
def test_versions_of_tmux(version: str, number: tuple[int, int]):
    assert Tmux(version=version).number == number


def test_options_are_read_as_tmux_prints_them():
    features = "terminal-features[0] xterm*:RGB\nterminal-features[1] a:sync\n"
    text = f'escape-time 10\nmouse* off\n{features}s "x y"\nempty\nq "\n'
    assert parsed(text) == {
        "escape-time": "10",
        "mouse": "off",
        "terminal-features": "xterm*:RGB,a:sync",
        "s": "x y",
        "empty": "",
        "q": '"',
    }
