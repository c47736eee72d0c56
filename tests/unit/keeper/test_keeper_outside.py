"""Looking at targets and calling people, with outsides that do as they are told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.audit.layout import locks_dir, seat_lock
from cockpit.audit.locks import HeldLock
from cockpit.errors import ActionError
from cockpit.keeper import identities
from cockpit.keeper.alerts import Alerts, is_attended
from cockpit.keeper.identities import Found, Identities
from cockpit.keeper.messaging import resolved_channel
from cockpit.keeper.values import RunValues
from cockpit.profile.model import Channel, Phase, Profile, Step, Target, Trigger, Variable
from cockpit.run.events import AlertSent, Body, ProbeChanged, StepDue, TargetSeen, TriggerFired, WaitStopped

DB = Target(id="db", kind="postgres", dsn="${url}")
SECRET = "open-sesame"


class World:
    """A target that says what it is told to, and counts who looked."""

    def __init__(self) -> None:
        self.found: Found | Exception = Found("match", "db on host", {"database": "shop"})
        self.looks = 0
        self.delay_s = 0.0
        self.told: list[TargetSeen] = []
        self.missing = ""
        self.identities = Identities((DB,), self.look, self.resolve, self.masked, self.told.append)

    async def look(self, target: Target) -> Found:
        self.looks += 1
        await asyncio.sleep(self.delay_s)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def resolve(self, target: Target) -> Target:
        if self.missing:
            raise ActionError(self.missing)
        return target

    def masked(self, text: str) -> str:
        return text.replace(SECRET, "‹secret›")


async def test_who_a_target_is_is_told_once_and_again_when_it_changes() -> None:
    world = World()
    assert await world.identities.objection("db") == ""
    assert await world.identities.objection("db") == ""
    assert [seen.verdict for seen in world.told] == ["match"]
    world.found = Found("mismatch", "it is `other`", {"database": "other"})
    assert await world.identities.objection("db") == "target `db` is not the declared one: it is `other`"
    assert [seen.verdict for seen in world.told] == ["match", "mismatch"]
    assert world.looks == 3


async def test_a_target_that_is_the_declared_one_and_not_the_one_before_is_not_acted_on() -> None:
    world = World()
    world.identities = Identities(
        (DB,), world.look, world.resolve, str, world.told.append,
        other=lambda target, identity: f"{target} is not {identity['database']}",
    )  # fmt: skip
    assert await world.identities.objection("db") == "db is not shop"
    assert [seen.verdict for seen in world.told] == ["match"], "it is told all the same"


@pytest.mark.parametrize("error", [ActionError(f"no route for {SECRET}"), ValueError(f"broken {SECRET}")])
async def test_a_look_that_fails_is_unreachable_and_quotes_no_secret(error: Exception) -> None:
    world = World()
    world.found = error
    objection = await world.identities.objection("db")
    assert "cannot be reached" in objection
    assert SECRET not in objection + str(world.told)


async def test_a_target_that_waits_for_a_secret_says_so() -> None:
    world = World()
    world.missing = "waiting for the secret `url`"
    assert "waiting for the secret `url`" in await world.identities.objection("db")
    assert world.looks == 0


async def test_a_look_that_began_before_the_order_does_not_count() -> None:
    world = World()
    world.delay_s = 0.05
    earlier = asyncio.create_task(world.identities.objection("db"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await world.identities.objection("db")
    await earlier
    assert world.looks == 2


async def test_a_target_that_never_answers_does_not_hold_probing_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "FIRST_S", 0.02)
    world = World()
    world.delay_s = 60.0
    await world.identities.first()
    assert world.looks == 1
    assert world.told == []
    await world.identities.close()


async def test_an_unreachable_target_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "AGAIN_S", 0.01)
    world = World()
    world.found = ActionError("refused")
    await world.identities.first()
    world.found = Found("match")
    while [seen.verdict for seen in world.told] != ["unreachable", "match"]:  # noqa: ASYNC110 (a list tells nobody)
        await asyncio.sleep(0.005)
    await world.identities.close()


async def test_while_the_run_rests_nobody_is_asked_but_for_an_action(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "AGAIN_S", 0.005)
    monkeypatch.setattr(identities, "LONGEST_S", 0.005)
    world = World()
    quiet = Identities((DB,), world.look, world.resolve, str, world.told.append, rests=lambda: True)
    await quiet.first()
    await asyncio.sleep(0.05)  # nothing is to come: there is no condition to wait for
    assert world.looks == 1
    await quiet.objection("db")
    assert world.looks == 2
    await quiet.close()


async def test_no_targets_hold_nothing() -> None:
    none = Identities((), World().look, World().resolve, str, World().told.append)
    await none.first()
    assert "no target `x`" in await none.objection("x")


# ---- alerts --------------------------------------------------------------------------------------------------------

PROFILE = Profile(
    id="shop",
    environment="production",
    phases=(Phase(id="one", title="One", steps=(Step(id="look", title="Look"),)),),
    triggers=(Trigger(id="slow", title="Too slow", severity="immediate"),),
    channels=(Channel(id="oncall", webhook="${hook}"),),
    alerts="oncall",
)


class Sent:
    ok, detail = True, "200"


class Phone:
    """A channel that takes what it is given."""

    def __init__(self, profile: Profile = PROFILE) -> None:
        self.is_attended = False
        self.calls: list[tuple[str, str, str, dict[str, str]]] = []
        self.told: list[AlertSent] = []
        self.error: Exception | None = None
        self.alerts = Alerts(
            profile, "R1", self.resolve, self.send, lambda: self.is_attended,
            lambda text: text.replace(SECRET, "‹secret›"), self.told.append,
        )  # fmt: skip

    def resolve(self, channel: Channel) -> Channel:
        return Channel(id=channel.id, webhook=f"https://{SECRET}")

    async def send(self, channel: Channel, title: str, text: str, extra: dict[str, str]) -> Sent:
        if self.error is not None:
            raise self.error
        self.calls.append((channel.webhook, title, text, extra))
        return Sent()

    async def after(self, *bodies: Body) -> list[AlertSent]:
        self.alerts.notice(bodies)
        for _ in range(10):
            await asyncio.sleep(0)
        return self.told


async def test_people_are_called_when_a_trigger_fires_and_nobody_looks() -> None:
    phone = Phone()
    told = await phone.after(TriggerFired(trigger="slow"))
    assert told == [AlertSent(about="trigger (immediate): Too slow", channel="oncall", ok=True, detail="200")]
    ((where, title, text, extra),) = phone.calls
    assert where == f"https://{SECRET}"
    assert title == "shop production: trigger (immediate): Too slow"
    assert "cockpit resume R1" in text
    assert extra == {"run": "R1", "profile": "shop", "environment": "production"}


@pytest.mark.parametrize(
    ("body", "about"),
    [
        (StepDue(step="look"), "1.1 Look is due"),
        (WaitStopped(step="look", attempt=1, detail="rate is 12"), "1.1 Look stopped: rate is 12"),
    ],
)
async def test_people_are_called_for_what_became_due_or_stopped(body: Body, about: str) -> None:
    assert [sent.about for sent in await Phone().after(body)] == [about]


async def test_nobody_is_called_while_somebody_looks_or_for_anything_else() -> None:
    phone = Phone()
    assert await phone.after(ProbeChanged(probe="api", previous="pass", status="fail")) == []
    phone.is_attended = True
    assert await phone.after(TriggerFired(trigger="slow")) == []
    assert phone.calls == []


async def test_people_are_called_when_the_last_screen_closes_before_what_fired_was_answered() -> None:
    phone = Phone()
    phone.is_attended = True
    await phone.after(TriggerFired(trigger="slow"))
    phone.alerts.look(frozenset())  # the log has not answered yet
    phone.alerts.look(frozenset({"slow"}))
    assert await phone.after() == []
    phone.is_attended = False
    phone.alerts.look(frozenset({"slow"}))
    phone.alerts.look(frozenset({"slow"}))
    assert [sent.about for sent in await phone.after()] == ["trigger (immediate): Too slow (not answered)"]


async def test_nobody_is_called_for_what_was_answered_before_the_last_screen_closed() -> None:
    phone = Phone()
    phone.is_attended = True
    await phone.after(TriggerFired(trigger="slow"))
    phone.alerts.look(frozenset({"slow"}))
    phone.alerts.look(frozenset())
    phone.is_attended = False
    phone.alerts.look(frozenset())
    assert await phone.after() == []
    phone.is_attended = True
    await phone.after(TriggerFired(trigger="slow"))
    phone.alerts.look(frozenset())
    phone.is_attended = False
    phone.alerts.look(frozenset({"slow"}))
    assert len(await phone.after()) == 1, "it fired again"


async def test_people_are_called_once_for_what_lasts_while_nobody_looks_and_again_when_it_came_back() -> None:
    phone = Phone()
    phone.is_attended = True
    phone.alerts.look(frozenset(), {"finish": "every step is settled"})
    assert await phone.after() == []
    phone.is_attended = False
    for _ in range(3):
        phone.alerts.look(frozenset(), {"finish": "every step is settled"})
    assert [sent.about for sent in await phone.after()] == ["every step is settled"]
    phone.alerts.look(frozenset(), {"finish": "every step is settled", "blind slow": "not judged"})
    phone.alerts.look(frozenset(), {})
    phone.alerts.look(frozenset(), {"finish": "every step is settled"})
    abouts = [sent.about for sent in await phone.after()]
    assert abouts == ["every step is settled", "not judged", "every step is settled"]


async def test_a_profile_without_a_channel_calls_nobody() -> None:
    phone = Phone(Profile(id="shop", environment="x"))
    phone.alerts.look(frozenset(), {"finish": "every step is settled"})
    assert await phone.after(TriggerFired(trigger="slow")) == []


@pytest.mark.parametrize("error", [ActionError(f"refused by {SECRET}"), RuntimeError(f"broken {SECRET}")])
async def test_a_call_that_fails_is_told_without_its_address(error: Exception) -> None:
    phone = Phone()
    phone.error = error
    (told,) = await phone.after(TriggerFired(trigger="slow"))
    assert not told.ok
    assert "‹secret›" in told.detail


def test_a_run_is_attended_while_a_seat_holds_its_lock(tmp_path: Path) -> None:
    locks_dir(tmp_path).mkdir()
    assert not is_attended(tmp_path)
    lock = HeldLock.take(seat_lock(tmp_path, "S1"))
    assert lock is not None
    assert is_attended(tmp_path)
    lock.release()
    assert not is_attended(tmp_path), "a screen that was killed leaves its file, and no lock"


@pytest.mark.parametrize(
    ("url", "unverified", "is_refused"),
    [
        ("http://chat.example/T0k3n", "", True),
        ("http://chat.example/T0k3n", "a cable between two hosts", False),
        ("https://chat.example/T0k3n", "", False),
        ("http://[::1]/T0k3n", "", False),
    ],
)
def test_in_production_nothing_is_sent_in_clear_to_another_host_wherever_the_address_came_from(
    url: str, unverified: str, is_refused: bool
) -> None:
    channel = Channel(id="oncall", webhook="${hook}", unverified=unverified)
    hook = Variable(name="hook", env="HOOK", secret=True)

    def resolved(*, is_production: bool) -> Channel:
        profile = Profile(
            id="shop", environment="live", production=is_production, variables=(hook,), channels=(channel,)
        )
        return resolved_channel(channel, {}, RunValues(profile, {}, {"HOOK": url}))

    assert resolved(is_production=False).webhook == url
    if not is_refused:
        assert resolved(is_production=True).webhook == url
        return
    with pytest.raises(ActionError, match="nothing was sent: it would go unencrypted to another host") as refused:
        resolved(is_production=True)
    assert "chat.example" not in str(refused.value), "where it goes is a secret"
