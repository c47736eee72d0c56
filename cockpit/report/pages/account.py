"""A log as a report needs it: its chronicle, its head, what verifying it showed, and what is wrong with it.

Invariant: the file is only read, nothing is waited for. What stands behind damage is told as far as it can be, and as
what it is: vouched for by nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

import cockpit
from cockpit.audit.beyond import Break
from cockpit.audit.line import Head, event_of
from cockpit.audit.moved import went_on
from cockpit.audit.signed_log import with_signatures
from cockpit.audit.tail import Tail
from cockpit.audit.verify import Verification, describe, verify
from cockpit.audit.walking import Walk
from cockpit.errors import LogError
from cockpit.report.chronicle.chronicle import Chronicle, Chronicler
from cockpit.text import counted, shortened, visible

_BREAKS = 20


class Account(Struct, frozen=True, kw_only=True):
    """Everything a report is made from."""

    told: Chronicle
    path: Path
    """The log, as people named it."""
    size_bytes: int
    head: Head | None
    """The last fact that is told."""
    verification: Verification
    shown: tuple[str, ...]
    """What verifying showed, as `cockpit verify` says it."""
    troubles: tuple[str, ...]
    """What is wrong with the log, the first thing first; behind that, nothing is proven."""
    went_on: str = ""
    """The folder that the run went on in, where this log was left behind; empty: nothing is known of one."""
    written: datetime
    """When the report was made, aware UTC."""
    version: str = cockpit.__version__
    """Of the cockpit that made it."""


def read_account(path: Path, written: datetime, *, anchors: Sequence[Head] = (), codes: Sequence[str] = ()) -> Account:
    """Read a run's folder, or a log file of any name, and verify it, as `cockpit.audit.verify` does.

    `anchors` and `codes` are heads that were noted elsewhere. Raises LogUnreadable if it cannot be opened at all.
    """
    tail = Tail(path, is_waited_for=False)
    chronicler, troubles = Chronicler(), list[str]()
    try:
        seq = 0
        try:
            while entries := tail.read():
                for entry in entries:
                    seq = entry.event.seq
                    chronicler.take(entry.event)
        except (LogError, OSError) as error:
            troubles.append(str(error))
        except Exception as error:  # noqa: BLE001 - facts in an order, or with settings, that no cockpit writes
            troubles.append(f"event {seq} cannot be told, and nothing after it is: {_what(error)}")
        else:
            if tail.uncounted is not None:
                troubles.append(f"the last lines do not count: {tail.uncounted}")
        head, size = tail.head, os.fstat(tail.descriptor).st_size
    finally:
        tail.close()
    if troubles:
        troubles += _unproven(path, chronicler)
    found = with_signatures(verify(path, anchors=anchors, codes=codes), path)
    return Account(
        told=chronicler.told(),
        path=tail.path,
        size_bytes=size,
        head=head,
        verification=found,
        shown=tuple(describe(found)),
        troubles=tuple(troubles),
        went_on=went_on(tail.path.parent),
        written=written,
    )


def without_folders(account: Account) -> Account:
    """The account as it is passed on: the log by its name alone, and not by where it lay."""
    name = visible(account.path.name)
    shown, troubles = (
        tuple(line.replace(str(account.path), name) for line in lines) for lines in (account.shown, account.troubles)
    )
    return replace(account, shown=shown, troubles=troubles)


def _unproven(path: Path, chronicler: Chronicler) -> list[str]:
    """Tell what stands behind the damage too, as far as it can be told; what is out of order there."""
    walk, told, again = Walk(path), list[str](), 0
    try:
        for _ in walk.batches():
            pass
        last_seq = walk.seq
        for each in walk.beyond().read():
            if isinstance(each, Break):
                told.append(each.what)
            elif each[0].seq <= last_seq:
                again += 1  # an event of that number was told
            else:
                last_seq = each[0].seq
                with suppress(LogError):  # of a body that no version of ours wrote, the line alone is known
                    chronicler.take_unproven(event_of(each[0]))
    except Exception as error:  # noqa: BLE001 - as above; what came before it is told
        told.append(f"nothing further can be told: {_what(error)}")
    finally:
        walk.close()
    if again:
        told.append(f"{counted(again, 'event')} under numbers that came before: not told again")
    left = len(told) - _BREAKS
    return (
        told
        if left <= 0
        else [*told[:_BREAKS], f"and {counted(left, 'more place is', 'more places are')} out of order"]
    )


def _what(error: Exception) -> str:
    return shortened(f"{type(error).__name__}: {error}", 200)
