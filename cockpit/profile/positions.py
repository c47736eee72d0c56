"""Where each key and value of a TOML file stands, from tree-sitter's syntax tree.

Paths are the ones of the parsed document: `("probes", 0, "pass", 1)`. Built only once something has to be said about a
file, since parsing a second time costs more than everything else that `check` does. Never decides whether a file is
valid: that is tomllib's part.
"""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_toml
from msgspec import Struct
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]
DEEPEST = 64
"""Nesting that is followed; whatever lies deeper has the place of what holds it."""
_TABLES = ("table", "table_array_element")
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Positions(Struct, frozen=True):
    """Byte offsets, by path: of keys (or table headers), and start and end of values."""

    keys: dict[Path, int]
    values: dict[Path, tuple[int, int]]
    tables: dict[Path, int]
    """Of the headers, each at the path of its own table (`("probes", 0)`), in the order written."""


def positions(raw: bytes) -> Positions:
    """Find every key and value of a document. What tree-sitter does not understand is left out."""
    found = Positions(keys={}, values={}, tables={})
    document = Parser(Language(tree_sitter_toml.language())).parse(raw).root_node
    array_sizes: dict[Path, int] = {}
    for node in document.children:
        if node.type == "pair":
            _pair(found, (), node)
        elif node.type in _TABLES:
            _table(found, array_sizes, node)
    return found


def _table(found: Positions, array_sizes: dict[Path, int], node: Node) -> None:
    key = next((child for child in node.children if child.type in _KEYS), None)
    if key is None:
        return
    names = list(_names(key))
    path: Path = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        last = depth == len(names) - 1
        if last and node.type == "table_array_element":
            array_sizes[path] = array_sizes.get(path, 0) + 1
            found.keys.setdefault(path, node.start_byte)
        if path in array_sizes:  # a name under `[[array]]` means its newest element
            path = (*path, array_sizes[path] - 1)
        found.keys.setdefault(path, node.start_byte)
    found.tables[path] = node.start_byte
    for child in node.children:
        if child.type == "pair":
            _pair(found, path, child)


def _pair(found: Positions, table: Path, node: Node, depth: int = 0) -> None:
    children = [child for child in node.children if child.type not in ("=", "comment")]
    if len(children) < 2 or children[0].type not in _KEYS or depth > DEEPEST:
        return
    path = table
    for name in _names(children[0]):
        path = (*path, name)
        found.keys.setdefault(path, children[0].start_byte)
    _value(found, path, children[1], depth + 1)


def _value(found: Positions, path: Path, node: Node, depth: int) -> None:
    found.values.setdefault(path, (node.start_byte, node.end_byte))
    if depth > DEEPEST:
        return
    if node.type == "inline_table":
        for child in node.children:
            if child.type == "pair":
                _pair(found, path, child, depth + 1)
    elif node.type == "array":
        index = 0
        for child in node.children:
            if child.type not in ("[", "]", ",", "comment"):
                _value(found, (*path, index), child, depth + 1)
                index += 1


def _names(key: Node) -> Iterator[str]:
    """Yield the parts of a dotted key, in order; the tree is nested to the left, as deep as the key is long."""
    parts: list[str] = []
    while key.type == "dotted_key" and len(parts) < DEEPEST:
        parts.append(_name(key.children[-1]))
        key = key.children[0]
    parts.append(_name(key))
    return reversed(parts)


def _name(key: Node) -> str:
    text = (key.text or b"").decode("utf-8", "replace")
    if key.type == "quoted_key":
        return text[1:-1] if text[:1] == "'" or "\\" not in text else _unescaped(text)
    return text


def _unescaped(quoted: str) -> str:
    import tomllib  # needed for the rare key with an escape

    try:
        return str(tomllib.loads(f"k = {quoted}")["k"])
    except tomllib.TOMLDecodeError:
        return quoted[1:-1]
