"""What waits for a database that is away: all of it, but for samples that newer ones say anew."""

from __future__ import annotations

from concurrent.futures import Future

from hypothesis import given
from hypothesis import strategies as st

from cockpit.audit.clock import now
from cockpit.audit.line import Draft, draft
from cockpit.keeper.backlog import SAMPLES, Backlog, Waiting
from cockpit.run.events import Actor, Body, Instant, NoteAdded, ProbesSampled
from cockpit.run.readings import Reading

ANA = Actor("ana", "here")


def waiting(body: Body, mono: float) -> Waiting:
    moment = now()
    return Waiting(draft(body, ANA, Instant(at=moment.at, boot=moment.boot, mono=mono)))


def sample(value: int, *, is_key: bool = False) -> ProbesSampled:
    return ProbesSampled(key=is_key, readings=(Reading(probe="api", status="pass", value=value),), ages=(1,))


def kept(backlog: Backlog) -> list[Draft]:
    return list(backlog.drafts)


def test_samples_before_the_newest_key_frame_are_left_out_and_counted_and_nothing_else_is():
    backlog = Backlog()
    for second in range(1000):
        backlog.put([waiting(sample(second, is_key=second % 60 == 0), second)])
        if second % 10 == 5:
            backlog.put([waiting(NoteAdded(text=str(second)), second)])
        backlog.thin()
    samples = [each for each in kept(backlog) if isinstance(each.body, ProbesSampled)]
    assert len(samples) <= SAMPLES + 60
    assert backlog.dropped == 1000 - len(samples)
    first = samples[0].body
    assert isinstance(first, ProbesSampled)
    assert first.key, "who begins to read there knows every probe"
    assert [each.body.text for each in kept(backlog) if isinstance(each.body, NoteAdded)] == [
        str(second) for second in range(5, 1000, 10)
    ]
    assert backlog.facts == 100
    assert [each.instant.mono for each in kept(backlog)] == sorted(each.instant.mono for each in kept(backlog))


def test_a_key_frame_of_several_lines_is_kept_whole():
    backlog = Backlog()
    for second in range(SAMPLES):
        backlog.put([waiting(sample(second), second)])
    for part in range(3):
        backlog.put([waiting(sample(part, is_key=True), SAMPLES + part / 10)])
    assert backlog.thin() == SAMPLES
    assert [each.body.key for each in kept(backlog)] == [True] * 3  # type: ignore[attr-defined]


def test_without_a_key_frame_every_sample_is_kept():
    backlog = Backlog()
    backlog.put(waiting(sample(second), second) for second in range(3 * SAMPLES))
    assert backlog.thin() == 0
    assert len(backlog) == 3 * SAMPLES


@given(st.lists(st.sampled_from(["sample", "key", "note", "done"]), max_size=600))
def test_what_is_kept_is_in_order_and_ends_in_the_same_readings(steps: list[str]):
    backlog, every, done = Backlog(), [], 0
    for at, step in enumerate(steps):
        if step == "done":
            done += len(written := backlog.first(3))
            backlog.done(len(written))
            continue
        body = NoteAdded(text="x") if step == "note" else sample(at, is_key=step == "key")
        every.append(waiting(body, float(at)))
        backlog.put(every[-1:])
        backlog.thin()
    ids = [each.draft.id for each in every]
    assert [each.id for each in kept(backlog)] == [each for each in ids if each in {d.id for d in backlog.drafts}]
    assert len(backlog) + backlog.dropped + done == len(every)
    assert backlog.facts == sum(isinstance(each.body, NoteAdded) for each in backlog.drafts)


def test_who_waits_for_one_that_is_kept_still_does():
    backlog, written = Backlog(), Future[None]()
    backlog.put([Waiting(draft(NoteAdded(text="x"), ANA), written)])
    backlog.put(waiting(sample(second, is_key=second == SAMPLES + 5), second) for second in range(SAMPLES + 10))
    assert backlog.thin() > 0
    assert backlog.first(1)[0].written is written
