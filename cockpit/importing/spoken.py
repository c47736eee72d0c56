"""Commands in prose: ``Run `npm run test` ``.

Invariant: only a code span is taken, and only if it parses as a command. Paths, names of columns, files and functions
are none.
"""

from __future__ import annotations

import re

from cockpit.importing.draft import Draft
from cockpit.importing.languages import is_command
from cockpit.importing.risks import risk_of
from cockpit.importing.shell_tree import Script
from cockpit.profile.model import Risk

_SPAN = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{2,400})\1(?!`)")
_VERB = re.compile(
    r"\b(?:run|runs|running|execute|invoke|issue|start(?:ing)?|with|using|via|type|enter|use|call)\W{0,3}$",
    re.IGNORECASE,
)
_RUNS = re.compile(r"\b(?:run|running|execute|invoke|issue)\W{0,3}$", re.IGNORECASE)
_WORD = re.compile(r"[a-z][\w.-]{1,60}")
_FILE = re.compile(r".*\.(?:md|ts|tsx|js|jsx|json|ya?ml|toml|sql|txt|html|css|env|conf|cfg|ini|log|csv)")


def command_in(text: str, draft: Draft) -> tuple[str, Risk]:
    """The one command that an item's or sentence's Markdown tells to run, as written; empty if none, or several."""
    found: list[tuple[str, Risk]] = []
    for match in _SPAN.finditer(text):
        span = match[2].strip()
        before = text[max(0, match.start() - 60) : match.start()]
        if (risk := _command(span, before, draft)) is not None:
            found.append((span.removeprefix("$ "), risk))
    return found[0] if len({span for span, _ in found}) == 1 else ("", "routine")


def _command(span: str, before: str, draft: Draft) -> Risk | None:
    text = span.removeprefix("$ ")
    words = text.split()
    if len(words) == 1:
        is_told = bool(_RUNS.search(before)) and bool(_WORD.fullmatch(text)) and not _FILE.fullmatch(text)
        is_script = bool(_VERB.search(before)) and bool(re.fullmatch(r"\.{1,2}/[\w./-]+", text))
        if not is_told and not is_script:
            return None
    script = Script(text, draft.recent.patience)
    if script.root is None or script.broken:
        return None
    if len(words) > 1 and not is_command(script, before if _RUNS.search(before) else ""):
        return None
    return risk_of(tuple(script.simples(script.root)))
