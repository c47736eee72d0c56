"""Values in addresses: where one would lead somewhere else than the address says.

Owns the rules for URLs and connection strings with `${references}` in them. A value may be a whole address
(`url = "${api}"`); as a part of one it may not end that part: no `/` in a host, no `?` in a path, no space in a
`key=value`. Invariant: pure; what is said names the reference and never its value, which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.patterns import late
from cockpit.profile.references import REFERENCE

ADDRESSES = ("url", "dsn", "webhook", "apprise", "server")
"""Settings that are addresses."""
FILES = ("path", "ca_file", "kubeconfig")
"""Settings that are names of files."""
_BAD = r"\s\x00-\x20\x7f\\"
_ALLOWED = {
    "whole": re.compile(r"[^\x00]*"),
    "beginning": re.compile(rf"[^{_BAD}?#]*"),
    "user": re.compile(rf"[^{_BAD}/?#@]*"),
    "host": re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?"),
    "port": re.compile(r"[0-9]{1,5}"),
    "path": re.compile(rf"(?!\.\.?$)(?:(?!%2[ef]|%5c)[^{_BAD}/?#@])*", re.IGNORECASE),
    "query": re.compile(rf"[^{_BAD}&#;]*"),
}
_IS = {
    "whole": "an address", "beginning": "the beginning of an address, without `?` and `#`",
    "user": "a name or password with `@`, `/`, `?` and `#` percent-encoded", "host": "a host's name, with its port",
    "port": "a port", "path": "one part of a path, without `/`, `?` and `#`", "query": "a value without `&` and `#`",
    "word": "a value without spaces, quotes and backslashes", "quoted": "a value without quotes and backslashes",
}  # fmt: skip
_PAIRS = late(r"\s*[A-Za-z_]\w*\s*=")
_MARK = "\x1a"


def refusal(template: str, values: Mapping[str, str]) -> tuple[str, str]:
    """The reference whose value would lead elsewhere, and what is expected of it; two empty texts if none does."""
    marked = REFERENCE.sub(_MARK, template.replace("$${", "\x1b{"))
    names = [match[1] for match in REFERENCE.finditer(template)]
    place = -1
    for name in names:
        place = marked.index(_MARK, place + 1)
        value = values.get(name)
        if value is None:
            continue
        sort = _pair(marked, place) if _PAIRS.match(marked) else _part(marked, place)
        if not _fits(sort, value):
            return name, _IS[sort]
    return "", ""


def refusal_in(settings: Mapping[str, object], values: Mapping[str, str]) -> str:
    """Why the addresses among some settings cannot be used with these values, one sentence; empty if they can."""
    for key in ADDRESSES:
        template = settings.get(key)
        if isinstance(template, str) and "${" in template:
            name, expected = refusal(template, values)
            if name:
                return f"`{key}`: the value of `{name}` would lead elsewhere; expected {expected}"
    for key in FILES:
        template = settings.get(key)
        if isinstance(template, str) and "${" in template:
            for match in REFERENCE.finditer(template):
                name, value = match[1], values.get(match[1], "")
                # At its beginning it names the folder: where that is, the profile leaves to the value.
                if match.start() > 0 and ("/" in value or value in ("..", ".")):
                    return f"`{key}`: the value of `{name}` would lead elsewhere; expected a name without `/`"
    return ""


def _fits(sort: str, value: str) -> bool:
    if sort == "word":
        return re.fullmatch(r"[^\s'\\]+", value) is not None
    if sort == "quoted":
        return re.fullmatch(r"[^'\\]*", value, re.DOTALL) is not None
    return _ALLOWED[sort].fullmatch(value) is not None


def _pair(marked: str, place: int) -> str:
    """Within `host=… password='…'`: whether it stands in quotes."""
    return "quoted" if marked.count("'", 0, place) % 2 else "word"


def _part(marked: str, place: int) -> str:
    before, after = marked[:place], marked[place + 1 :]
    if marked == _MARK or (not before and after[:1].isspace()):
        return "whole"
    if not before:
        return "beginning"
    for end, sort in (("#", "query"), ("?", "query")):
        if end in before:
            return sort
    scheme = before.find("://")
    authority = before[scheme + 3 :] if scheme >= 0 else before
    if "/" in authority or (scheme < 0 and not after.startswith("://")):
        return "path"
    rest = re.split(r"[/?#]", after, maxsplit=1)[0]
    if "@" in rest:
        return "user"
    return "port" if authority.rpartition("@")[2].endswith(":") else "host"
