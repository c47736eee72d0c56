"""What a request on the command line asks: `curl`, `wget`, HTTPie, and the checks behind it in the same line.

Only what asks how a system is becomes a probe: a GET or HEAD of a health URL that has a host and no password in it.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cockpit.importing.shell_tree import Patience, Script, Simple

Auth = Literal["", "bearer", "pasted", "basic"]
"""`bearer`: a variable holds the token. `pasted`: the token stands in the text. `basic`: a user and password."""

_HEALTH = re.compile(r"health(?:z|check)?|ready|readyz|readiness|livez|liveness|heartbeat")
_HEALTH_WHOLE = re.compile(r"status|ping|up|alive|live")
_VALUED = "XHdoAbcCDeEFhKmPQrtTuUwxyYzZ"
"""curl's short options that take a value (curl(1))."""
_LONG_VALUED = re.compile(
    r"request|header|data(?:-\w+)?|json|form|output|user|user-agent|cookie|cookie-jar|max-time|connect-timeout|proxy"
    r"|retry(?:-\w+)*|write-out|url|cacert|cert|key|resolve|referer|range|interface|upload-file|config|ciphers|noproxy"
    r"|limit-rate|connect-to|capath|proto|tls-max|unix-socket"
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?$|<[\w -]+>$|\[[A-Z_ ]+\]$|\{\{ ?[\w.]+ ?\}\}$")


class Request(Struct, frozen=True, kw_only=True):
    """What a command asks."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    has_body: bool = False
    fails: bool = False
    """A status from 400 on is a failure (`-f`)."""
    follows: bool = False
    insecure: bool = False
    """It does not verify certificates (`-k`)."""
    max_s: float | None = None
    discards: bool = False
    """It throws the answer's body away (`-o /dev/null`)."""
    auth: Auth = ""
    token: str = ""
    """The variable that holds the token, as written: `$TOKEN`."""
    remote: bool = False
    """It is asked from elsewhere: from within a container, or over SSH."""
    jq: str = ""
    """The filter of a `| jq -e …` behind it; empty: none."""
    grep: str = ""
    """What a `| grep …` behind it looks for."""
    grep_options: str = ""

    @property
    def is_health(self) -> bool:
        """It only asks how a system is: a GET or HEAD whose path says so, or of no path at all."""
        path = self.path.lower()
        asks = self.method in ("GET", "HEAD") and not self.has_body
        if path in ("", "/"):
            return asks and (self.method == "HEAD" or self.discards)
        segments = path.split("/")
        words = [word for segment in segments for word in re.split(r"[_.-]", segment)]
        named = any(_HEALTH.fullmatch(word) for word in words) or any(map(_HEALTH_WHOLE.fullmatch, segments))
        return asks and named

    @property
    def path(self) -> str:
        """Of its URL, from the first `/` after the host on, without a query."""
        return self.url.split("://")[-1].partition("/")[2].split("?")[0].split("#")[0]


def requests_of(commands: tuple[Simple, ...]) -> tuple[Request, ...]:
    """What the commands of one line ask, in order; a `jq` or `grep` right behind one belongs to it."""
    found: list[Request] = []
    is_behind = False  # a `jq` behind any other command reads what that one prints
    for command in commands:
        if command.words[0] in _READERS:
            asked = _READERS[command.words[0]](command)
            found += asked
            is_behind = bool(asked)
        elif is_behind and command.words[0] == "jq":
            found[-1] = _with(found[-1], jq=_filter(command.words))
        elif is_behind and command.words[0] in ("grep", "egrep"):
            found[-1] = _with(found[-1], **_pattern(command.words))
        elif command.words[0] != "tee":
            is_behind = False
    return tuple(found)


def request_of(command: str) -> Request | None:
    """The first request of a command, or None if it makes none."""
    script = Script(command, Patience())
    return next(iter(requests_of(tuple(script.simples(script.root)))), None) if script.root is not None else None


def _with(request: Request, **changes: str) -> Request:
    return Request(**{**{name: getattr(request, name) for name in request.__struct_fields__}, **changes})


def _filter(words: tuple[str, ...]) -> str:
    """jq fails by what it finds only with `-e`."""
    exits = any(word == "--exit-status" or (word[:1] == "-" and word[1:2] != "-" and "e" in word) for word in words[1:])
    plain = [word for word in words[1:] if not word.startswith("-")]
    return plain[0] if exits and plain else ""


def _pattern(words: tuple[str, ...]) -> dict[str, str]:
    options = "".join(word[1:] for word in words[1:] if word.startswith("-") and not word.startswith("--"))
    plain = [word for word in words[1:] if not word.startswith("-")]
    return {"grep": plain[0] if plain else "", "grep_options": options}


class _Read(Struct):
    """The options of one command, as they are met."""

    urls: list[str]
    method: str = ""
    headers: dict[str, str] = {}
    has_body: bool = False
    fails: bool = False
    follows: bool = False
    insecure: bool = False
    max_s: float | None = None
    discards: bool = False
    auth: Auth = ""
    token: str = ""

    def requests(self, *, remote: bool) -> list[Request]:
        method = self.method or ("POST" if self.has_body else "GET")
        return [
            Request(
                url=url,
                method=method,
                headers=self.headers,
                has_body=self.has_body,
                fails=self.fails,
                follows=self.follows,
                insecure=self.insecure,
                max_s=self.max_s,
                discards=self.discards,
                auth=self.auth,
                token=self.token,
                remote=remote,
            )
            for url in self.urls
        ]


def _curl(command: Simple) -> list[Request]:
    read = _Read(urls=[], headers={})
    words = list(command.words[1:])
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            if _LONG_VALUED.fullmatch(name) and not value and words:
                value = words.pop(0)
            _option(name, value, read)
        elif word.startswith("-") and len(word) > 1:
            _letters(word[1:], words, read)
        else:
            read.urls.append(word)
    return read.requests(remote=command.remote)


def _letters(letters: str, words: list[str], read: _Read) -> None:
    for at, letter in enumerate(letters):
        if letter in _VALUED:
            value = letters[at + 1 :] or (words.pop(0) if words else "")
            _option(_SHORT.get(letter, letter), value, read)
            return
        _option(_SHORT.get(letter, letter), "", read)


_SHORT = {
    "X": "request", "H": "header", "d": "data", "F": "form", "f": "fail", "o": "output", "L": "location",
    "k": "insecure", "I": "head", "m": "max-time", "u": "user", "b": "cookie", "T": "upload-file", "G": "get",
}  # fmt: skip


def _option(name: str, value: str, read: _Read) -> None:
    match name:
        case "request":
            read.method = value.upper()
        case "url":
            read.urls.append(value)
        case "header":
            _header(value, read)
        case "fail" | "fail-with-body":
            read.fails = True
        case "location":
            read.follows = True
        case "insecure":
            read.insecure = True
        case "head":
            read.method = "HEAD"
        case "output":
            read.discards = value == "/dev/null"
        case "get":
            read.has_body, read.method = False, "GET"
        case "max-time":
            read.max_s = float(value) if re.fullmatch(r"\d{1,4}(?:\.\d{1,3})?", value) else None
        case "user" | "cookie" | "cert" | "key":
            read.auth = "basic"
        case "json" | "form" | "upload-file":
            read.has_body = True
        case _ if name.startswith("data"):
            read.has_body = True


def _header(written: str, read: _Read) -> None:
    name, _, value = written.partition(":")
    name, value = name.strip(), value.strip()
    scheme, _, token = value.partition(" ")
    held = _VARIABLE.search(token or value)
    if name.lower() in ("authorization", "proxy-authorization", "cookie"):
        read.auth = "bearer" if scheme.lower() == "bearer" and held and held.start() == 0 else "pasted"
        read.token = token if read.auth == "bearer" else ""
    elif re.search(r"key|token|secret|auth", name, re.IGNORECASE) and not held:
        read.auth = "pasted"
    elif name and value:
        read.headers = {**read.headers, name: value}


def _wget(command: Simple) -> list[Request]:
    read = _Read(urls=[], headers={}, fails=True, follows=True)
    for word in command.words[1:]:
        if word == "--spider":
            read.method = "HEAD"
        elif word == "--no-check-certificate":
            read.insecure = True
        elif word.startswith(("--post-", "--body-", "--method=")):
            read.has_body = True
        elif word.startswith("--header="):
            _header(word.partition("=")[2], read)
        elif word.startswith(("--user", "--password", "--http-")):
            read.auth = "basic"
        elif "://" in word or word.startswith("$"):
            read.urls.append(word)
    return read.requests(remote=command.remote)


def _httpie(command: Simple) -> list[Request]:
    read = _Read(urls=[], headers={})
    plain = [word for word in command.words[1:] if not word.startswith("-")]
    read.fails = "--check-status" in command.words
    read.follows = bool({"--follow", "-F"} & set(command.words))
    if {"-a", "--auth", "-A"} & set(command.words):
        read.auth = "basic"
    if plain and plain[0].upper() in _METHODS:
        read.method = plain.pop(0).upper()
    if not plain:
        return []
    url = (
        plain[0]
        if not plain[0].startswith(":")
        else f"localhost{'' if plain[0].startswith(':/') else ':'}{plain[0].lstrip(':')}"
    )
    read.urls = [url if "://" in url or url.startswith("$") else f"{command.words[0]}://{url}"]
    for item in plain[1:]:
        if "==" in item or ":=" in item or re.match(r"[\w-]+=", item):
            read.has_body = read.has_body or "==" not in item
        elif ":" in item:
            _header(item, read)
    return read.requests(remote=command.remote)


_READERS = {"curl": _curl, "wget": _wget, "http": _httpie, "https": _httpie, "xh": _httpie}
