"""Who was there, as a report tells it: by the name that is proven, with the account, and what is proven by what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from cockpit.profile.model import Phase, Profile, Step
from cockpit.report.chronicle.chronicle import Chronicle, Chronicler
from cockpit.report.chronicle.records import PersonRecord
from cockpit.run import events as e

BEGIN = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
STEPS = (Step(id="a", title="A"), Step(id="b", title="B"))
PROFILE = Profile(id="shop", environment="staging", phases=(Phase(id="one", title="One", steps=STEPS),))
ROOT = e.Actor("root", "h", login="ana", sudo="carl", client="192.0.2.7", key="SHA256:k", tty="pts/3",
               proven=("login", "tty", "client"))  # fmt: skip
DEPLOY = e.Actor("deploy", "h", person="bo")
BO = replace(DEPLOY, signer="SHA256:b", proven=("person", "signer"))


def told(*made: tuple[e.Actor, e.Body]) -> Chronicle:
    chronicler = Chronicler()
    begun = e.RunStarted(profile=PROFILE, profile_digest="0" * 64, sources=(), variables={}, probe_facts={},
                         cockpit_version="1")  # fmt: skip
    for seq, (actor, body) in enumerate(((ROOT, begun), *made), 1):
        instant = e.Instant(BEGIN + timedelta(seconds=seq), "boot", float(seq))
        chronicler.take(e.Event(seq, f"E{seq}", body.type, body.is_fact, instant, actor, body, "RUN1"))
    return chronicler.told()


def identified(actor: e.Actor) -> tuple[e.Actor, e.Body]:
    return actor, e.OperatorIdentified(seat="S", person=actor.person, key=actor.signer, text="t", signature="s")


def person(chronicle: Chronicle, who: str) -> PersonRecord:
    return next(each for each in chronicle.people if each.who == who)


def test_people_are_told_by_the_name_that_is_proven_with_what_is_proven_and_what_is_claimed() -> None:
    chronicle = told((ROOT, e.StepConfirmed(step="a", attempt=1)))
    (ana,) = chronicle.people
    assert (ana.who, ana.decisions) == ("ana (root@h)", 2)
    assert ana.proven == ("login ana", "client 192.0.2.7")
    assert ana.claimed == ("sudo carl", "key SHA256:k")
    assert chronicle.decisions[-1].by == "ana (root@h)"


def test_two_on_one_account_are_told_apart_once_they_proved_their_names() -> None:
    note = e.NoteAdded(text="here")
    chronicle = told((DEPLOY, note), identified(BO), (BO, note), (replace(BO, person="cy"), note))
    assert [each.who for each in chronicle.people] == ["ana (root@h)", "deploy@h", "bo (deploy@h)"]
    assert person(chronicle, "bo (deploy@h)").proven == ("person bo", "signer SHA256:b")
    unproven = person(chronicle, "deploy@h")
    assert (unproven.notes, unproven.proven) == (2, ())
    assert unproven.claimed == ("person bo", "person cy", "signer SHA256:b")
