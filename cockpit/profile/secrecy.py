"""Secrets that stand in a profile, or in a file that it names: what is frozen, sent and shown from there stays.

Looked at: the files' own text, comments too, for what can be nothing else by its shape or place; and every text in
a profile for passwords of connection strings. What stands for a value (`${token}`, `your-token`, `changeme`) is none.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable

from cockpit.patterns import late
from cockpit.profile.model import Profile
from cockpit.profile.named_files import named_files
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import Severity, problem
from cockpit.profile.sources import Source
from cockpit.secret_shapes import Found, certain, secrets_in

FILE_BYTES = 512 << 10
"""Of a file that a profile names so much is looked at, from its beginning."""
FILES_BYTES = 2 << 20
"""Of all of them together."""

_EXPECTED = "a variable with `secret = true` and `env` or `prompt`, and `${its_name}` here"
_EXPECTED_IN_FILE = "a variable with `secret = true`, given to the step by `env` or `params`"
_MAY_NAME_A_PASSWORD = late("pass|pwd", re.IGNORECASE)
"""In every text in which `secrets_in` finds a password by its name; of a profile's thousands of texts few have it."""
_ESCAPED = late(r"\\(?:[uU]|[ \t]*\r?\n)")
"""A text of TOML may be written so that what it says stands nowhere in its file."""


def judge_secrecy(sources: Iterable[Source], root: Node, findings: Findings) -> None:
    """Note every secret that stands in a file of the profile."""
    escaped = set()
    for source in sources:
        if _ESCAPED.search(source.text):
            escaped.add(source)
        for found in certain(source.text):
            _note(source.name, source.text, found, findings, expected=_EXPECTED)
    texts = [(node, node.value) for node in root.walk() if isinstance(node.value, str)]
    for node, text in texts:
        if _MAY_NAME_A_PASSWORD.search(text):
            for found in secrets_in(text):
                if _is_named_password(found):
                    findings.add(node, _said(found), inside=_place(text, found), expected=_EXPECTED)
    _judge_escaped([(node, text) for node, text in texts if node.source in escaped], findings)


def _judge_escaped(texts: list[tuple[Node, str]], findings: Findings) -> None:
    """Note what stands in no file as it is, because its characters are escaped there."""
    whole = "\n".join(text for _, text in texts)
    if not certain(whole):  # at once: a single text costs as much
        return
    for node, text in texts:
        for found in certain(text):
            if text[found.start : found.end] not in node.source.text:
                findings.add(node, _said(found), inside=_place(text, found), expected=_EXPECTED)


def judge_named_files(profile: Profile, beside: str, findings: Findings, *, advice: bool) -> None:
    """Note every secret that stands in a file that the profile `beside` it names: SQL, scripts, lists of signers.

    What is only named a password there may be one of a test: with `advice`, a warning. A file that cannot be read is
    left to whoever needs it.
    """
    left_bytes = FILES_BYTES
    for name in named_files(profile):
        path = os.path.join(os.path.dirname(beside), name)
        raw = _beginning(path, min(FILE_BYTES, left_bytes))
        left_bytes -= len(raw)
        text = raw.decode("utf-8", "replace")
        for found in secrets_in(text) if advice else certain(text):
            if found.rank < 2:
                _note(path, text, found, findings, expected=_EXPECTED_IN_FILE)
            elif _is_named_password(found):
                _note(path, text, found, findings, expected=_EXPECTED_IN_FILE, severity="warning")


def _beginning(path: str, most_bytes: int) -> bytes:
    """Of a regular file; nothing of what is none, or cannot be read."""
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would never return.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        with open(fd, "rb") as file:
            return file.read(most_bytes) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    except (OSError, ValueError):  # ValueError: a null character in its name
        return b""


def _note(
    name: str, text: str, found: Found, findings: Findings, *, expected: str, severity: Severity = "error"
) -> None:
    if not findings.full:
        findings.note(problem((name, *_place(text, found)), _said(found), expected=expected, severity=severity))


def _place(text: str, found: Found) -> tuple[int, int]:
    """Its line and column, from 1."""
    return text.count("\n", 0, found.start) + 1, found.start - text.rfind("\n", 0, found.start)


def _is_named_password(found: Found) -> bool:
    return found.rank == 2 and found.what == "a password"


def _said(found: Found) -> str:
    return f"{found.what} stands here, and the log would keep it"
