"""Hints come from the rules themselves."""

from __future__ import annotations

from run_story import ALIVE, ANA, BO, GONE, Story, in_production

from cockpit.run import commands as c
from cockpit.run.allowed import allowed
from cockpit.run.friction import required_word


def possible(story: Story, **who: object) -> set[str]:
    fields = {"actor": ANA, "role": "acting", "keeper": ALIVE, "now": story.now()} | who
    answer = allowed(story.state, **fields)  # type: ignore[arg-type]
    return {name for name in answer.__struct_fields__ if getattr(answer, name) is None}


def test_at_a_step_without_a_gate_the_acting_seat_may_go_on() -> None:
    assert possible(Story()) == {"confirm", "done_outside", "skip", "note", "hold", "abort"}
    assert possible(Story(), keeper=GONE) == {"confirm", "done_outside", "skip", "note", "hold", "abort"}


def test_who_has_not_the_pen_may_take_it_and_a_watcher_may_not() -> None:
    assert possible(Story(), actor=BO) == {"note", "hold", "take_pen"}
    assert possible(Story(), actor=BO, role="watching") == {"note", "hold"}


def test_a_blocked_gate_leaves_the_override() -> None:
    story = Story()
    story.comes_to("validate")
    story.judges("blocked")
    assert possible(story) == {"override", "done_outside", "skip", "note", "hold", "abort"}
    story.judges("pass")
    assert "override" not in possible(story)
    assert "confirm" in possible(story)


def test_at_a_door_the_phase_may_be_entered_once_its_gate_passes() -> None:
    story = Story()
    story.comes_to("validate")
    story.judges("pass")
    story.does(c.ConfirmStep, step="validate")
    assert "enter" not in possible(story)
    story.judges("pass")
    assert possible(story) == {"enter", "note", "hold", "abort"}


def test_when_all_is_settled_the_run_may_be_finished_and_when_over_nothing() -> None:
    story = Story()
    story.comes_to("")
    assert possible(story) == {"finish", "note", "hold", "abort"}
    story.does(c.FinishRun)
    assert possible(story) == set()


def test_words_are_asked_for_in_production_only() -> None:
    staging, production = Story().state, Story(in_production()).state
    for what in ("confirm", "skip", "override", "abort"):
        assert required_word(staging, what, "migrate") == ""  # type: ignore[arg-type]
    assert required_word(production, "confirm", "migrate") == "migrate"
    assert required_word(production, "confirm", "maintenance") == ""
    assert required_word(production, "skip", "migrate") == "production"
    assert required_word(production, "skip", "maintenance") == ""
    assert required_word(production, "override", "maintenance") == "production"
    assert required_word(production, "abort") == "production"
