"""Secrets told by the name that they are assigned to: `API_KEY=…`, `"password": "…"`, `--token …`.

How sure it must look depends on where it stands: `name=value` is said by programs alone; after a colon prose stands as
often ("Password: see the vault"), so there a bare word counts only if it can be no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.patterns import late
from cockpit.secret_shapes.found import Found
from cockpit.secret_shapes.standing_in import looks_random, stands_in
from cockpit.secret_shapes.standing_in import words as words_of
from cockpit.secret_shapes.windows import lines_with, lowered

_KEY = late(
    r"passw(?:or)?d|passphrase|passcode|(?<![a-z])pwd(?![a-z])|(?<![a-z])pass(?![a-z])|secret|token|credential"
    r"|(?:api|access|private|encryption|signing|master|auth|account|shared|role|anon|licen[cs]e|session|storage"
    r"|subscription|deploy|hmac|jwt|admin|application|app)[-_. ]?key|(?<=[a-z0-9])_key(?![a-z])|(?<=_)pat(?![a-z])",
    re.IGNORECASE,
)
_NEEDLES = ("pass", "pwd", "secret", "token", "credential", "key", "_pat")
_NAME_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
_LONGEST_NAME = 64
_LONGEST_VARIABLE = 36
_WORDS = late(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ABOUT = words_of("""
url uri endpoint name names file files path dir directory type types length len min max policy expiry expires expire
expiration ttl lifetime age count counts limit limits ref refs keyref field fields column header prefix suffix enabled
required rotation reset manager store version arn method format encoding algorithm strategy provider service
validator validation check hash hashes hashed regex pattern label title hint placeholder input form page screen flow
issuer audience owner id ids mount volume template generator bits size cache scope scopes usage budget per rate
""")
"""After the word for a secret: something about it, and no secret."""
_OTHER = words_of("""
max min num total public publishable primary foreign sort partition cache next continuation idempotency existing pull
image csrf xsrf page cursor input output prompt completion remaining used design ssh row object s3 hash map unique index
""")
"""Before it: another sort of token or key."""
_PASSWORDS = ("password", "passwd", "passphrase", "passcode")
_SEPARATOR = late(r"""["'`*\])]{0,3}(?P<before>[ \t]{0,8})(?P<sign>=>|:=|\?=|={1,3}|:|\|)(?P<after>[ \t]{0,8})""")
_VALUE = late(
    r"""(?P<open>\*{0,2})(?:"(?P<double>[^"\n]{1,400})"|'(?P<single>[^'\n]{1,400})'|`(?P<tick>[^`\n]{1,400})`"""
    r"""|\\"(?P<escaped>[^"\\\n]{1,400})\\"|(?P<bare>[^\s"'`,;|<>(){}\[\]*][^\s"'`,;|<>(){}\[\]]{0,2000}))"""
)
_LINE_START = late(
    r"[ \t]*(?:[-*+>] |\d+[.)] )?(?:(?:export|set|setx|env|ENV|ARG|readonly|declare -x|let|const|var) )?"
    r"[ \t]*[\"']?-{0,2}\Z"
)
_PROSE_WORDS = words_of(
    "is are has have was must should may can cannot not the a an to of for in invalid required expired"
)
_SENTENCE_ENDS = late(r"(?:[.,:;)]|\*\*)+\Z")
_NOT_THE_LINE = late(r"[\s\"'`]|;[A-Za-z][A-Za-z ]{0,40}=|\A[(\[]")
"""Behind a bare value: more words, the next part of a connection string, or a call."""


def assigned(text: str) -> Iterator[Found]:
    """Every secret that is assigned to a name, in the order of their names."""
    done = 0
    spans = lines_with(lowered(text), _NEEDLES)
    for match in (found for start, end in spans for found in _KEY.finditer(text, start, end)):
        if match.start() < done:
            continue
        first, last = _whole_name(text, match.start(), match.end())
        done = last
        name = text[first:last]
        words = [word.lower() for word in _WORDS.findall(name)]
        if not _names_a_secret(words):
            continue
        span = _value(text, first, last, words)
        if span is not None:
            done = span[1]
            yield Found(start=span[0], end=span[1], what=_what(words), name=_variable(words), rank=2)


def _whole_name(text: str, first: int, last: int) -> tuple[int, int]:
    """The name that the word stands in, however it is joined, at most so long to either side."""
    start = first
    while start and first - start < _LONGEST_NAME and text[start - 1] in _NAME_CHARS:
        start -= 1
    end = last
    while end < len(text) and end - last < _LONGEST_NAME and text[end] in _NAME_CHARS:
        end += 1
    while end > last and text[end - 1] in ".-":
        end -= 1
    return start, end


