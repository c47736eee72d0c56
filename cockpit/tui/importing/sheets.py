"""The sides of a preview as sheets: rows that are drawn when they come into sight, each with the tables it belongs to.

Invariant: a row of one sheet and a row of another belong together if they share a key, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cockpit.importing.imported import Imported
from cockpit.importing.ledger import Entry
from cockpit.importing.linking import Key, TomlLines, TomlTable, keys_of, lines_of
from cockpit.patterns import late
from cockpit.text import visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line

_LONGEST = 4000
"""Characters of a line that are looked at for drawing: no terminal is wider, and a source may be one line of 4 MB."""
_ASSIGNED = late(r"([A-Za-z0-9_.\"-]{1,200}) = ")
GLYPHS: dict[str, tuple[str, Ink]] = {
    "mapped": ("→", "good"),
    "layout": (" ", "dim"),
    "asked": ("✖", "bad"),
    "prose": ("·", "warn"),
}
"""What became of a line: `asked` asks for something and is not mapped; `prose` asks for nothing and is not."""


class Sheet:
    """Rows, counted from 0. `keys` has those of each row."""

    def __init__(
        self,
        keys: Sequence[tuple[Key, ...]],
        text: Callable[[int], str],
        draw: Callable[[int], Line],
        *,
        stops: Iterable[int] = (),
        marks: Iterable[int] = (),
    ) -> None:
        """`stops` are rows at which a stretch begins that is not mapped, `marks` those with a note; both in order."""
        self.keys = keys
        self.text = text
        """The row as it is searched, visible."""
        self.draw = draw
        self.stops = tuple(stops)
        self.marks = tuple(marks)
        self.rows_of: dict[Key, list[int]] = {}
        """The rows of each key, in order."""
        for row, of in enumerate(keys):
            for key in of:
                self.rows_of.setdefault(key, []).append(row)

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, keys: Iterable[Key]) -> list[int]:
        """The rows of any of these keys: those of the first one first."""
        return [row for key in keys for row in self.rows_of.get(key, ())]


def lost(entry: Entry) -> bool:
    """Whether a line says something and stands nowhere."""
    return entry.fate == "not mapped"


class SourceRows:
    """Every line of every source; of several, each begins with a row of its name."""

    def __init__(self, made: Imported, tables: Sequence[TomlTable]) -> None:
        self.entries: list[Entry | None] = []
        """None: the row is a source's name."""
        self.names: list[str] = []
        """Of each row's source, without its folders where that tells it from the others."""
        self.notes: dict[int, list[str]] = {}
        short = [account.source.short_name for account in made.accounts]
        for account in made.accounts:
            name = account.source.name
            called = account.source.short_name if short.count(account.source.short_name) == 1 else name
            if len(short) > 1:
                self.entries.append(None)
                self.names.append(called)
            begin = len(self.entries)
            self.entries += account.entries
            self.names += [called] * len(account.entries)
            for note in made.notes:
                if note.source == name and 0 < note.line <= len(account.entries):
                    self.notes.setdefault(begin + note.line - 1, []).append(note.text)
        self._digits = len(str(max((entry.line for entry in self.entries if entry), default=1)))
        keys = [keys_of(entry, tables) if entry else () for entry in self.entries]
        self._add_steps(made, keys)
        self.sheet = Sheet(
            keys,
            lambda row: visible(entry.text) if (entry := self.entries[row]) else visible(self.names[row]),
            self._draw,
            stops=self._stops(),
            marks=sorted(self.notes),
        )

    def _add_steps(self, made: Imported, keys: list[tuple[Key, ...]]) -> None:
        """Steps that the import made of something else (the sending of a template) say themselves where it stands."""
        begins: dict[str, tuple[int, int]] = {}
        row = 0
        short = [account.source.short_name for account in made.accounts]
        for name, account in zip(short, made.accounts, strict=True):
            row += len(made.accounts) > 1
            if short.count(name) == 1:  # else it is not known which of them a step means
                begins[name] = (row, len(account.entries))
            row += len(account.entries)
        for _, step in made.profile.every_step():
            place = lines_of(step.source)
            if place is None or place[0] not in begins:
                continue
            begin, count = begins[place[0]]
            for at in range(begin + place[1] - 1, begin + min(place[2], count)):
                entry, key = self.entries[at], ("step", step.id)
                if entry is not None and entry.fate == "mapped" and key not in keys[at]:
                    keys[at] = (*keys[at], key)

    def _stops(self) -> Iterable[int]:
        before = False
        for row, entry in enumerate(self.entries):
            is_lost = entry is not None and lost(entry)
            if is_lost and not before:
                yield row
            # A blank line between two that are lost does not make two of them.
            if entry is None or entry.fate != "layout":
                before = is_lost

    def _draw(self, row: int) -> Line:
        entry = self.entries[row]
        if entry is None:
            return ((visible(self.names[row]), "bold"),)
        glyph, ink = GLYPHS["asked" if entry.actionable else "prose"] if lost(entry) else GLYPHS[entry.fate]
        note = "!" if row in self.notes else " "
        told: Ink = "dim" if entry.fate == "layout" else "plain"
        text = visible(entry.text[:_LONGEST])
        return ((f"{entry.line:>{self._digits}} ", "dim"), (glyph, ink), (f"{note} ", "warn"), (text, told))


def toml_sheet(toml: TomlLines) -> Sheet:
    """The profile's TOML, each line with the table it belongs to."""
    keys: list[tuple[Key, ...]] = [()] * len(toml.lines)
    for table in toml.tables:
        keys[table.first - 1 : table.last] = [(table.key,)] * (table.last - table.first + 1)
    heads = [table.first - 1 for table in toml.tables]

    def draw(row: int) -> Line:
        return highlighted(toml.lines[row][:_LONGEST], is_text=row + 1 in toml.inside)

    return Sheet(keys, lambda row: visible(toml.lines[row]), draw, stops=heads)


def highlighted(line: str, *, is_text: bool) -> Line:
    """One line of TOML as this program writes it; `is_text`: it goes on a text of several lines."""
    if is_text:
        return ((visible(line), "plain"),)
    if line.startswith("#"):
        return ((visible(line), "warn"),)
    if line.startswith("["):
        return ((visible(line), "bold"),)
    if found := _ASSIGNED.match(line):
        return ((visible(found[1]), "accent"), (" = ", "dim"), (visible(line[found.end() :]), "plain"))
    return ((visible(line), "plain"),)
