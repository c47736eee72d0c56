"""Shell text as a tree, and the words of its commands.

tree-sitter-bash reads it; nothing is executed or expanded. A text with placeholders (`kubectl logs <pod>`) is read as
if they were words. The parser takes quadratic time on some texts that are no shell, so a `Patience` bounds how long all
texts of an import may take: after that a text has no tree.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import tree_sitter_bash
from msgspec import Struct
from tree_sitter import Language, Node, Parser

_LANGUAGE = Language(tree_sitter_bash.language())
_PLACEHOLDER = re.compile(rb"(?<![<\w])<([A-Za-z](?:[A-Za-z0-9_./:| -]{0,48}[A-Za-z0-9_.])?)>")
_LONGEST_BYTES = 256 << 10
_AT_MOST_S, _A_BYTE_S = 0.05, 4e-6
"""Of a processor, for one text: some 20 times what shell takes."""
_MOST_PIPES = 100
"""In one pipeline: the parser's last step takes quadratic time in them, and cannot be ended."""
_WRAPPERS = {
    **dict.fromkeys(("nohup", "command", "setsid", "time"), ""),
    "sudo": "ugpCRrtT",
    "doas": "uC",
    "env": "uCS",
    "timeout": "ks",
    "exec": "a",
    "nice": "n",
    "ionice": "cn",
    "xargs": "InPLdEsa",
    "watch": "n",
    "stdbuf": "ioe",
}
"""Commands that run another one, and the letters of their options that take a value."""
_REMOTE = ("ssh", "kubectl", "oc", "docker", "podman", "docker-compose")


class Patience:
    """How long the code of one import may still take to be read, in seconds of a processor."""

    def __init__(self, left_s: float = 2.5) -> None:
        self.left_s = left_s

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Count what is done within; once, for what is nested in it."""
        left_s, begun = self.left_s, time.thread_time()
        try:
            yield
        finally:
            self.left_s = left_s - (time.thread_time() - begun)


class Simple(Struct, frozen=True):
    """One command with its words, quotes taken off, variables as written; what wraps it (`sudo`) is gone."""

    words: tuple[str, ...]
    remote: bool = False
    """It runs elsewhere: in a container, or over SSH."""


class Script:
    """A text and its tree. `root` is None if it could not be read in time; `broken` if it is no shell."""

    def __init__(self, body: str, patience: Patience) -> None:
        self.content = body.encode("utf-8", "replace")
        self.root = _read(_PLACEHOLDER.sub(lambda found: b"_" * len(found[0]), self.content), patience)

    @property
    def broken(self) -> bool:
        """The parser does not take it."""
        return self.root is None or self.root.has_error

    def text(self, first: int, end: int) -> str:
        """What stands between two bytes."""
        return self.content[first:end].decode("utf-8", "replace")

    def said(self, node: Node) -> str:
        """A node as written."""
        return self.text(node.start_byte, node.end_byte)

    def simples(self, node: Node) -> Iterator[Simple]:
        """Every command in a node, in order, and those that they are given to run elsewhere."""
        for each in every(node):
            if each.type == "command":
                yield from _unwrapped(self._words(each))

    def _words(self, command: Node) -> tuple[str, ...]:
        return tuple(
            self._word(child)
            for child in command.named_children
            if child.type not in ("variable_assignment", "comment")
        )

    def _word(self, node: Node) -> str:
        if node.type == "command_name" and node.named_child_count == 1:
            return self._word(node.named_children[0])
        if node.type == "concatenation":
            return "".join(self._word(child) for child in node.children)
        text = self.said(node)
        if node.type in ("string", "raw_string") and len(text) > 1:
            return text[1:-1].replace('\\"', '"') if node.type == "string" else text[1:-1]
        return text.replace("\\\n", "").replace("\\", "") if node.type == "word" else text


def every(node: Node) -> Iterator[Node]:
    """A node and all below it, in the text's order, without recursion."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(each.children))


def _read(content: bytes, patience: Patience) -> Node | None:
    pipelines = re.sub(rb"\|[ \t]*\n", b"|", content).split(b"\n")
    if (
        len(content) > _LONGEST_BYTES
        or patience.left_s <= 0
        or any(each.count(b"|") > _MOST_PIPES for each in pipelines)
    ):
        return None
    until = time.thread_time() + min(_AT_MOST_S + _A_BYTE_S * len(content), patience.left_s)
    try:
        with patience.spent():
            tree = Parser(_LANGUAGE).parse(
                lambda offset, _: content[offset : offset + 65536],
                progress_callback=lambda *_: time.thread_time() > until,
            )
    except ValueError:  # it was given up
        return None
    return tree.root_node


def _unwrapped(words: tuple[str, ...]) -> Iterator[Simple]:
    remote = False
    for _ in range(8):
        if not words:
            return
        name = words[0].rpartition("/")[2]
        if name in _WRAPPERS:
            words = _after_options(words[1:], _WRAPPERS[name], keeps_duration=name == "timeout")
        elif name in ("bash", "sh", "zsh") and "-c" in words[1:-1]:
            words = tuple(words[words.index("-c") + 1].split())
        elif name in _REMOTE and (inner := _carried(name, words)):
            remote, words = True, inner
        else:
            break
    if words:
        yield Simple((words[0].rpartition("/")[2] or words[0], *words[1:]), remote)


def _after_options(words: tuple[str, ...], valued: str, *, keeps_duration: bool) -> tuple[str, ...]:
    at = 0
    while at < len(words) and (
        words[at].startswith("-") or ("=" in words[at] and words[at].partition("=")[0].isidentifier())
    ):
        at += 2 if len(words[at]) == 2 and words[at][1] in valued else 1
    return words[at + (1 if keeps_duration else 0) :]


def _carried(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that are run elsewhere; none if it runs nothing there."""
    if name == "ssh":
        rest = _after_options(words[1:], "bceEFIiJlmoOpQRSwWDL", keeps_duration=True)
        return tuple(" ".join(rest).split())
    if "exec" not in words[1:4] and not (name in ("docker", "podman") and "run" in words[1:2]):
        return ()
    if "--" in words:
        return words[words.index("--") + 1 :]
    if name in ("kubectl", "oc") or "run" in words[1:2]:
        return ()
    return _after_options(words[words.index("exec") + 1 :], "euw", keeps_duration=True)
