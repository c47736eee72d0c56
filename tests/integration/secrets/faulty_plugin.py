"""A plug-in as people write them in a hurry: whatever goes wrong in it, the secret it was given goes along.

The kinds `faulty` of a probe and of a step; `how` says what happens. `installed_in` makes a package of it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
import warnings
from pathlib import Path

from cockpit.actions.runner import ActionContext, Ending, OnOutput, Output, Planned
from cockpit.errors import ProbeError
from cockpit.probes.runner import Context, Facts
from cockpit.profile.kinds import Fact, ProbeKind, Settings, StepKind

WAYS = (
    "prints", "prints_in_pieces", "logs", "warns", "raises", "raises_from", "raises_a_group", "raises_our_own",
    "in_a_thread", "in_a_task", "in_a_callback", "in_an_end", "writes_to_2", "in_facts",
)  # fmt: skip
ENTRY_POINTS = """
[cockpit.probes]
faulty = faulty_plugin:PROBE
[cockpit.probe_runners]
faulty = faulty_plugin:open_runner
[cockpit.steps]
faulty = faulty_plugin:STEP
[cockpit.step_runners]
faulty = faulty_plugin:RUNNER
"""


class FaultySettings(Settings, frozen=True, kw_only=True):
    how: str
    secret: str


PROBE = ProbeKind(
    name="faulty", doc="", settings=FaultySettings, facts=(Fact("said", "dyn"),), default_pass=(), default_value="said"
)
STEP = StepKind(name="faulty", doc="", settings=FaultySettings, behaviour="action", facts=(Fact("said", "dyn"),))


class _Ends:
    """What cannot even be thrown away."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __del__(self) -> None:
        raise ValueError(f"no end for {self.secret}")


class Badly(Exception):
    """Its text does not tell; what it shows in a traceback does."""

    def __init__(self, secret: str) -> None:
        super().__init__({"secret": secret}, secret.encode())
        self.add_note(f"it was {secret}")


def go_wrong(how: str, secret: str) -> object:
    """What `how` says."""
    connection = {"password": secret, "url": f"postgresql://u:{secret}@db"}
    match how:
        case "prints":
            print("connects to", connection, flush=True)
            print(repr(secret), file=sys.stderr)
        case "prints_in_pieces":
            for letter in secret:
                sys.stdout.write(letter)
                sys.stdout.flush()
            print()
        case "logs":
            logging.getLogger("faulty").error("cannot connect to %s", connection)
            logging.getLogger().warning("with %r", secret, stack_info=True)
        case "warns":
            warnings.warn(f"{secret} is weak", ResourceWarning, stacklevel=1)
            warnings.warn(f"{secret} is old", DeprecationWarning, stacklevel=1)
            warnings.warn(f"{secret} is bad", RuntimeWarning, stacklevel=1)
        case "raises":
            raise Badly(secret)
        case "raises_from":
            try:
                raise KeyError(secret)
            except KeyError as error:
                raise RuntimeError(f"with {secret!r}") from error
        case "raises_a_group":
            raise ExceptionGroup(f"all of {secret}", [ValueError(secret), OSError(2, "No such file", secret)])
        case "raises_our_own":
            raise ProbeError(f"the server does not take {secret}", hint=f"try another than {secret}")
        case "in_a_thread":
            thread = threading.Thread(target=lambda: int(secret), name=secret[:100])
            thread.start()
            thread.join()
        case "in_a_task":
            asyncio.get_running_loop().create_task(_fails(secret), name=secret)
        case "in_a_callback":
            asyncio.get_running_loop().call_soon(int, secret)
        case "in_an_end":
            _Ends(secret)
            gc.collect()
        case "writes_to_2":
            os.write(2, f"libsomething: {secret}\n".encode())
        case "in_facts":
            return {secret: [secret, {"x": secret}]}
        case "exits":
            sys.exit(f"gives up: {secret}")
        case "dies":
            os.abort()
    return None


async def _fails(secret: str) -> None:
    raise ValueError(f"a task with {secret}")


class FaultyProbe:
    def __init__(self, settings: FaultySettings) -> None:
        self._settings = settings

    async def read(self) -> Facts:
        return {"said": go_wrong(self._settings.how, self._settings.secret)}

    async def close(self) -> None:
        raise ValueError(f"no end for {self._settings.secret}")


async def open_runner(settings: Settings, context: Context) -> FaultyProbe:
    assert isinstance(settings, FaultySettings)
    return FaultyProbe(settings)


class FaultyStep:
    def plan(self, context: ActionContext) -> Planned:
        assert isinstance(context.settings, FaultySettings)
        if context.settings.how == "plans_badly":
            raise Badly(context.secrets["password"])
        return Planned(shown=f"does it with {context.secrets['password']}")

    async def run(self, context: ActionContext, on_output: OnOutput) -> Ending:
        assert isinstance(context.settings, FaultySettings)
        secret = context.secrets["password"]
        on_output(Output(text=f"begins with {secret}\n", progress=(f"1/2 {secret}", secret)))
        said = go_wrong(context.settings.how, secret)
        on_output(Output(text=f"half of it: {secret[:20]}"))
        return Ending(outcome="failed", detail=f"cannot do {secret}: {said}", facts={"said": said})

    async def adopt(self, context: ActionContext, on_output: OnOutput) -> Ending | None:
        raise Badly(context.secrets["password"])


RUNNER = FaultyStep()


def installed_in(folder: Path) -> None:
    """Install this plug-in there, for whoever has the folder in `PYTHONPATH`."""
    info = folder / "faulty_plugin-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "faulty_plugin.py").write_text(Path(__file__).read_text())
