"""Secrets told by where they stand: in a URL, a header, a cookie, an option of a program that takes passwords, SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from cockpit.patterns import late
from cockpit.secret_shapes.found import Found
from cockpit.secret_shapes.standing_in import looks_random, stands_in
from cockpit.secret_shapes.windows import lines_with, lowered

_VALUE = r"""(?P<quote>["']?)(?P<value>(?<=")[^"\n]{1,300}|(?<=')[^'\n]{1,300}|[^\s"'|;&<>]{1,300})"""
_URL = late(r"""://(?P<user>[^\s/@:'"<>`]{0,100}):(?P<value>[^\s/'"<>`]{1,200})@(?P<host>[\w.-]{0,80})""")
"""RFC 3986, 3.2.1: the part of the authority before its last `@`."""
_SCHEME = late(r"([a-z][a-z0-9]{0,20})(?:[+.-][a-z0-9]{1,20})?\Z", re.IGNORECASE)
_LOCAL = ("localhost", "127.0.0.1", "db", "postgres", "mysql", "redis", "host.docker.internal")
_STORES = {
    "postgres": "DATABASE", "postgresql": "DATABASE", "mysql": "DATABASE", "mariadb": "DATABASE", "mssql": "DATABASE",
    "sqlserver": "DATABASE", "jdbc": "DATABASE", "mongodb": "MONGODB", "redis": "REDIS", "rediss": "REDIS",
    "amqp": "AMQP", "amqps": "AMQP", "smtp": "SMTP", "smtps": "SMTP", "ftp": "FTP", "sftp": "SFTP", "ldap": "LDAP",
}  # fmt: skip
_COOKIES = late(
    r"""(?:\b(?:set-)?cookie["']?\s{0,3}:\s{0,3}|\s(?:-b|--cookie)[ =])(?P<pairs>["']?[^"'\n]{3,4000})""", re.IGNORECASE
)
_COOKIE = late(r"""([\w.-]{1,80})=([^;\s"']{6,4000})""")
_ATTRIBUTES = ("path", "domain", "max-age", "expires", "samesite", "version")


class Place(NamedTuple):
    """A place whose group `value` is a secret, unless something stands in for it."""

    what: str
    name: str
    needle: str
    """In lower case; it stands in every text that has such a place."""
    pattern: str
    random: bool = False
    """Only what can be no word counts."""


def _place(what: str, name: str, needle: str, pattern: str, *, random: bool = False) -> Place:
    return Place(what, name, needle, pattern.replace("VALUE", _VALUE), random)


_PLACES = (
    # RFC 9110, 11.6.2; RFC 6750; RFC 7617
    _place("a bearer token", "BEARER_TOKEN", "bearer", r"authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?bearer\s{1,3}(?P<value>[^\s\"'`,;\\<>]{4,8000})"),
    _place("a bearer token", "BEARER_TOKEN", "bearer", r"\bbearer\s{1,3}(?P<value>[\w.~+/=-]{16,8000})", random=True),
    _place("a name and password", "BASIC_AUTH", "basic", r"authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?basic\s{1,3}(?P<value>[A-Za-z0-9+/=_-]{6,2000})"),
    _place("an authorization", "AUTHORIZATION", "authorization", r"\bauthorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:(?:token|apikey|api-key|key|digest)\s{1,3})?(?P<value>[^\s\"'`,;\\<>]{6,4000})", random=True),
    _place("a password", "CURL_PASSWORD", "curl", r"\bcurl\b[^\n|]{0,400}?\s(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{1,80}:(?P<value>[^\s\"']{1,200})"),
    _place("a password", "CURL_PASSWORD", "-u", r"\n\s+(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,80}:(?P<value>[^\s\"']{1,200})", random=True),
    _place("a password", "MYSQL_PASSWORD", "-p", r"\b(?:mysql\w{0,8}|mariadb[\w-]{0,8}|mycli|xtrabackup)\s[^\n|;]{0,160}?(?<=\s)-p(?![\s-])VALUE"),
    _place("a password", "PASSWORD", "-p", r"\b(?:sshpass|mongo|mongosh|mongodump|mongorestore|(?:docker|podman|oc|az|skopeo|buildah|helm registry|cf|crane|oras)[^\n|;]{0,40}\slogin)\s[^\n|;]{0,160}?(?<=\s)-p[ =]?(?!-)VALUE"),
    _place("a password", "REDIS_PASSWORD", "redis-cli", r"\bredis-cli\s[^\n|;]{0,160}?(?<=\s)-a[ =]?VALUE"),
    _place("a password", "LDAP_PASSWORD", "ldap", r"\bldap\w{2,8}\s[^\n|;]{0,160}?(?<=\s)-w[ =]?(?!-)VALUE"),
    _place("a password", "ARCHIVE_PASSWORD", "zip", r"\b(?:un)?zip\s[^\n|;]{0,200}?(?-i:(?<=\s)-P)[ =]?VALUE"),
    _place("a passphrase", "PASSPHRASE", "pass:", r"-pass(?:in|out|word)?[ =][\"']?pass:VALUE"),
    _place("a password", "PASSWORD", "stdin", r"\b(?:echo|printf)\s{1,3}(?:-n\s{1,3})?(?:[\"']%s(?:\\n)?[\"']\s{1,3})?VALUE[\"']?\s{0,3}\|[^\n|]{0,200}(?:--password-stdin|--stdin\b|sudo -S)"),
    _place("a password", "PASSWORD", "chpasswd", r"\becho\s{1,3}[\"']?[\w.-]{1,40}:(?P<value>[^\s\"'|]{3,200})[\"']?\s{0,3}\|[^\n]{0,40}chpasswd"),
    _place("a secret", "SECRET_VALUE", "base64", r"\becho\s{1,3}(?:-n\s{1,3})?VALUE[\"']?\s{0,3}\|\s{0,3}base64\b(?! -d| --d)", random=True),
    _place("a secret", "SECRET_VALUE", "--from-literal", r"--from-literal[ =][\"']?[\w.-]{1,80}=VALUE"),
    _place("a password", "DATABASE_PASSWORD", "identified", r"\bidentified\s{1,9}(?:with\s{1,9}\S{1,40}\s{1,9})?(?:by|as)\s{1,9}(?P<value>(?<=\s)'[^'\n]{1,200}'|\"[^\"\n]{1,200}\")"),
    _place("a password", "DATABASE_PASSWORD", "password", r"\bpassword\s{1,9}(?:[EN])?(?P<value>'[^'\n]{1,200}')"),
    _place("a password", "PASSWORD", "</", r"<(?P<tag>\w{0,40}(?:password|passwd|secret|token|apikey|api-key)\w{0,20})>(?P<value>[^<\s]{3,300})</"),
    _place("a password", "NETRC_PASSWORD", "login", r"\blogin\s{1,9}\S{1,100}\s{1,9}password\s{1,9}(?P<value>\S{3,200})"),
    _place("a password", "PASSWORD", "credential", r"\bcred(?:ential)?s?\b[^\n:=]{0,40}[:=]\s{0,3}[`*\"']{0,3}[\w.@+-]{1,60}[`*\"']{0,3}\s{0,3}[/:|,]\s{0,3}[`*\"']{0,3}(?P<value>[^\s`\"']{6,200})", random=True),
    _place("a password", "PASSWORD", "pass", r"\b(?:user(?:name)?|login|email)\s{0,3}(?:/|and|&|\+)\s{0,3}pass(?:word)?\s{0,3}[:=]\s{0,3}[`*\"']{0,3}[\w.@+-]{1,60}[`*\"']{0,3}\s{0,3}[/:|,]\s{0,3}[`*\"']{0,3}(?P<value>[^\s`\"']{5,200})", random=True),
    _place("a password", "PASSWORD", "pass", r"\bpass(?:word|phrase|code|wd)?s?\b(?: for [^\n:.=]{1,60}?)?(?:\s(?:is|was|are|to|becomes)\b|\s?(?:->|→))\s{0,3}:?\s{0,3}[`*_\"'“]{0,3}(?P<value>[^\s`\"'”]{4,200})", random=True),
    _place("a password", "PASSWORD", "pass", r"\bpass(?:word|phrase|code|wd)\s{1,3}[`\"'“](?P<value>[^\s`\"'”]{4,200})[`\"'”]", random=True),
    _place("a token", "TOKEN", "token", r"\btoken\b(?: for [^\n:.=]{1,60}?)?(?:\s(?:is|was|to|becomes)\b|\s?(?:->|→))\s{0,3}:?\s{0,3}[`*_\"'“]{0,3}(?P<value>[^\s`\"'”]{8,2000})", random=True),
    _place("a key", "API_KEY", "key", r"\b(?:api|access|secret|license|encryption|account) key\b(?: for [^\n:.=]{1,60}?)?(?:\s(?:is|was|to|becomes)\b|\s?(?:->|→))\s{0,3}:?\s{0,3}[`*_\"'“]{0,3}(?P<value>[^\s`\"'”]{8,2000})", random=True),
)  # fmt: skip


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when its needle was seen: most never are."""
    return re.compile(pattern, re.IGNORECASE)


def placed(text: str) -> Iterator[Found]:
    """Every secret that stands where secrets stand, in no order."""
    lower = lowered(text)
    yield from _in_urls(text)
    yield from _in_cookies(text, lower)
    for place in _PLACES:
        for first, last in lines_with(lower, (place.needle,)):
            for match in _compiled(place.pattern).finditer(
                text, max(0, first - 1), last
            ):  # some begin with the line's break
                found = _found(match, place)
                if found is not None:
                    yield found


def _found(match: re.Match[str], place: Place) -> Found | None:
    start, end = match.span("value")
    value = match["value"]
    if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]:
        start, end, value = start + 1, end - 1, value[1:-1]
    if place.random:
        trimmed = value.rstrip(".,;:)*`")
        start, end, value = start, start + len(trimmed), trimmed
    if stands_in(value) or (place.random and not looks_random(value)):
        return None
    return Found(start=start, end=end, what=place.what, name=place.name, rank=1)


def _in_urls(text: str) -> Iterator[Found]:
    spans = lines_with(text, ("://",))
    for match in (found for first, last in spans for found in _URL.finditer(text, first, last)):
        local = match["host"].lower() in _LOCAL and match["user"] == match["value"]
        if local or stands_in(match["value"]) or match["value"].startswith(("${", "$(")):
            continue
        scheme = _SCHEME.search(text[max(0, match.start() - 42) : match.start()])
        name = f"{_STORES.get(scheme[1].lower(), 'URL') if scheme else 'URL'}_PASSWORD"
        yield Found(start=match.start("value"), end=match.end("value"), what="a URL's password", name=name, rank=1)


def _in_cookies(text: str, lower: str) -> Iterator[Found]:
    spans = lines_with(lower, ("cookie", " -b"))
    for cookies in (found for first, last in spans for found in _COOKIES.finditer(text, first, last)):
        for match in _COOKIE.finditer(cookies["pairs"]):
            if match[1].lower() in _ATTRIBUTES or stands_in(match[2]) or not looks_random(match[2]):
                continue
            start = cookies.start("pairs")
            yield Found(
                start=start + match.start(2), end=start + match.end(2), what="a cookie", name="SESSION_COOKIE", rank=1
            )
