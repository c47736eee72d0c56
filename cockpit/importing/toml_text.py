"""A TOML file as the text that a person sees: single values and whole tables are changed, everything else stays.

Invariant: what no edit touches keeps its bytes, comments and order. Values stand at paths as tomllib has them
(`("phases", 0, "title")`). Text is Unicode with `\\n` as line end; offsets are bytes of its UTF-8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tomli_w
import tree_sitter_toml
from tree_sitter import Language, Parser

from cockpit.profile.positions import Path, positions
from cockpit.text import toml_escaped, visible

MARK = "# runbook now: "
"""How a remark begins that shows what the runbook says of a key that a person changed."""
MORE = "#   | "
"""How such a remark goes on."""


class Edits:
    """Changes of single keys, gathered over one text and made all at once by `made`."""

    def __init__(self, text: str) -> None:
        self._text = text if text.endswith("\n") or not text else f"{text}\n"
        self._raw = self._text.encode()
        self._found = positions(self._raw)
        self._edits: list[tuple[int, int, int, bytes]] = []

    def stands(self, path: Path) -> bool:
        """Whether a value is written at a path: a pair, and no table with a header."""
        return path in self._found.values

    def is_table(self, path: Path) -> bool:
        """Whether a table with a header of its own stands at a path; the file's top is one."""
        return not path or path in self._found.tables

    def is_remarked(self, path: Path) -> bool:
        """Whether a comment stands within a value, or within a table with a header of its own."""
        spans = [span for each, span in self._found.values.items() if each[: len(path)] == path]
        start = self._found.tables.get(path, min((span[0] for span in spans), default=0))
        end = max((span[1] for span in spans), default=0)
        return b"#" in self._raw[start:end] and any(start <= at < end for at, _ in comments(self._text))

    def set(self, path: Path, value: object, before: Sequence[str] = ()) -> bool:
        """Write a value: in place, or as a new key behind the last of the keys `before`.

        False if it has no place: it would go into an inline table, which is to be set as a whole.
        """
        if (span := self._found.values.get(path)) is not None:
            self._edit(*span, toml_value(value, inline=path[:-1] in self._found.values))
            return True
        table, name = path[:-1], str(path[-1])
        if self.is_table(table):
            at = self._behind(table, before)
            self._edit(at, at, f"{toml_key(name)} = {toml_value(value)}\n")
            return True
        return False

    def rename(self, path: Path, name: str) -> None:
        """Give a key of a table another name; its value and its remarks stay."""
        start, end = self._found.keys[path], self._found.values[path][0]
        written = self._raw[start:end].decode()
        kept = written[len(written.rstrip().removesuffix("=").rstrip()) :]
        self._edit(start, end - len(kept.encode()), toml_key(name))

    def unset(self, path: Path) -> bool:
        """Take a key out, with its line; a remark behind it stays. False if it is no key of a table with a header."""
        if path in self._found.tables:
            return self._unset_table(path)
        span, start = self._found.values.get(path), self._found.keys.get(path)
        if span is None or start is None or path[:-1] in self._found.values:
            return False
        first, last = self._line_start(start), self._line_end(span[1])
        behind = self._raw[span[1] : last].strip()
        self._edit(first, last, behind.decode() + "\n" if behind.startswith(b"#") else "")
        return True

    def _unset_table(self, path: Path) -> bool:
        start = self._found.tables[path]
        last = max([start, *(span[1] for each, span in self._found.values.items() if each[: len(path)] == path)])
        self._edit(self._line_start(start), self._line_end(last), "")
        return True

    def remark(self, path: Path, name: str, said: str) -> None:
        """Show above a key (or above its table's header, where the key is gone) what the runbook says now."""
        if not self.is_table(path):
            return  # within an inline table there is no room
        at = self._found.keys.get((*path, name), self._found.tables.get(path, 0))
        start = self._line_start(at)
        indent = self._raw[start:at].decode()
        lines = said.split("\n")
        told = [f"{MARK}{name} = {visible(lines[0])}", *(f"{MORE}{visible(line)}" for line in lines[1:])]
        first = self._old_remark(start, name)
        self._edit(first[0], first[1], "".join(f"{indent}{line}\n" for line in told))

    def made(self) -> str:
        """The text with every edit made."""
        pieces, done = [], 0
        for start, end, _, new in sorted(self._edits):
            pieces += [self._raw[done:start], new]
            done = end
        return b"".join([*pieces, self._raw[done:]]).decode()

    def _edit(self, start: int, end: int, text: str) -> None:
        self._edits.append((start, end, len(self._edits), text.encode()))

    def _line_start(self, at: int) -> int:
        return self._raw.rfind(b"\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        end = self._raw.find(b"\n", at)
        return len(self._raw) if end < 0 else end + 1

    def _behind(self, table: Path, before: Sequence[str]) -> int:
        """Where a new key of a table goes."""
        values = self._found.values
        for name in reversed(before):
            if (span := values.get((*table, name))) is not None:
                return self._line_end(span[1])
        if table:
            return self._line_end(self._found.tables[table])
        ends = [span[1] for path, span in values.items() if len(path) == 1]
        return self._line_end(max(ends)) if ends else 0

    def _old_remark(self, start: int, name: str) -> tuple[int, int]:
        """The span of an earlier remark about the same key above a line; else the empty one at the line."""
        lines: list[tuple[int, str]] = []
        at = start
        while at:
            above = self._line_start(at - 1)
            said = self._raw[above : at - 1].decode().strip()
            if not said.startswith("#"):
                break
            lines.append((above, said))
            at = above
        end = start
        for above, said in lines:
            if said.startswith(f"{MARK}{name} = "):
                return above, end
            if not said.startswith(MORE.rstrip()):
                end = above
        return start, start


def comments(text: str) -> list[tuple[int, str]]:
    """Every comment with its byte offset, in order."""
    waiting = [Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node]
    found = []
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            found.append((node.start_byte, (node.text or b"").decode().rstrip()))
        waiting += node.children
    return sorted(found)


def toml_key(name: str) -> str:
    """A key as TOML writes it, quoted where it must be."""
    return toml_escaped(tomli_w.dumps({name: 0}).partition(" = 0")[0])


def toml_value(value: object, *, inline: bool = False) -> str:
    """A value as TOML writes it behind `=`; on one line if `inline`, but for long lists."""
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        pairs = (f"{toml_key(str(key))} = {toml_value(below, inline=True)}" for key, below in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple) and (inline or any(isinstance(below, Mapping) for below in value)):
        return f"[{', '.join(toml_value(below, inline=True) for below in value)}]"
    several = not inline and "\\r" not in repr(value)
    return toml_escaped(tomli_w.dumps({"k": value}, multiline_strings=several).removeprefix("k = ").removesuffix("\n"))
