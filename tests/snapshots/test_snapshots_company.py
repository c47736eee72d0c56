"""How others look on the screen: their marks behind the plan's rows, and the list of who is here."""

from __future__ import annotations

from screen_pictures import NARROW, SIZES, looks
from screen_story import BO, HOSTILE, FakeSeat, Story, StoryApp, blocked

import cockpit
from cockpit.run import events as e
from cockpit.run.events import Actor

ANA = Actor("ana", "bastion-1", via="ssh 192.0.2.7", tty="pts/3", client="192.0.2.7", proven=("tty", "client"))
EVE = Actor("deploy", "bastion-1", via="ssh 192.0.2.9", person="eve", signer="SHA256:k0Vb", client="192.0.2.9",
            proven=("person", "signer"))  # fmt: skip


def together() -> Story:
    """ana, bo and eve at a run; carl's screen died."""
    story = blocked()
    story.happens(e.OperatorAttached(seat="s4", role="watching", version="0.1.0", at=""), Actor("carl", "bastion-1"))
    story.happens(e.OperatorDetached(seat="s4", reason="the screen is gone", found="gone"), ANA)
    people = (("s1", ANA, "acting", "", "validate"), ("s2", BO, "watching", "0.0.9", "maintenance"),
              ("s3", EVE, "watching", "", ""))  # fmt: skip
    for seat, actor, role, version, at in people:
        version = version or cockpit.__version__
        story.happens(e.OperatorAttached(seat=seat, role=role, version=version, at=at), actor)
    story.happens(e.OperatorIdentified(seat="s3", person="eve", key="SHA256:k0Vb", text="t", signature="s"), EVE)
    story.passes(200)
    story.happens(e.OperatorMoved(seat="s3", step=""), EVE)
    story.here = tuple(story.state.seats.values())
    return story


@SIZES
def test_where_the_others_look(snap_compare, size):
    assert snap_compare(StoryApp(FakeSeat(together())), terminal_size=size, run_before=looks())


@SIZES
def test_who_is_here(snap_compare, size, monkeypatch):
    monkeypatch.setattr(cockpit, "__version__", "0.1.0")
    assert snap_compare(StoryApp(FakeSeat(together())), terminal_size=size, run_before=looks("i"))


def test_names_that_would_act(snap_compare):
    story = together()
    story.happens(e.OperatorAttached(seat="s9", role="watching", version=HOSTILE, at="validate"), Actor(HOSTILE, "h"))
    story.here = tuple(story.state.seats.values())
    assert snap_compare(StoryApp(FakeSeat(story)), terminal_size=NARROW, run_before=looks("i", "end"))
