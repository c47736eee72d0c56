"""How a PostgreSQL server has to prove who it is: the one rule for probes, targets and stores.

libpq by itself (`sslmode=prefer`) verifies nothing and falls back to no encryption at all (PostgreSQL documentation,
34.19). Here a server on another host is verified, name and all, unless the connection string, `PGSSLMODE` or a service
file weakens that on purpose; and then only if the profile says why. A Unix socket and loopback need no proof.

Invariant: decided before anything is sent, by what libpq will go by: connection string, then service, then environment.
Nothing here shows a connection string.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.elsewhere import is_here
from cockpit.text import shortened

VERIFIED = "verify-full"
_ENVIRONMENT = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
    "service": "PGSERVICE", "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
}  # fmt: skip
_OLD_TLS = frozenset({"TLSv1", "TLSv1.1"})
_SERVICE_BYTES = 65536
_SPACES = " \t\n\r\f\v"
"""As isspace(3) has them, by which libpq goes."""
_PAIR = late(r"\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?!')(?:[^\s\\]|\\.)*\\?))", re.DOTALL | re.ASCII)
_URI = late(r"postgres(?:ql)?://(?P<user>[^@/?]*@)?(?P<places>[^/?]*)(?P<name>[^?]*)\??(?P<query>.*)", re.DOTALL)


class Proof(Struct, frozen=True):
    """What a connection needs so that its server is verified, and what stands against it."""

    added: Mapping[str, str] = {}
    """Keywords of libpq to add to the connection string."""
    objection: str = ""
    """Why the server would not be verified, one sentence without secrets; empty: it will be, or needs no proof."""
    is_waived: bool = False
    """A reason was given, and nothing else asks the server for proof."""


def proof(given: Mapping[str, object], environ: Mapping[str, str] = os.environ, *, reason: str = "") -> Proof:
    """How the server of a connection string, taken apart, is verified; with a `reason` libpq's own ways are left."""
    known = _Known(given, environ)
    elsewhere = known.hosts_elsewhere()
    mode, where = known.value("sslmode")
    if not elsewhere or reason:
        return Proof(is_waived=bool(elsewhere) and mode != VERIFIED)
    if mode not in ("", VERIFIED):
        host = shortened(elsewhere[0], 80)
        return Proof(objection=f"`sslmode={shortened(mode, 20)}` of {where} does not verify the server {host}")
    added = {} if mode else {"sslmode": VERIFIED}
    if not known.value("sslrootcert")[0] and not _own_authorities(environ).exists():
        added["sslrootcert"] = _system_authorities()
    if known.value("ssl_min_protocol_version")[0] in _OLD_TLS:
        added["ssl_min_protocol_version"] = "TLSv1.2"
    return Proof(added)


CURE = 'leave `sslmode` out, so that it is verified, or say in the profile why not: `unverified = "…"`'
"""What is to be done about an objection."""


def refused_proof(said: str, way_out: str = "`unverified`") -> str:
    """What to add to libpq's words where a server could not prove who it is; empty if that is not the matter."""
    if re.search(r"certificate|does not support SSL|SSL was required|SSL error", said):
        return f"a server on another host has to prove who it is; {way_out} says why not"
    return ""


class _Known:
    """What libpq will go by."""

    def __init__(self, given: Mapping[str, object], environ: Mapping[str, str]) -> None:
        self._given = {name: str(value) for name, value in given.items() if value not in (None, "")}
        self._environ = environ
        service = self._given.get("service") or environ.get("PGSERVICE", "")
        self._service = _service(service, environ) if service else {}
        self._service_name = service

    def value(self, name: str) -> tuple[str, str]:
        """A keyword's value, and where it comes from; empty where nobody gives one."""
        if name in self._given:
            return self._given[name], "the connection string"
        if name in self._service:
            return self._service[name], f"service `{shortened(self._service_name, 60)}`"
        variable = _ENVIRONMENT[name]
        return self._environ.get(variable, ""), variable

    def hosts_elsewhere(self) -> list[str]:
        """The hosts that are not this machine, as written: a name is verified, and an address beside it is called."""
        names, addresses = (self.value(name)[0].split(",") for name in ("host", "hostaddr"))
        many = max(len(names), len(addresses))
        named = zip(names + [""] * (many - len(names)), addresses + [""] * (many - len(addresses)), strict=True)
        places = [place for each in named for place in map(str.strip, each)]
        return [place for place in places if place and place[0] not in "/@" and not is_here(place)]


def _service(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """A section of the service files (34.17), the user's before the system's."""
    files = [environ.get("PGSERVICEFILE") or _home(environ) / ".pg_service.conf"]
    if folder := environ.get("PGSYSCONFDIR"):
        files.append(Path(folder) / "pg_service.conf")
    for file in files:
        try:
            with open(file, "rb") as lines:
                text = lines.read(_SERVICE_BYTES).decode(errors="replace")
        except OSError:
            continue
        if found := _section(text, name):
            return found
    return {}


def _section(text: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    is_in = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            is_in = line == f"[{name}]"
        elif is_in and line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key.strip()] = value.strip()
    return found


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or os.path.expanduser("~"))


def _own_authorities(environ: Mapping[str, str]) -> Path:
    """libpq's own place for them (34.19.1)."""
    return _home(environ) / ".postgresql" / "root.crt"


def _system_authorities() -> str:
    """The file that Python's TLS trusts too: the OpenSSL inside psycopg's wheels looks where nothing is."""
    import ssl  # 10 ms, which a profile without such a database does not need

    return ssl.get_default_verify_paths().cafile or "system"


def taken_apart(dsn: str) -> dict[str, str]:
    """Keywords and values of a connection string or URI, as far as they can be told without a driver."""
    uri = _URI.fullmatch(dsn)
    if uri is None:
        return _pairs(dsn)
    hosts = [_host(each) for each in uri["places"].split(",")]
    return {"host": ",".join(hosts), **dict(parse_qsl(uri["query"]))}


def is_torn(dsn: str) -> bool:
    """Whether libpq takes a part of a URI's password for host, port or database: `@` or `/` in it is not escaped."""
    uri = _URI.fullmatch(dsn)
    return uri is not None and "@" in uri["places"] + uri["name"]


def _host(place: str) -> str:
    bracketed = re.match(r"\[([^\]]*)\]", place)
    return bracketed[1] if bracketed else unquote(place.partition(":")[0])


def _pairs(dsn: str) -> dict[str, str]:
    """The keywords and values of a connection string (34.1.1.1); nothing if it is none."""
    found: dict[str, str] = {}
    at = 0
    while dsn[at:].strip(_SPACES):
        pair = _PAIR.match(dsn, at)
        if pair is None:
            return {}
        found[pair[1]] = re.sub(r"\\(.)", r"\1", pair[2] or pair[3] or "", flags=re.DOTALL)
        at = pair.end()
    return found
