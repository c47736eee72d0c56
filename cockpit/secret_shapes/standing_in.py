"""What stands where a secret would: placeholders, references, words of prose. None of it is secret."""

from __future__ import annotations

import re

from cockpit.patterns import late


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as prose is."""
    return frozenset(text.split())


_REFERENCE = late(
    r"\$[A-Za-z_{(\[]|\$\$|%[A-Za-z_]\w{0,60}%|%[({]|\{\{|\{[A-Za-z_]|<[^>\s]|\[[A-Za-z_ ]|`|@\w|:'?[A-Za-z_]\w*'?$"
    r"|![A-Za-z]{2,20}(?: |$)|[&*][A-Za-z_]\w{0,40}$"
    r"|(?:vault|op|sm|ssm|awssm|arn|gcp|azure|ref\+\w+|secret|secrets|env|file|keyring|sops|doppler)[:/]"
    r"|(?:https?|file)://|[~.]{0,2}/[\w.-]|[A-Za-z]:\\"
)
"""A variable, a template's field, an alias, a place in a vault, a URL, a path."""
_NAME = late(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""The name of a variable, `DB_PASSWORD`."""
_MEMBER = late(r"[A-Za-z_]+(?:\.[A-Za-z_]+|\[[^\]]{0,60}\])+|[\w.]{1,80}\([^)]{0,80}\)?")
"""`process.env.TOKEN`, `config["token"]`, `get_token()`."""
_MASK = late(r"[xX*•·.…_?#-]+|[<>\[\]{}()]*|(?:[xX]{2,}[-_ ./]?)+|0+|1234(?:5(?:6(?:7(?:8(?:90?)?)?)?)?)?")
_JOINED = late(r"(?:[a-z]{2,}\d{0,2}|[a-z]\d{1,3}|\d{1,4})(?:[-_](?:[a-z]{2,}\d{0,2}|[a-z]\d{1,3}|\d{1,4}))+")
"""`my-app-v2`, `32-byte-hex-string`: words joined."""
_ADDRESS = late(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,10}")
_FILE = late(r"\.(?:pem|key|crt|env|json|ya?ml|txt|sh|py|md|toml|conf|cfg|ini)\Z", re.IGNORECASE)
_MIXED = late("[a-z][A-Z]{2}|[a-z][A-Z][a-z][A-Z]")
_PARTS = late(r"[A-Za-z]+")
_SAMPLE_WORDS = words("""
your yours example examples sample dummy fake placeholder replace replaceme changeme changeit insert redacted masked
hidden removed todo tbd fixme foo bar foobar baz qux lorem somesecret somepassword sometoken mysecret mypassword
mytoken myapikey notreal notsecret xxx xxxx xxxxx xxxxxx xxxxxxxx
""")
"""One of these as a part of a value (`your-key`, `INSERT_TOKEN_HERE`, `example.token`): nobody's secret."""
_FILLERS = words("""
password passwd pass pwd passphrase secret secrets token tokens key keys apikey credential credentials auth bearer basic
string str text char varchar bytes bool boolean int integer number float uuid guid json yaml base64 hex jwt oauth oauth2
true false yes no on off null nil none undefined empty blank unset required optional mandatory default defaults env
environment variable variables vault prompt stdin file same unchanged rotated generated random auto automatic manual see
ask test tests testing tester testpass testpassword testsecret testtoken test123 value values name here there any this
that the a an is are must should will be not never in from via with for of to and or if when only new old current valid
invalid expired missing leaked set stored store kept managed encrypted hashed plain plaintext cleartext strong weak
long short good bad correct wrong ok okay enabled disabled active inactive configured unknown pending done change
changed update updated check verify rotate reset create delete show hide admin-only n/a na tba
""")
_TECHNICAL = late(
    r"(?:oauth|sha|md|base|aes|auth|rs|hs|es|ps|k|s|ec|x|argon|pbkdf|ed|rsa|tls|ssl|u|fido|ipv|http|v|utf|p|scram|hmac)"
    r"[-_]?(?:sha[-_]?)?\d+(?:[.s-]\d+)*(?:[-_]?(?:gcm|cbc|bit|bits|sha\d{1,3}))?|argon2id?|bcrypt|scrypt|1password|lastpass"
    r"|\d+[- ]?[a-z]{1,12}|\d{1,4}(?:[-/.:]\d{1,4})+|v?\d+(?:\.\d+)+(?:-[a-z0-9.]+)?|\d+%?",
    re.IGNORECASE,
)
"""`OAuth2`, `SHA-256`, `15m`, `256-bit`, dates, versions, addresses, numbers."""


def stands_in(value: str) -> bool:
    """True if a value is none: a reference, a placeholder, a word for what would stand there."""
    bare = value.strip().strip("\"'")
    return (
        len(bare) < 3
        or bool(_REFERENCE.match(bare))
        or bool(_NAME.fullmatch(bare))
        or bool(_MEMBER.fullmatch(bare))
        or bool(_MASK.fullmatch(bare))
        or bare.lower() in _FILLERS
        or is_sample(bare)
    )


def is_sample(value: str) -> bool:
    """True if a value of a known shape is only an example of it: its words say so, or it repeats few characters."""
    parts = [part.lower() for part in _PARTS.findall(value)]
    if any(part in _SAMPLE_WORDS for part in parts) or value.upper().endswith("EXAMPLE"):
        return True
    if "EXAMPLEKEY" in value or re.search(r"[xX]{6}|\*{4}|\.{3}|…|•{3}", value):
        return True
    tail = value[-16:]
    return len(value) >= 8 and len(set(tail)) <= 2


def looks_random(value: str) -> bool:
    """True if a bare word of prose can hardly be one: letters with digits or symbols, no term, no name of a file."""
    if len(value) < 6 or _TECHNICAL.fullmatch(value) or _JOINED.fullmatch(value) or _ADDRESS.fullmatch(value):
        return False
    if _FILE.search(value):
        return False
    letters, digits = bool(re.search("[A-Za-z]", value)), bool(re.search("[0-9]", value))
    symbols = bool(re.search(r"[!@#$%^&*+=?~]", value))
    return letters + digits + symbols > 1 or (len(value) >= 12 and bool(_MIXED.search(value)))
