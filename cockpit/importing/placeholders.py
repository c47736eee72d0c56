"""What a runbook leaves to be filled in: `[PLACEHOLDER]`, `<user_id>`, `{{ name }}`, `your-api-url`, `$VAR`.

One name is one variable, however it is written. In texts a variable's default is the placeholder as it stands, so that
nothing waits for it; where something is asked of a URL it has none and has to be given. What names a secret stays in
texts as it is written, for no secret may stand there. What names nothing (`xxx`, `____`, `TBD`) stays as it is, too.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing.draft import Draft
from cockpit.importing.html_names import is_placeholder
from cockpit.importing.naming import slug
from cockpit.profile.model import Variable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BOXED = re.compile(r"(?<![\w\]!$\\])\[([A-Za-z][A-Za-z0-9_ '/-]{1,40})\](?![(\[:\w])")
_ANGLED = re.compile(r"(?<![A-Za-z]{2})(?<![<&$])<([A-Za-z][A-Za-z0-9_ -]{0,40})>(?!>)")
_BRACED = re.compile(r"(?<![${\w])\{\{ ?([A-Za-z_][A-Za-z0-9_]{0,40}) ?\}\}(?!\})")
_BRACE = re.compile(r"(?<![${%\w\"'])\{([a-z][a-z0-9_]{1,40})\}(?![}\w\"'])")
_PERCENT = re.compile(r"(?<![\w%])%([A-Z][A-Z0-9_]{2,40})%(?![\w%])")
_YOUR = re.compile(r"(?<![\w$-])(?:your|YOUR|Your)[-_]([A-Za-z0-9][A-Za-z0-9_-]{1,40})(?![\w-])")
_IN_PROSE = (_BRACED, _BOXED, _ANGLED, _YOUR, _BRACE, _PERCENT)
_IN_CODE = (_BRACED, _ANGLED, _YOUR)
_IN_URL = (_BRACED, _ANGLED, _YOUR, re.compile(r"(?<![$\w])\[([A-Z][A-Z0-9_]{1,40})\]"), _BRACE)
_ASKS = re.compile(
    r"(?:your|ihr|votre|su|insert|enter|add|specify|name of|the name of|fill in|link to|put) ", re.IGNORECASE
)
_LABELS = _words(
    """
    critical required optional todo warning warn note info error errors debug important done fail failed pass
    passed wip new recommended deprecated beta mandatory urgent blocker caution alert high medium none true
    false null trace fatal manual automated verify check staging production
    """
)
_SHORT = _words(
    """
    url env tag sha key id ip pr db host port name user date time ref app arn dns zone team who
    """
)
_RUN = {
    "date": "run.window_date",
    "window_date": "run.window_date",
    "start_time": "run.window_start",
    "window_start": "run.window_start",
    "end_time": "run.window_end",
    "window_end": "run.window_end",
    "timezone": "run.timezone",
    "time_zone": "run.timezone",
}
_SHELL = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_SECRET = re.compile(
    r"(?:^|_)(?:SECRETS?|TOKEN|KEY|PASSWORD|PASSWD|PASSPHRASE|PWD|PASS|CREDENTIALS?|DSN|COOKIE|BEARER|APIKEY)(?:_|$)|"
    r"(?:^|_)(?:DATABASE|DB|REDIS|MONGO|MONGODB|POSTGRES|POSTGRESQL|MYSQL|AMQP|RABBITMQ|BROKER)_UR[IL](?:_|$)|"
    r"CONNECTION_STRING"
)
_NO_SECRET = re.compile(
    r"(?:^|_)PUBLIC_KEY|PRIMARY_KEY|FOREIGN_KEY|_(?:TTL|FILE|PATH|NAME|COUNT|LENGTH|TYPE|TIMEOUT|EXPIRY|ID)$"
)


def literal(text: str) -> str:
    """The text as cockpit will show it: what would read as a variable of cockpit is escaped."""
    return text.replace("${", "$${")


def filled(text: str, draft: Draft, *, code: bool = False) -> str:
    """The text, escaped, with its placeholders as `${variables}` of the profile.

    In `code` brackets and braces belong to the language: only `<user_id>`, `{{ name }}` and `your-name` count.
    """

    def _token(match: re.Match[str]) -> str:
        name = _name(match)
        known = draft.variables.get(name)
        if not name or _is_secret(name) or (known is not None and known.secret):
            return match[0]
        if not code and draft.window is not None and (run := _RUN.get(name)):
            return f"${{{run}}}"
        return f"${{{_declare(name, draft, default=match[0])}}}"

    text = literal(text)
    for pattern in _IN_CODE if code else _IN_PROSE:
        text = pattern.sub(_token, text)
    return text


def in_url(text: str, draft: Draft) -> str:
    """A URL of a runbook with its placeholders and shell variables as variables that have to be given."""

    def _token(match: re.Match[str]) -> str:
        name = _name(match)
        return f"${{{_declare(name, draft)}}}" if name else match[0]

    kept: list[str] = []

    def _kept(match: re.Match[str]) -> str:
        kept.append(f"${{{shell_variable(match[1] or match[2], draft)}}}")
        return f"\0{len(kept) - 1}\0"

    text = _SHELL.sub(_kept, text)
    for pattern in _IN_URL:
        text = pattern.sub(_token, text)
    return re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], text)


def shell_variable(name: str, draft: Draft) -> str:
    """The profile's variable for one of the environment: declared, secret if its name says so."""
    own = _safe(slug(name)) or "value"
    if own not in draft.variables:
        draft.variables[own] = Variable(name=own, env=name, secret=_is_secret(name))
    return own


def _declare(name: str, draft: Draft, *, default: str | None = None) -> str:
    known = draft.variables.get(name)
    if known is None:
        secret = default is None and _is_secret(name)
        draft.variables[name] = Variable(name=name, env=name.upper(), default=default, secret=secret)
    elif default is None and known.default is not None:
        draft.variables[name] = replace(known, default=None)
    return name


def _name(match: re.Match[str]) -> str:
    """What a placeholder names; empty if it is none."""
    said, lower = match[1].strip(), match[1].strip().lower()
    if match.re is _ANGLED and not is_placeholder(match[0]):
        return ""
    if match.re is _BOXED and not _is_boxed(said):
        return ""
    name = slug(re.sub(r"^(?:your|the|insert|enter)[ _-]+", "", lower))
    return _safe(name)


def _is_boxed(said: str) -> bool:
    """`[START_TIME]`, `[YOUR URL]`, `[Your DevOps Team]`; no label, no role's letters, no words of a sentence."""
    if _ASKS.match(said):
        return True
    if re.fullmatch(r"[A-Z]+-\d+", said):  # a ticket
        return False
    if said != said.upper() or said.lower() in _LABELS or any(each in _LABELS for each in said.lower().split()):
        return False
    return len(said) > 3 or said.lower() in _SHORT


def _safe(name: str) -> str:
    return f"{name}_value" if name in ("run", "recorded", "since") else name


def _is_secret(name: str) -> bool:
    upper = name.upper()
    return _SECRET.search(upper) is not None and _NO_SECRET.search(upper) is None
