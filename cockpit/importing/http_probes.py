"""Health checks of a runbook as `http` probes.

Nothing is asked that the source did not ask: GET or HEAD, the same URL, a token only from a variable. A URL without a
host, one that is asked from within a container, and one that needs a password are none.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing.answers import all_of, from_grep, from_jq, from_prose
from cockpit.importing.curl import Request
from cockpit.importing.draft import Draft
from cockpit.importing.placeholders import in_url, literal
from cockpit.probes.http.declaration import url_problems
from cockpit.profile.model import Probe

_ASKED = re.compile(r"https?://[\w.-]+(?::\d{1,5})?(?:[/?#][^\s<>\[\]{}|\\^`\"'$]*)?")
_HOST = re.compile(r"[\w.-]{1,200}(?::\d{1,5})?(?:[/?#]|$)")
_LONGEST_URL = 2000


def health_probe(request: Request, draft: Draft, line: int, *, title: str = "", told: tuple[str, ...] = ()) -> str:
    """The id of the probe that asks what a request asks; empty if it is none. `told`: remarks on what is expected."""
    if not request.is_health or request.remote or request.auth in ("pasted", "basic"):
        return ""
    settings = _settings(request, draft)
    if settings is None:
        return ""
    expected = all_of(from_jq(request.jq), from_grep(request.grep, request.grep_options), from_prose(told))
    known = next((probe for probe in draft.probes if probe.kind == "http" and probe.settings == settings), None)
    if known is None:
        known = Probe(
            id=draft.probe_ids.take(_words(request), "health"),
            kind="http",
            title=literal(title),
            timeout_s=min(request.max_s, 60.0) if request.max_s else 5.0,
            interval_s=max(10.0, min(request.max_s or 0.0, 60.0)),
            settings=settings,
        )
        draft.probes.append(known)
        draft.comment("probes", known.id, draft.place(line, line))
        _remark(request, known, draft, line)
    expect(known.id, expected, draft)
    draft.ledger.give(line, line, f"probe {known.id}")
    return known.id


def expect(probe_id: str, conditions: tuple[str, ...], draft: Draft) -> None:
    """Add conditions to a probe's."""
    for at, probe in enumerate(draft.probes):
        if probe.id == probe_id and conditions:
            draft.probes[at] = replace(probe, pass_when=all_of(probe.pass_when, conditions))


def full_url(written: str, draft: Draft) -> str:
    """A URL as a probe's setting, its placeholders as variables; empty if it is none that can be asked."""
    if len(written) > _LONGEST_URL or "$(" in written or "`" in written or "@" in written.split("?")[0]:
        return ""
    if "://" not in written and not written.startswith("$") and not _HOST.match(written):
        return ""
    if written.startswith("/"):
        return ""
    url = written if "://" in written or written.startswith("$") else f"http://{written}"
    if not url.startswith(("http://", "https://", "$")):
        return ""
    before = dict(draft.variables)
    filled = in_url(url, draft)
    rest = re.sub(r"\$\{\w+\}", "x", filled)
    whole = rest if "://" in rest else f"http://{rest}"
    if _ASKED.fullmatch(whole) and not url_problems("url", whole):
        return filled
    draft.variables = before
    return ""


def _settings(request: Request, draft: Draft) -> dict[str, object] | None:
    url = full_url(request.url, draft)
    if not url:
        return None
    settings: dict[str, object] = {"url": url}
    if request.method != "GET":
        settings["method"] = request.method
    if request.headers:
        settings["headers"] = {name: in_url(value, draft) for name, value in request.headers.items()}
    if request.auth == "bearer":
        settings["bearer"] = in_url(request.token, draft)
    if request.follows:
        settings["follow_redirects"] = True
    return settings


def _words(request: Request) -> str:
    """What a probe is called: its path; of a host alone, the host."""
    path = re.sub(r"\$\{?\w+\}?|<[^>]*>", " ", request.path)
    return path if re.search("[A-Za-z]", path) else re.sub(r"^\w+://", "", request.url)


def _remark(request: Request, probe: Probe, draft: Draft, line: int) -> None:
    if request.insecure:
        draft.comment(
            "probes", probe.id, "the runbook does not verify certificates here (-k); cockpit does: see `ca_file`"
        )
        draft.note(line, f"probe `{probe.id}` verifies certificates, which the runbook does not (-k)")
    if request.jq and not from_jq(request.jq):
        draft.comment("probes", probe.id, f"its answer is checked by jq, write it as a condition: {request.jq}")
        draft.note(line, f"probe `{probe.id}`: what jq checks has to be written as a condition")