def _names_a_secret(words: list[str]) -> bool:
    if not words or words[-1] in _ABOUT or any(word in _OTHER for word in words):
        return words[-2:] == ["secret", "id"]
    return True


def _value(text: str, first: int, last: int, words: list[str]) -> tuple[int, int] | None:
    """Where the value of a name stands, if it is a secret."""
    flag = text.startswith("--", first)
    separator = _SEPARATOR.match(text, last)
    if separator is None:
        if not flag or text[last : last + 1] not in (" ", "\t"):
            return None
        sign, spaced, at = " ", False, last + 1
    else:
        sign, at = separator["sign"], separator.end()
        spaced = bool(separator["before"] or separator["after"])
    found = _VALUE.match(text, at)
    if found is None:
        return None
    kind = str(found.lastgroup)
    start, end = found.span(kind)
    line_first = text.rfind("\n", max(0, first - 200), first) + 1
    starts_line = first - line_first < 100 and bool(_LINE_START.match(text[line_first:first]))
    if kind == "bare":
        start, end = _bare_span(text, start, end, first, tight=sign == "=" and not spaced and starts_line)
        if text[end : end + 1] in ("(", "["):
            return None
    value = text[start:end]
    if stands_in(value) or _names_itself(value, words):
        return None
    sure = _sure(value, kind, sign, words, starts_line=starts_line, spaced=spaced, flag=flag)
    return (start, end) if sure else None


def _bare_span(text: str, start: int, end: int, first: int, *, tight: bool) -> tuple[int, int]:
    """Where a bare value ends: in a query at `&`; in a line of a file of variables with the line; else as words do."""
    if first and text[first - 1] in "?&":
        ends = [at for at in (text.find("&", start, end), text.find("#", start, end)) if at >= 0]
        return start, min(ends, default=end)
    line_end = text.find("\n", end, end + 400)
    line_end = line_end if line_end >= 0 else min(len(text), end + 400)
    rest = text[end:line_end]
    if tight and not _NOT_THE_LINE.search(rest):
        return start, line_end
    sentence = _SENTENCE_ENDS.search(text[start:end])
    return start, start + sentence.start() if sentence and sentence.start() else end


def _names_itself(value: str, words: list[str]) -> bool:
    """`token=token`, `api_key: apiKey`, `password=dbPassword`: a name, and no value."""
    said = [word.lower() for word in _WORDS.findall(value)]
    return bool(said) and "".join(said).isalpha() and said[-1] == words[-1] and bool(re.fullmatch(r"[\w.-]+", value))


def _sure(value: str, kind: str, sign: str, words: list[str], *, starts_line: bool, spaced: bool, flag: bool) -> bool:
    """True if what is assigned can hardly be anything but a secret."""
    is_password = _is_password(words)
    if value.isdigit() and not (is_password and len(value) >= 6):
        return False
    if " " in value:
        said = value.lower().split()
        quoted = kind in ("double", "single", "tick")
        return is_password and quoted and 1 < len(said) < 8 and not _PROSE_WORDS & set(said)
    if looks_random(value):
        return True
    if len(value) < 4 or sign == "|" or (words[-1] in ("secret", "secrets", "credentials") and not is_password):
        return False
    if kind in ("double", "single", "escaped"):
        return is_password or sign != ":" or not re.fullmatch(r"[A-Za-z]+(?:[ _-][A-Za-z]+)*", value)
    if kind == "tick":
        return is_password and not re.search(r"[_./-]", value)
    if re.search(r"(?:ed|ing)\Z", value):
        return False
    if sign == ":":
        return starts_line and is_password and len(value) >= 6 and value.islower() and len(words) > 1
    return flag or (is_password and (not spaced or starts_line))


def _is_password(words: list[str]) -> bool:
    return any(word in ("pwd", "pass") or word.endswith(_PASSWORDS) for word in words)


def _what(words: list[str]) -> str:
    if _is_password(words):
        return "a password"
    return "a token" if "token" in words else "a key" if words[-1] in ("key", "base") else "a secret"


def _variable(words: list[str]) -> str:
    name = "_".join(words).upper()[:_LONGEST_VARIABLE].strip("_")
    if name in ("PWD", "PASS", "PASSWD") or not name[0].isalpha():  # PWD is the shell's own
        return "PASSWORD"
    return name
