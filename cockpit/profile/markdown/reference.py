"""What is looked up: who the roles are, what the probes look at, which values it needs and whom it acts on."""

from __future__ import annotations

import msgspec

from cockpit.profile.durations import written
from cockpit.profile.markdown.around import table
from cockpit.profile.markdown.book import Book
from cockpit.profile.markdown.escaping import code, line
from cockpit.profile.model import Probe, Profile, Role, Target, Variable

ROLES = ("Role", "Title", "People", "Contact")
VARIABLES = ("Variable", "Comes from", "Otherwise", "Pattern", "Secret", "Description")
PROBES = ("Probe", "Watches", "Looks at", "Read", "Passes when", "Warns when", "Fails when", "Value")
EVERY, ON_DEMAND, WITHIN, FAILURES = "every", "on demand, each counts for two times", "within", "failures in a row:"
READ_AGAIN = ("http", "prometheus", "tcp", "tls", "env", "file")
"""Kinds of probes that run nothing: an import may take them over."""
_PLACES = ("url", "dsn", "query", "argv", "script", "host", "port", "path", "variable", "pattern")
"""Settings of probes that say what is looked at, in this order; the others follow."""


def reference(book: Book) -> list[str]:
    """All of it, under one heading."""
    profile = book.profile
    parts = (
        ("Roles", ROLES, [_role(book, each) for each in profile.roles]),
        (
            "Probes",
            PROBES,
            [_probe(book, each) for each in profile.probes],
        ),
        ("Variables", VARIABLES, [_variable(each) for each in profile.variables]),
        ("Targets", ("Target", "Kind", "Must prove to be"), [_target(each) for each in profile.targets]),
        (
            "Channels",
            ("Channel", "Goes to"),
            [(code(each.id), code(each.webhook or each.apprise)) for each in profile.channels],
        ),
    )
    lines = [row for title, heads, rows in parts if rows for row in (f"### {title}", "", *table(heads, rows))]
    lines += _signing(profile)
    return ["## Reference", "", *lines] if lines else []


def _role(book: Book, role: Role) -> tuple[str, ...]:
    people = ", ".join(line(each) for each in role.people)
    return code(role.id), book.text(role.title), people, book.text(role.contact)


def _probe(book: Book, probe: Probe) -> tuple[str, ...]:
    keys = sorted(probe.settings, key=lambda key: _PLACES.index(key) if key in _PLACES else len(_PLACES))
    exact = probe.kind in READ_AGAIN
    looks = ", ".join(code(f"{key} = {_value(probe.settings[key], exact=exact)}") for key in keys)
    value = code(probe.value) + (f" {line(probe.unit)}" if probe.unit else "")
    conditions = (" and ".join(map(code, probe.pass_when)), *map(_any, (probe.warn_when, probe.fail_when)))
    return (
        code(probe.id),
        book.text(probe.title),
        f"{line(probe.kind)}: {looks}",
        _often(probe),
        *conditions,
        value.strip(),
    )


def _any(conditions: tuple[str, ...]) -> str:
    return " or ".join(map(code, conditions))


def _often(probe: Probe) -> str:
    """`every 5s, within 4s, failing from the 2nd on`."""
    said = [f"{ON_DEMAND if probe.on_demand else EVERY} {written(probe.interval_s)}"]
    if probe.timeout_s != Probe(id="", kind="").timeout_s:
        said.append(f"{WITHIN} {written(probe.timeout_s)}")
    return ", ".join([*said, f"{FAILURES} {probe.fail_after}"] if probe.fail_after > 1 else said)


def _value(value: object, *, exact: bool) -> str:
    """A setting as it is written; as JSON if it is no text, or if it has to be read again and would be another one."""
    if isinstance(value, str) and not (exact and (" ".join(value.split()) != value or _is_json(value))):
        return value
    return msgspec.json.encode(value).decode()


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _variable(variable: Variable) -> tuple[str, ...]:
    source = code(variable.value) if variable.value is not None else ""
    if variable.env is not None:
        source = f"environment: {code(variable.env)}"
    elif variable.prompt is not None:
        source = f"asked: {line(variable.prompt)}"
    secret = "yes, only a reference" if variable.secret else ""
    otherwise, pattern = code(variable.default or ""), code(variable.pattern or "")
    return code(variable.name), source or "an empty text", otherwise, pattern, secret, line(variable.description)


def _target(target: Target) -> tuple[str, ...]:
    keys = ("dsn", "database", "system_identifier", "context", "namespace", "kubeconfig", "server")
    proof = ", ".join(code(f"{key} = {getattr(target, key)}") for key in keys if getattr(target, key))
    return code(target.id), line(target.kind), proof


def _signing(profile: Profile) -> list[str]:
    said = []
    if profile.signing != "off":
        what = {"signoffs": "sign-offs and agreements", "facts": "all that people do"}[profile.signing]
        said.append(f"Signed with SSH keys: {what}; keys that count: {code(profile.allowed_signers)}.")
    if profile.reviewed:
        said.append(f"Run only once somebody of {code(profile.allowed_signers)} has approved it.")
    if profile.revoked_keys:
        said.append(f"Keys that count no more: {code(profile.revoked_keys)}.")
    if profile.shared_accounts:
        said.append(f"Shared accounts: {', '.join(map(code, profile.shared_accounts))}.")
    if profile.alerts:
        said.append(f"Who is told while no screen is open: {code(profile.alerts)}.")
    if profile.requests_per_s is not None:
        said.append(f"All probes together may ask {profile.requests_per_s:g} times a second.")
    return ["### Further settings", "", *(f"- {each}" for each in said), ""] if said else []
