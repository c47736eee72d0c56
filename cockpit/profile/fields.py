"""Taking a table apart, key by key, so that every problem is found and not only the first.

Each `take` method returns the value if it is right, else notes what is wrong and returns the default, so that
conversion goes on. `finish` reports the keys nobody took.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TypeVar

from cockpit.patterns import late
from cockpit.profile import durations
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import nearest, one_of

_Word = TypeVar("_Word", bound=str)
_ID = late(r"[a-z][a-z0-9_]*")
_LONGEST_ID = 64
_LONGEST_TITLE = 200
# C0 (but tab and newline), C1, DEL and bidirectional controls: they deceive whoever reads or copies.
_DECEIVING = late("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def sort_of(value: object) -> str:
    """Name the TOML type of a value."""
    names: Sequence[tuple[type, str]] = (
        (bool, "a boolean"),
        (int, "a whole number"),
        (float, "a number with a fraction"),
        (str, "a string"),
        (dict, "a table"),
        (list, "an array"),
        (dt.date, "a date"),
        (dt.time, "a time"),
    )
    return next((name for type_, name in names if isinstance(value, type_)), "something else")


class Fields:
    """The keys of one table. `what` names it in messages, for example "probe `api`"."""

    def __init__(self, node: Node, findings: Findings, what: str) -> None:
        self.node = node
        self.findings = findings
        self.what = what
        self._known: list[str] = []

    def take(self, key: str, *, required: bool = False, expected: str = "") -> Node | None:
        """Return the node under `key`, if there is one."""
        self._known.append(key)
        node = self.node.table.get(key)
        if node is None and required:
            self.findings.add(self.node, f"{self.what} has no `{key}`", expected=expected)
        return node

    def wrong(self, node: Node, key: str, expected: str) -> None:
        """Note that the value of `key` has the wrong type or form."""
        value = node.value
        shown = f" `{value}`" if isinstance(value, bool | int | float) or (isinstance(value, str) and value) else ""
        self.findings.add(node, f"`{key}` is {sort_of(value)}{shown}", expected=expected)

    def id(self, key: str = "id", *, reserved: Collection[str] = ()) -> str:
        """Return an identifier, required."""
        node = self.take(key, required=True, expected="a name of a-z, 0-9 and _, beginning with a letter")
        if node is None:
            return ""
        if not isinstance(node.value, str) or not _ID.fullmatch(node.value) or len(node.value) > _LONGEST_ID:
            self.wrong(node, key, f"a name of a-z, 0-9 and _, beginning with a letter, at most {_LONGEST_ID} long")
            return ""
        if node.value in reserved:
            self.findings.add(node, f"`{node.value}` is a word of the conditions' language", expected="another name")
        return node.value

    def text(self, key: str, *, required: bool = False, default: str = "", expected: str = "a string") -> str:
        """Return a text of any number of lines."""
        node = self.take(key, required=required, expected=expected)
        if node is None:
            return default
        if not isinstance(node.value, str) or (required and not node.value):
            self.wrong(node, key, expected)
            return default
        return node.value

    def line(self, key: str, *, required: bool = False, expected: str = "a string of one line") -> str:
        """Return a text of one line."""
        text = self.text(key, required=required, expected=expected)
        if "\n" in text or len(text) > _LONGEST_TITLE:
            self.findings.add(
                self.node.table[key],
                f"`{key}` is no short line",
                expected=f"one line of {_LONGEST_TITLE} characters at most",
            )
        return text

    def word(self, key: str, words: Sequence[_Word], default: _Word) -> _Word:
        """Return one of a closed set of words."""
        node = self.take(key)
        if node is None:
            return default
        if isinstance(node.value, str):
            found = next((word for word in words if word == node.value), None)
            if found is not None:
                return found
            self.findings.add(
                node, f"`{key}` cannot be `{node.value}`", expected=one_of(words), nearest=nearest(node.value, words)
            )
        else:
            self.wrong(node, key, one_of(words))
        return default

    def flag(self, key: str) -> bool:
        """Return a boolean, false by default."""
        node = self.take(key)
        if node is None:
            return False
        if not isinstance(node.value, bool):
            self.wrong(node, key, "true or false")
            return False
        return node.value

    def count(self, key: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number between `least` and `most`."""
        node = self.take(key)
        if node is None:
            return default
        if isinstance(node.value, bool) or not isinstance(node.value, int) or not least <= node.value <= most:
            self.wrong(node, key, f"a whole number from {least} to {most}")
            return default
        return node.value

    def rate(self, key: str) -> float | None:
        """Return a number above 0, or `None` if it is not given."""
        node = self.take(key)
        if node is None:
            return None
        if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 0 < node.value <= 1e9:
            self.wrong(node, key, "a number above 0")
            return None
        return float(node.value)

    def duration(self, key: str, default: float, *, positive: bool = False) -> float:
        """Return seconds."""
        node = self.take(key)
        if node is None:
            return default
        duration_s = durations.seconds(node.value)
        if duration_s is None:
            self.wrong(node, key, durations.EXPECTED)
            return default
        if positive and duration_s <= 0:
            self.wrong(node, key, "a duration above 0")
            return default
        return duration_s

    def texts(self, key: str, *, what: str) -> tuple[str, ...]:
        """Return a list of texts; a single one may stand without brackets."""
        node = self.take(key)
        if node is None:
            return ()
        texts = []
        for item in [node] if isinstance(node.value, str) else node.items:
            if isinstance(item.value, str) and item.value.strip():
                texts.append(item.value)
            else:
                self.wrong(item, key, what)
                texts.append("")  # keeps the indexes, by which later problems find their places
        if not isinstance(node.value, str | list):
            self.wrong(node, key, f"{what}, or a list")
        return tuple(texts)

    def tables(self, key: str) -> list[Node]:
        """Return the tables of an array of tables."""
        node = self.take(key)
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.wrong(node, key, f"an array of tables: `[[{key}]]`")
            return []
        for item in node.value:
            if not isinstance(item.value, dict):
                self.wrong(item, key, f"a table: `[[{key}]]`")
        node.value = [item for item in node.value if isinstance(item.value, dict)]  # indexes are those of the profile
        return node.items

    def finish(self, *, also: Collection[str] = ()) -> None:
        """Report every key that is not known; `also` lists known ones that others take."""
        known = [*self._known, *also]
        for key, node in self.node.table.items():
            if key not in known:
                expected = "" if (near := nearest(key, known)) else one_of(sorted(set(known)), limit=40)
                self.findings.add(node, f"{self.what} has no key `{key}`", key=True, expected=expected, nearest=near)


def deceiving(node: Node, findings: Findings) -> None:
    """Report characters that act, and values that a log could not keep, anywhere below `node`."""
    for below in node.walk():
        for key, child in below.table.items():
            _acting(child, key, findings, key=True)
        if isinstance(below.value, str):
            _acting(below, below.value, findings)
        elif isinstance(below.value, float) and not abs(below.value) < float("inf"):
            findings.add(below, f"`{below.value}` is no number to compare with", expected="a finite number")
        elif isinstance(below.value, int) and not -(2**63) <= below.value < 2**63:
            findings.add(below, "too large a number", expected="one that fits 64 bits")


def _acting(node: Node, text: str, findings: Findings, *, key: bool = False) -> None:
    if (match := _DECEIVING.search(text.replace("\r\n", "\n"))) is not None:
        said = f"contains U+{ord(match[0]):04X}, which acts instead of showing"
        findings.add(node, said, key=key, expected="text without control characters")
