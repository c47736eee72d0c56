"""A probe whose server nobody verifies says so before its name, at every width."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from screen_story import blocked, text_of

from cockpit.tui.panes import probes
from cockpit.tui.panes.seen import Seen


def _seen(reason: str) -> Seen:
    """The story's screen, on which the first probe has this reason."""
    shown = blocked().seen()
    state = shown.view.state
    first, *others = state.profile.probes
    changed = replace(first, settings={**first.settings, "unverified": reason})
    profile = replace(state.profile, probes=(changed, *others))
    started = replace(state.started, profile=profile)
    return replace(shown, view=replace(shown.view, state=replace(state, started=started)))


@pytest.mark.parametrize("width", [24, 40, 80])
def test_the_flag_stands_before_the_name_where_only_a_part_of_it_fits(width: int) -> None:
    flagged = [text_of(line) for line in probes.probes(_seen("self-signed"), width, 20)]
    plain = [text_of(line) for line in probes.probes(_seen(""), width, 20)]
    assert flagged[0][2:4] == "⚑ "
    assert sum("⚑" in line for line in flagged) == 1
    assert not any("⚑" in line for line in plain)
    assert {len(line) for line in flagged} == {len(line) for line in plain}


def test_the_title_counts_them_and_the_list_gives_the_reason() -> None:
    seen = _seen("self-signed, OPS-1 \x1b[2J")
    assert probes.title(seen, 20) == "Probes · 1 ⚑ unverified"
    assert "1 ⚑ unverified" in text_of(probes.summary(seen))
    listed = "\n".join(text_of(line) for line in probes.every(seen, 80))
    assert "⚑ its server is not verified: self-signed, OPS-1 " in listed
    assert "\x1b" not in listed
    assert probes.title(_seen("  "), 20) != probes.title(seen, 20)
