"""Two sides that go on from the same events without knowing of each other, and the one log that they become."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from msgspec.structs import replace
from run_story import ANA, BO, PROFILE, Story

from cockpit.audit.branching import BranchLines, merging
from cockpit.audit.line import GENESIS, Draft, digest, encode
from cockpit.audit.postgres.lines import Line
from cockpit.profile.model import Profile
from cockpit.run import events as e
from cockpit.run.evolve import fold
from cockpit.run.state import RunState

Happening = tuple[e.Body, e.Actor]


class Fork(Story):
    """A story whose events nobody else has."""

    def event(self, body: e.Body, actor: e.Actor = ANA) -> e.Event:
        return replace(super().event(body, actor), id=f"fork{next(_numbers)}")


_numbers = count(1)


def parted(story: Story) -> Story:
    """Another story with the same past."""
    other = Fork(story.profile, start=False)
    other.events, other.state, other.mono, other.boot = list(story.events), story.state, story.mono, story.boot
    return other


def chained(story: Story) -> list[Line]:
    """Its events as the lines of a log."""
    lines: list[Line] = []
    prev = GENESIS
    for event in story.events:
        draft = Draft(id=event.id, instant=event.instant, actor=event.actor, body=event.body)
        raw = encode(draft, run="RUN1", seq=event.seq, prev=prev)[:-1]
        prev = digest(raw)
        lines.append(Line(event.seq, b"", raw, prev, event.is_fact))
    return lines


def branch_of(story: Story, ancestor: int) -> BranchLines:
    """What it has after its first `ancestor` events."""
    lines = chained(story)
    return BranchLines("RUN1", ancestor, lines[ancestor - 1].digest, tuple(lines[ancestor:]))


def merged(log: Story, branch: Story, ancestor: int, by: e.Actor = BO, cause: str = "a test") -> Story:
    """The log, with the branch merged into it."""
    whole = parted(log)
    for body in merging(branch_of(branch, ancestor), cause):
        whole.happens(body, by)
    return whole


def sides(
    here: Callable[[Story], None],
    there: Callable[[Story], None],
    before: Callable[[Story], None] = lambda story: None,
    profile: Profile = PROFILE,
) -> tuple[Story, Story, int]:
    """Two stories with one past: what the log has, what the branch has, and how many events both have."""
    story = Story(profile)
    before(story)
    log, branch = story, parted(story)
    ancestor = len(story.events)
    here(log)
    branch.passes(1)
    line = chained(branch)[-1]
    branch.happens(e.StoreLeft(reason="the database is away", seq=line.seq, digest=line.digest), ANA)
    there(branch)
    return log, branch, ancestor


def told(log: Story, branch: Story, ancestor: int) -> RunState:
    """The state of the log after the branch was merged."""
    return merged(log, branch, ancestor).state


def again(story: Story) -> RunState:
    """The state, folded anew."""
    assert fold(story.events) == story.state
    return story.state
