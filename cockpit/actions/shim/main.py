"""`python -P -m cockpit.actions.shim` with a spec on standard input: run one command, leave its end as a file.

Exit status 0: the end is in the file. 1: nothing was done (no whole spec, no room, or given up by a keeper meanwhile).
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress

from cockpit.actions.shim.capture import LogFile
from cockpit.actions.shim.command import Command, objection, refusal
from cockpit.actions.shim.processes import adopt_orphans
from cockpit.actions.shim.record import Exit, ExitFile, claim, own_status, renew
from cockpit.actions.shim.spec import Spec, decoded
from cockpit.masking.closing import close
from cockpit.masking.mask import Mask
from cockpit.text.streams import guard


def main() -> int:
    """Run the command; the exit status."""
    guard()
    close()
    os.umask(0o077)
    for number in (signal.SIGHUP, signal.SIGINT):
        # Handled, not ignored: what is ignored would be ignored by the command too.
        signal.signal(number, lambda *_: None)
    try:
        spec = decoded(sys.stdin.buffer.read())
    except (ValueError, TypeError) as error:
        return _nothing(f"no whole order came: {error}")
    _let_go_of_stdin()
    try:
        exit_file = ExitFile(spec.exit)
    except OSError as error:
        return _nothing(f"{spec.exit} cannot be written: {error.strerror}")
    try:
        adopt_orphans()
        status = own_status()
        if not claim(spec.status, status):
            exit_file.give_up()
            return _nothing("another shim or keeper was here before")
    except OSError as error:
        exit_file.give_up()
        return _nothing(f"{spec.status} cannot be written: {error.strerror}")
    try:
        end = _run(spec)
    finally:
        for path in spec.private:  # before the end is told: whoever hears of it need not clear up
            with suppress(OSError):  # on a disk that takes nothing any more its end is still told
                os.unlink(path)
    exit_file.leave(end)
    return 0


def _run(spec: Spec) -> Exit:
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told_to_stop.append(number))
    try:
        for path, text in spec.private.items():
            _write_private(path, text)
        log = LogFile(spec.log, spec.head_bytes, spec.tail_bytes)
    except OSError as error:
        return Exit(refused=f"{error.filename or 'a file in outputs/'} cannot be written: {error.strerror}")
    if why := objection(spec):
        log.close()
        return Exit(refused=why)
    try:
        command = Command(spec, log, lambda: bool(told_to_stop))
    except (OSError, ValueError) as error:
        log.close()
        return Exit(refused=refusal(spec, error))
    try:
        with suppress(OSError):  # only for people who look: who the shim is, is known already
            renew(spec.status, own_status()._replace(child=command.pid))
        return command.watch(read_fd)
    except Exception as error:  # noqa: BLE001 - whatever it is: that it is not known must be left behind too
        mask = Mask(spec.secrets)
        print(mask.text(traceback.format_exc()), file=sys.stderr)
        return Exit(fault=mask.text(f"the shim failed: {type(error).__name__}: {error}")[:500])


def _write_private(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)


def _let_go_of_stdin() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)


def _nothing(why: str) -> int:
    print(f"cockpit shim: nothing was started: {why}", file=sys.stderr)
    return 1
