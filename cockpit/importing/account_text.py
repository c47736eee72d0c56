"""The account of an import in words: in a few lines after it, and whole, a line for each line of the source.

Invariant: what is not mapped is always said with why; all text of a source is made visible here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cockpit.importing.accounting import Counts, counts, line_counts
from cockpit.importing.imported import Account, Imported
from cockpit.importing.ledger import Entry
from cockpit.importing.source import Note
from cockpit.text import counted, shortened, visible

MOST = 12
"""Stretches of lines that are not mapped, and notes, that the few lines say; the whole account says all."""
_WORDS = 48
"""Characters of a source line that are quoted."""
_WIDEST = 44
"""Characters that what became of a line is given before its text begins further right."""


def summary(made: Imported) -> list[str]:
    """A few lines for each source, then what the profile holds, then what is left to do."""
    told: list[str] = []
    for account in made.accounts:
        told += _source(account, [note for note in made.notes if note.source == account.source.name])
    told += _held(counts(made))
    look = [note for note in made.notes if note.kind == "look"]
    if look:
        told.append("left to you:")
        told += _cut((f"  {place(note)}  {visible(note.text)}" for note in look), len(look), "more notes")
    return told


def place(note: Note) -> str:
    """`RUNBOOK.md:57`, as compilers name it."""
    return f"{visible(note.source)}:{note.line}" if note.line else visible(note.source)


def report(made: Imported, columns: int | None = None) -> Iterator[str]:
    """The whole account, a line at a time; `columns` of the terminal cut the text of the source, None cuts nothing."""
    for number, account in enumerate(made.accounts):
        notes = [note for note in made.notes if note.source == account.source.name]
        if number:
            yield ""
        found = line_counts((account,), notes)
        yield f"{visible(account.source.name)}: {_mapped(found.lines, found.actionable, found.mapped)}"
        yield from _entries(account.entries, columns)
        if notes:
            yield ""
            yield from (f"{note.line:>6}  {note.kind}: {visible(note.text)}" for note in notes)
    yield ""
    yield from _held(counts(made))


def stretches(entries: Sequence[Entry]) -> list[tuple[Entry, Entry]]:
    """The first and last of actionable lines that follow one another and are not mapped for the same reason."""
    found: list[tuple[Entry, Entry]] = []
    for entry in entries:
        if not entry.actionable or entry.fate == "mapped":
            continue
        if found and found[-1][1].line == entry.line - 1 and found[-1][1].why == entry.why:
            found[-1] = (found[-1][0], entry)
        else:
            found.append((entry, entry))
    return found


def _source(account: Account, notes: Sequence[Note]) -> list[str]:
    found = line_counts((account,), notes)
    told = [f"{visible(account.source.name)}: {_mapped(found.lines, found.actionable, found.mapped)}"]
    missed = stretches(account.entries)
    told += _cut((f"  not mapped: {_stretch(*each)}" for each in missed), len(missed), "more stretches not mapped")
    if found.left:
        stand = "stands" if found.left == 1 else "stand"
        told.append(f"  {counted(found.left, 'line')} of prose {stand} nowhere in the profile")
    for kind, word in (("repaired", "repaired"), ("secret", "secret replaced")):
        some = [note for note in notes if note.kind == kind]
        told += _cut((f"  {word}: line {note.line}, {visible(note.text)}" if note.line else
                      f"  {word}: {visible(note.text)}" for note in some), len(some), f"more {word}")  # fmt: skip
    return told


def _mapped(lines: int, actionable: int, mapped: int) -> str:
    said = f"{mapped} of {actionable} that ask for something are mapped"
    missed = actionable - mapped
    return f"{counted(lines, 'line')}; {said}" + (f", {missed} {'is' if missed == 1 else 'are'} not" if missed else "")


def _stretch(first: Entry, last: Entry) -> str:
    where = f"line {first.line}" if first is last else f"lines {first.line}-{last.line}"
    return f"{where}, “{shortened(first.text.strip(), _WORDS)}”: {visible(first.why)}"


def _cut(lines: Iterable[str], count: int, what: str) -> list[str]:
    told = [line for line, _ in zip(lines, range(MOST if count > MOST + 1 else count), strict=False)]
    return told if len(told) == count else [*told, f"  … {count - len(told)} {what}; --report says all"]


def _held(found: Counts) -> list[str]:
    walk = [_of(found.phases, "phase"), _of(found.steps, "step")]
    kinds = [
        _of(found.commands, "command"),
        _of(found.sql, "statement of SQL", "statements of SQL"),
        _of(found.waits, "wait"),
        _of(found.messages, "message"),
        _of(found.signoffs, "sign-off"),
        _of(found.decisions, "decision"),
        f"{found.claimed} claimed as done" if found.claimed else "",
        f"{found.rollback_steps} of the way back" if found.rollback_steps else "",
    ]
    probes = [
        f"{number} {kind}"
        for number, kind in (
            (found.http, "http"), (found.env, "env"), (found.prometheus, "prometheus"), (found.other_probes, "other"),
        )
        if number
    ]  # fmt: skip
    around = [
        _of(found.probes, "probe") + (f" ({', '.join(probes)})" if probes else ""),
        _of(found.thresholds, "threshold"),
        _of(found.triggers, "trigger"),
        _of(found.plans, "rollback plan"),
        _of(found.templates, "template"),
        _of(found.contacts, "contact"),
        _of(found.roles, "role"),
        _of(found.tasks, "later task"),
        _of(found.variables, "variable") + (f" ({found.to_give} to be given)" if found.to_give else ""),
    ]
    own = ", ".join(filter(None, kinds))
    beside = ", ".join(filter(None, around))
    return [f"the profile: {' with '.join(walk)}" + (f": {own}" if own else ""), *([f"  {beside}"] if beside else [])]


def _of(number: int, one: str, many: str = "") -> str:
    """Nothing for none."""
    return counted(number, one, many) if number else ""


def _entries(entries: Sequence[Entry], columns: int | None) -> Iterator[str]:
    """Number, fate, what it became or why not, and the text, which comes last because it may be of any length."""
    digits = len(str(len(entries)))
    wide = min(_WIDEST, max((len(told(entry)) for entry in entries), default=0))
    for entry in entries:
        mark = "!" if entry.actionable and entry.fate != "mapped" else " "
        line = f"{mark} {entry.line:>{digits}}  {entry.fate:<10}  {visible(told(entry)):<{wide}}  {visible(entry.text)}"
        yield line.rstrip() if columns is None else shortened(line.rstrip(), columns)


def told(entry: Entry) -> str:
    """What a line became, or why it became nothing."""
    return ", ".join(entry.became) or entry.why
