"""A keeper with a kind of step of its own, `fake`: run as a program, it is `-m cockpit.keeper` with that plug-in.

What a step of it does stands in its settings. It leaves what it did in the run's folder `outputs/`, so that a test
sees what was done, and how often, whatever the log says.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from msgspec import field
from msgspec.structs import replace

from cockpit.actions.runner import DETACH, ActionContext, Ending, OnOutput, Output, Planned
from cockpit.keeper import main, outside
from cockpit.keeper.identities import Found
from cockpit.profile.kinds import Fact, Kinds, Settings, StepKind, installed
from cockpit.profile.model import Channel, Target


class FakeSettings(Settings, frozen=True, kw_only=True):
    says: str = ""
    """Told as output."""
    lines: int = 0
    """So many more are told."""
    until: str = ""
    """It goes on until this file exists in the run's folder."""
    raises: bool = False
    ignores_detach: bool = False
    refuses: str = ""
    plan_raises: bool = False
    rows: int = 3
    target: str = ""
    files: tuple[str, ...] = ()
    timeout_s: float = field(name="timeout", default=600.0)
    expect: tuple[str, ...] = ()


FAKE = StepKind(
    name="fake", doc="", settings=FakeSettings, behaviour="action", facts=(Fact("rows", "int"), Fact("said", "string"))
)
KINDS = replace(installed(), steps={**installed().steps, "fake": FAKE})


class Fake:
    def plan(self, context: ActionContext) -> Planned:
        settings = self._settings(context)
        if settings.plan_raises:
            raise KeyError("nothing here")
        return Planned(
            shown=f"fake {settings.says}", mode="shown" if context.rehearsal else "real", refusal=settings.refuses
        )

    async def run(self, context: ActionContext, on_output: OnOutput) -> Ending:
        settings = self._settings(context)
        self._note(context, f"run {context.target.dsn if context.target else ''}")
        if settings.raises:
            raise ValueError(f"broken, and it quotes {context.secrets.get('token', 'nothing')}")
        on_output(Output(text=f"{settings.says} {context.secrets.get('token', '')}".strip() + "\n"))
        for number in range(settings.lines):
            on_output(Output(text=f"line {number}\n"))
        return await self._wait(context)

    async def adopt(self, context: ActionContext, on_output: OnOutput) -> Ending | None:
        self._note(context, "adopt")
        if not self._settings(context).until:
            return None
        on_output(Output(text="adopted\n"))
        return await self._wait(context)

    async def _wait(self, context: ActionContext) -> Ending:
        settings = self._settings(context)
        while settings.until and not (context.run_dir / settings.until).exists():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError as error:
                if settings.ignores_detach:
                    continue
                if error.args == (DETACH,):
                    self._note(context, "detached")
                    raise
                self._note(context, "stopped")
                return Ending(outcome="cancelled", detail="stopped")
        self._note(context, "done")
        return Ending(outcome="succeeded", detail=f"{settings.rows} rows", facts={"rows": settings.rows})

    def _settings(self, context: ActionContext) -> FakeSettings:
        assert isinstance(context.settings, FakeSettings)
        return context.settings

    def _note(self, context: ActionContext, what: str) -> None:
        with (context.run_dir / "outputs" / f"{context.action}.done").open("a") as file:
            file.write(what.strip() + "\n")


async def look_at(target: Target) -> Found:
    """A target is what its file says: `match`, `mismatch` or `unreachable`, and as whom; without a file it matches."""
    path = Path(os.environ["COCKPIT_TEST_TARGETS"]) / target.id
    said, _, user = (path.read_text().strip() if path.exists() else "match").partition(" as ")
    assert said in ("match", "mismatch", "unreachable")
    return Found(said, f"it is {target.dsn}", {"database": target.database, "user": user})  # type: ignore[arg-type] # one of the three


class Sent:
    ok, detail = True, "taken"


async def send(channel: Channel, title: str, text: str, extra: dict[str, str]) -> Sent:
    with (Path(os.environ["COCKPIT_TEST_TARGETS"]) / "sent").open("a") as file:
        file.write(f"{channel.webhook} {title}\n")
    return Sent()


def kinds() -> Kinds:
    return KINDS


if __name__ == "__main__":
    main.installed = kinds
    outside.find_runner = lambda kind: Fake()
    outside.look_at = look_at
    outside.send = send
    sys.exit(main.main(sys.argv[1:]))
