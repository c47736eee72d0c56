"""What a runbook leaves to be filled in: `[PLACEHOLDER]`, `<user_id>`, `your-api-url`, `$VAR`."""

from __future__ import annotations

import re

from cockpit.importing.draft import Draft
from cockpit.importing.naming import slug
from cockpit.profile.model import Variable

_TOKEN = re.compile(r"\[[A-Z][A-Z0-9_ ]{1,40}\]|<[a-z][a-z0-9_-]{1,40}>")
_YOUR = re.compile(r"\byour-[a-z0-9-]+\b")
_RUN = {
    "date": "run.window_date",
    "start_time": "run.window_start",
    "end_time": "run.window_end",
    "timezone": "run.timezone",
}
_SHELL = re.compile(r"\$(?:\{([A-Z][A-Z0-9_]*)\}|([A-Z][A-Z0-9_]*))")
_SECRET = re.compile(r"SECRET|TOKEN|KEY|PASSWORD|PASSWD|DATABASE_URL|DSN|CREDENTIAL")


def literal(text: str) -> str:
    """The text as cockpit will show it: what would read as a variable of cockpit is escaped."""
    return text.replace("${", "$${")


def filled(text: str, draft: Draft) -> str:
    """The text, escaped, with its placeholders as `${variables}` of the profile."""

    def _token(match: re.Match[str]) -> str:
        name = slug(match[0])
        if draft.window is not None and (known := _RUN.get(name)):
            return f"${{{known}}}"
        return f"${{{_declare(name, draft, default=match[0])}}}"

    return _YOUR.sub(_token, _TOKEN.sub(_token, literal(text)))


def in_url(text: str, draft: Draft) -> str:
    """A URL of a runbook with its placeholders and shell variables as variables that have to be given."""
    text = _SHELL.sub(lambda match: f"${{{shell_variable(match[1] or match[2], draft)}}}", text)
    return _YOUR.sub(lambda match: f"${{{_declare(slug(match[0].removeprefix('your-')), draft)}}}", text)


def shell_variable(name: str, draft: Draft) -> str:
    """The profile's variable for one of the environment: declared, secret if its name says so."""
    own = slug(name)
    if own not in draft.variables:
        draft.variables[own] = Variable(name=own, env=name, secret=bool(_SECRET.search(name)))
    return own


def _declare(name: str, draft: Draft, *, default: str | None = None) -> str:
    if name not in draft.variables:
        draft.variables[name] = Variable(name=name, env=name.upper(), default=default)
    return name
