"""Runs a step's command under a shim, and finds out how one ended that an earlier keeper started.

Invariant: a command is started at most once for an action's id, since its shim makes files of that name that must not
be there yet. A keeper that dies, detaches or hangs changes nothing for the command. Where the end is not known, that is
what is said.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO

import msgspec

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.following import Following, give_up, trace
from cockpit.actions.command.planning import Invocation, environment, invocation, mode_of, planned, umask
from cockpit.actions.command.private import kubeconfig_path, make_private_folder
from cockpit.actions.runner import DETACH, ActionContext, Ending, OnOutput, Outcome, Planned
from cockpit.actions.shim.record import Exit
from cockpit.actions.shim.spec import Spec, encoded
from cockpit.actions.targets.kubernetes import private_kubeconfig
from cockpit.audit import layout
from cockpit.audit.opening import make_folder
from cockpit.errors import ActionError
from cockpit.masking.outputs import error_output
from cockpit.text import shortened

GRACE_S = 5.0
HEAD_BYTES, TAIL_BYTES = 60 << 20, 4 << 20
"""Of the output file; of more, what lies between is left out."""
_KUBECONFIG_S = 15.0
_SHOWN_ONLY = Ending(outcome="succeeded", detail="shown only")


class CommandRunner:
    """The kind `command`."""

    def plan(self, context: ActionContext) -> Planned:
        """As the seam says."""
        return planned(context)

    async def run(self, context: ActionContext, on_output: OnOutput) -> Ending:
        """As the seam says."""
        if mode_of(context) == "shown":
            return _SHOWN_ONLY
        try:
            spec = await _spec(context, invocation(context))
            process = _start()
        except ActionError as error:
            return Ending(outcome="refused", detail=shortened(context.mask.text(str(error)), 300))
        _reap_later(process)
        assert process.stdin is not None
        _hand_over(process.stdin, encoded(spec))
        following = Following(context.run_dir, context.action, on_output)
        end = await _watched(following, asyncio.create_task(following.end(lambda: process.returncode is None)))
        return _lost(context) if end is None else _ending(context, end)

    async def adopt(self, context: ActionContext, on_output: OnOutput) -> Ending | None:
        """As the seam says."""
        if mode_of(context) == "shown":
            return _SHOWN_ONLY
        with suppress(OSError):  # a folder that cannot be written on lets no shim begin either
            if give_up(context.run_dir, context.action):
                return _unknown(context)
        following = Following(context.run_dir, context.action, on_output, context.told_bytes)
        end = await _watched(following, asyncio.create_task(following.end()))
        return _unknown(context) if end is None else _ending(context, end)


RUNNER = CommandRunner()


async def _watched(following: Following, ending: asyncio.Task[Exit | None]) -> Exit | None:
    """The end; if this is cancelled, the end that it is brought to."""
    try:
        return await asyncio.shield(ending)
    except asyncio.CancelledError as cancelled:
        if DETACH in cancelled.args:
            ending.cancel()
            raise
    with suppress(OSError):  # nothing can be written: the timeout still ends it
        following.stop()
    try:
        return await asyncio.shield(ending)
    finally:
        ending.cancel()


async def _spec(context: ActionContext, what: Invocation) -> Spec:
    secrets, private, env = dict(context.secrets), {}, dict(what.env)
    if what.needs_kubeconfig:
        assert context.target is not None
        kubeconfig = await private_kubeconfig(context.target, context.base_dir, _KUBECONFIG_S)
        make_private_folder()
        path = str(kubeconfig_path(context.run_dir, context.action))
        private[path] = kubeconfig.text
        env["KUBECONFIG"] = path
        secrets |= kubeconfig.secrets
    run_dir = context.run_dir.absolute()
    try:
        make_folder(layout.outputs_dir(run_dir))
    except OSError as error:
        raise ActionError(f"{layout.outputs_dir(run_dir)} cannot be made: {error.strerror}") from error
    return Spec(
        argv=list(what.argv),
        env=environment(env),
        cwd=str(what.cwd.absolute()),
        umask=umask(),
        timeout_s=context.timeout_s,
        grace_s=GRACE_S,
        log=str(layout.action_log(run_dir, context.action)),
        status=str(layout.action_status(run_dir, context.action)),
        exit=str(layout.action_exit(run_dir, context.action)),
        cancel=str(layout.action_cancel(run_dir, context.action)),
        secrets=secrets,
        private=private,
        head_bytes=HEAD_BYTES,
        tail_bytes=TAIL_BYTES,
        folder=str(context.base_dir.absolute()),
        fixed={name: context.fixed[name] for name in context.scripts},
    )


def _start() -> subprocess.Popen[bytes]:
    """Execute a shim, which waits for its order. Raises ActionError."""
    try:
        # -P: nothing is imported from the folder that the keeper happens to be in.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "cockpit.actions.shim"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=error_output(),
            start_new_session=True,
        )
    except OSError as error:
        raise ActionError(f"the shim cannot be started: {error.strerror}") from error


def _hand_over(pipe: IO[bytes], order: bytes) -> None:
    """In a thread: an order may be longer than a pipe is deep. A shim that is gone is noticed by its watcher."""

    def write() -> None:
        with suppress(BrokenPipeError), pipe:
            pipe.write(order)

    threading.Thread(target=write, name="cockpit-order", daemon=True).start()


def _reap_later(process: subprocess.Popen[bytes]) -> None:
    """Somebody must wait for it, or it stays a zombie for as long as this keeper lives."""
    threading.Thread(target=process.wait, name="cockpit-reaper", daemon=True).start()


def _clear_away(context: ActionContext) -> None:
    """Credentials that a shim left which ended without a word; one that lives removes them itself."""
    with suppress(OSError):
        kubeconfig_path(context.run_dir, context.action).unlink(missing_ok=True)


def _lost(context: ActionContext) -> Ending:
    """The shim is gone without a word."""
    _clear_away(context)
    try:
        if give_up(context.run_dir, context.action):
            return Ending(outcome="refused", detail="the shim could not begin (the keeper's log says why)")
    except OSError as error:
        # The status comes before the command: where none can be written, none was started.
        said = f"the shim could not begin: {error.filename or 'outputs/'} cannot be written: {error.strerror}"
        return Ending(outcome="refused", detail=shortened(said, 300))
    return _unknown(context)


def _unknown(context: ActionContext) -> Ending:
    """Nobody left its end: what is known is told, for whoever has to find out."""
    _clear_away(context)
    return Ending(outcome="unknown", detail=trace(context.run_dir, context.action))


def _ending(context: ActionContext, end: Exit) -> Ending:
    settings = context.settings
    assert isinstance(settings, CommandSettings)
    outcome, said = outcome_of(end, settings, context.timeout_s)
    notes = [said, _last_line(end)] if outcome != "refused" else [said]
    if end.left_out_bytes:
        notes.append(f"of {end.written_bytes} bytes, {end.left_out_bytes} are not in the output file")
    if end.left:
        notes.append(f"left running: {', '.join(end.left[:5])}{'…' if len(end.left) > 5 else ''}")
    if end.fault:
        notes.append(end.fault)
    return Ending(
        outcome=outcome,
        exit_code=end.code,
        detail=shortened(context.mask.text("; ".join(note for note in notes if note)), 300),
        duration_s=end.duration_s,
        facts=_facts(end),
        output=layout.action_log(context.run_dir, context.action).name if outcome != "refused" else "",
        output_bytes=end.log_bytes,
        output_sha256=end.log_sha256,
    )


def outcome_of(end: Exit, settings: CommandSettings, timeout_s: float) -> tuple[Outcome, str]:
    """What the exit file says, and why it is no success."""
    if end.refused:
        return "refused", end.refused
    if (end.cancelled or end.timed_out) and end.left:
        # It may go on for hours: to say that it was stopped would invite another try beside it.
        why = "it was to be stopped" if end.cancelled else f"not over within {timeout_s:g} s"
        return "unknown", f"{why}, and not all of it could be ended"
    if end.cancelled:
        return "cancelled", "stopped"
    if end.timed_out:
        return "timed_out", f"not over within {timeout_s:g} s"
    if end.signal is not None:
        return "failed", f"ended by {_signal_name(end.signal)}"
    if end.code is None:
        return "unknown", ""
    if end.code in settings.exit_codes:
        return "succeeded", ""
    return "failed", f"exit code {end.code}"


def _facts(end: Exit) -> dict[str, object]:
    facts: dict[str, object] = {
        "stdout": end.stdout,
        "stderr": end.stderr,
        "lines": end.lines,
        "duration_s": end.duration_s,
    }
    if end.code is not None:
        facts["exit_code"] = end.code
    if end.is_whole:
        with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):  # no JSON: the fact is absent
            facts["json"] = msgspec.json.decode(end.stdout)
    return facts


def _last_line(end: Exit) -> str:
    texts = (end.stdout, end.stderr) if end.code == 0 else (end.stderr, end.stdout)
    lines = (line for text in texts for line in reversed(text.splitlines()) if line.strip())
    return shortened(next(lines, "").strip(), 160)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
