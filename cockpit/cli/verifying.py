"""`cockpit verify` and `cockpit checkpoint`: whether a log's bytes are what they were, and a head to keep elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from cockpit.audit.checkpoints import Checkpoint, checkpoint_text, read_checkpoint, small_file
from cockpit.audit.line import Head
from cockpit.audit.moved import went_on
from cockpit.audit.packed import Unpacked
from cockpit.audit.signed_log import with_signatures
from cockpit.audit.signing import beside, check
from cockpit.audit.verdict import Problem, Signature, Verification, as_json, describe
from cockpit.audit.verify import run_of
from cockpit.audit.verify import verify as verified
from cockpit.cli.ending import exit_of, say
from cockpit.cli.output import print_json
from cockpit.cli.reading import named, reading
from cockpit.errors import CockpitError, LogDamaged, LogTooNew, LogUnreadable
from cockpit.exits import Exit
from cockpit.patterns import late
from cockpit.session.noted import noted, noted_as
from cockpit.text import shortened, visible

_ANCHOR = late(r"([1-9][0-9]{0,17}):([0-9a-fA-F]{8,64})")
_CODE = late(r"[0-9a-fA-F]{8,64}")


class Asked(msgspec.Struct, frozen=True):
    """What every log is held against."""

    anchors: tuple[Head, ...]
    codes: tuple[str, ...]
    checkpoints: tuple[Checkpoint, ...]
    signature: Path | None
    signers: Path | None
    trusted: str | None
    """The text of `signers`."""
    is_strict: bool
    notes: bool


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@click.option("--head", "heads", multiple=True, metavar="CODE",
    help="A head that was noted elsewhere: 8 to 64 hex digits, or SEQ:DIGITS. May be given several times.")  # fmt: skip
@click.option("--anchor", "anchors", multiple=True, metavar="SEQ:DIGITS", help="The same, always with the number.")
@click.option("--checkpoint", "checkpoints", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
    help="A head in a file, as `cockpit checkpoint` prints it. May be given several times.")  # fmt: skip
@click.option("--signature", metavar="FILE", type=click.Path(path_type=Path),
    help="The checkpoint's signature, if it is not beside it as FILE.sig.")  # fmt: skip
@click.option("--signers", metavar="FILE", type=click.Path(path_type=Path),
    help="Whose signatures count, also of those in the log: an allowed signers file (ssh-keygen(1)).")  # fmt: skip
@click.option("--without-notes", is_flag=True, help="Leave out the heads that your own screens noted of the run.")
@click.option("--strict", is_flag=True, help="Look for all that a log never holds, such as a key given twice.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text",
    help="How to print it; json: an object a line, one for each log.")  # fmt: skip
def verify(
    logs: tuple[str, ...],
    heads: tuple[str, ...],
    anchors: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    signature: Path | None,
    signers: Path | None,
    without_notes: bool,
    strict: bool,
    format_: str,
) -> int:
    """Verify the chain of each LOG (a file, a run's folder or its id) in one pass.

    A chain alone shows neither that its end was cut off nor that its last line was changed: a head that was noted
    elsewhere does. Those that your own screens saw are held against it unasked, and the signatures in it are checked by
    the list that the run fixed at its start, or by --signers. Exit status 0: every chain holds, and all that was asked
    besides. 1: a line, head or signature does not. 3: a log cannot be read. Of several logs the highest.
    """
    _demand(logs, heads + anchors, checkpoints, signature)
    asked = Asked(
        anchors=tuple(_anchor(text, "--anchor") for text in anchors)
        + tuple(_anchor(text, "--head") for text in heads if ":" in text),
        codes=tuple(_code(text) for text in heads if ":" not in text),
        checkpoints=tuple(read_checkpoint(path) for path in checkpoints),
        signature=signature,
        signers=signers,
        trusted=small_file(signers).decode(errors="replace") if signers is not None else None,
        is_strict=strict,
        notes=not without_notes,
    )
    status, used = Exit.OK, set[Path]()
    for number, token in enumerate(logs):
        if number and format_ == "text":
            click.echo()
        status = max(status, _verify_one(token, asked, format_, used, is_only=len(logs) == 1))
    for each in asked.checkpoints:
        if each.path not in used:
            say(f"{each.path} is of the run {each.run}, which none of these logs is of")
            status = max(status, Exit.PROBLEMS)
    return status


def _demand(
    logs: tuple[str, ...],
    heads: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    signature: Path | None,
) -> None:
    """Raises UsageError for options that do not go together."""
    if len(logs) > 1 and heads:
        raise click.UsageError("a head is of one log: give --head and --anchor with one LOG, or a --checkpoint")
    if signature and not checkpoints:
        raise click.UsageError("a signature is under a checkpoint: give --checkpoint FILE with it")
    if signature and len(checkpoints) > 1:
        raise click.UsageError("--signature is of one --checkpoint; of several, each has its own beside it: FILE.sig")


def _verify_one(token: str, asked: Asked, format_: str, used: set[Path], *, is_only: bool) -> Exit:
    """Verify one log and print what was found; a log that cannot be read leaves the others to be verified."""
    try:
        with reading(token) as log:
            found = _of_given(_found(log, asked, used, is_only=is_only), log)
            where = log.given
    except CockpitError as error:
        if is_only and format_ == "text":
            raise
        if format_ == "json":
            _print_json({"ok": False, "path": _text(token), "problem": str(error), "status": int(exit_of(error))})
        say(str(error))
        return exit_of(error)
    status = _status(found)
    if format_ == "json":
        _print_json({**as_json(found), "status": int(status)})
    else:
        click.echo("\n".join(describe(found)))
    _say_where_it_went(where)
    return status


def _print_json(told: dict[str, Any]) -> None:
    print_json(msgspec.json.encode(told, enc_hook=lambda path: _text(str(path))).decode())


def _text(name: str) -> str:
    """A file's name, without the bytes that are no UTF-8."""
    return os.fsencode(name).decode(errors="replace")


def _found(log: Unpacked, asked: Asked, used: set[Path], *, is_only: bool) -> Verification:
    run = run_of(log.path)
    checkpoints = tuple(each for each in asked.checkpoints if is_only or each.run == run)
    used |= {each.path for each in checkpoints}
    held = noted(noted_as(run, log.path)) if asked.notes else {}
    notes = tuple(Head(seq=seq, digest=digest) for seq, digest in sorted(held.items()))
    anchors = tuple(dict.fromkeys((*asked.anchors, *notes)))
    found = verified(log.path, anchors=anchors, codes=asked.codes, checkpoints=checkpoints, strict=asked.is_strict)
    found = _with_notes(found, notes, asked)
    return with_signatures(_with_signatures(found, asked), log.path, asked.trusted)


def _with_notes(found: Verification, notes: tuple[Head, ...], asked: Asked) -> Verification:
    """The person's own notes apart from the anchors that they gave; of those that do not hold, the first one."""
    own = set(notes) - set(asked.anchors)
    if not own:
        return found
    held = tuple(head for head in found.anchored if head in own)
    # What was seen behind the place at which a log went on may never have been acknowledged.
    end = min((each.seq for each in found.continuations), default=0)
    lost = [head for head in sorted(own - set(held), key=lambda head: head.seq) if not end or head.seq < end]
    problems = [
        each for each in found.problems if each.kind != "anchor" or not any(head.short in each.what for head in own)
    ]
    if lost and not found.is_broken:
        what = f"you held {lost[0].short} at {lost[0].seq}, as your screens noted it, and it is not in this log: "
        problems.append(Problem("anchor", what + "its tail was cut off, or it was rewritten"))
    kept = tuple(head for head in found.anchored if head not in own)
    return replace(found, anchored=kept, held=held, problems=tuple(problems))


def _with_signatures(found: Verification, asked: Asked) -> Verification:
    """Look at the signature under each checkpoint; one that was to be checked and does not count is a problem."""
    checkpoints = [replace(each, signature=_signature(each.checkpoint, asked)) for each in found.checkpoints]
    problems = [
        Problem("signature", f"the signature under {visible(str(each.checkpoint.path))}: {each.signature.why_not}")
        for each in checkpoints
        if each.signature is not None and each.signature.why_not
    ]
    return replace(found, checkpoints=tuple(checkpoints), problems=(*found.problems, *problems))


def _signature(checkpoint: Checkpoint, asked: Asked) -> Signature | None:
    path = asked.signature or beside(checkpoint.path)
    if asked.signers is None:
        return Signature(was_checked=False) if path is not None else None
    if path is None:
        return Signature(why_not=f"there is none: {checkpoint.path.name}.sig is not beside it")
    return check(checkpoint, path, asked.signers)


def _of_given(found: Verification, log: Unpacked) -> Verification:
    """What was found in a private copy, said of what the person gave."""
    if not log.is_copy:
        return found
    problems = [replace(each, what=named(each.what, log)) for each in found.problems]
    if log.trouble:
        # Where nothing could be unpacked it is the reason for all else.
        problems.insert(len(problems) if found.seq else 0, _compressed(log))
    return replace(found, path=log.given, problems=tuple(problems))


def _compressed(log: Unpacked) -> Problem:
    return Problem("compression", f"{visible(str(log.given))}: {log.trouble}")


def _status(found: Verification) -> Exit:
    if found.ok:
        return Exit.OK
    return Exit.UNREADABLE if found.problems[0].kind == "newer" else Exit.PROBLEMS


def _say_where_it_went(path: Path) -> None:
    """A log that was left behind holds, and is not all of its run."""
    if where := went_on(path if path.is_dir() else path.parent):
        say(f"this log was left behind: the run goes on in {where}; look there: cockpit verify {where}")


def _anchor(text: str, option: str) -> Head:
    match = _ANCHOR.fullmatch(text.strip().replace("·", ""))
    if match is None:
        raise click.BadParameter(f"`{shortened(text, 80)}` is no head such as 17:7f3a91c2", param_hint=option)
    return Head(seq=int(match[1]), digest=match[2].lower())


def _code(text: str) -> str:
    code = text.strip().replace("·", "")
    if not _CODE.fullmatch(code):
        raise click.BadParameter(
            f"`{shortened(text, 80)}` is no head: 8 to 64 hex digits, such as 7f3a·91c2", param_hint="--head"
        )
    return code.lower()


@click.command()
@click.argument("log_", metavar="LOG")
def checkpoint(log_: str) -> int:
    """Print the head of LOG as a small text, to be kept elsewhere or signed, once its chain was verified.

    It pins every line up to the last fact. For example: cockpit checkpoint RUN > night.checkpoint, and
    ssh-keygen -Y sign -n cockpit-checkpoint@v1 -f KEY night.checkpoint
    """
    with reading(log_) as log:
        found = _of_given(verified(log.path), log)
    if not found.ok and found.problems[0].kind == "newer":
        raise LogTooNew(found.problem)
    if not found.ok:
        raise LogDamaged(f"no checkpoint of {visible(str(found.path))} was made: {found.problem}", line=0)
    if found.head is None:
        raise LogUnreadable(f"no checkpoint was made: {visible(str(found.path))} holds no fact")
    click.echo(checkpoint_text(found.run, found.head), nl=False)
    return Exit.OK
