"""Where a secret stands in what programs print, as patterns of RE2: headers, cookies, URLs, connection strings.

And how tokens begin, and behind which words an unfinished line is waited for. Tables alone; `shapes` uses them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cockpit.masking.keys import ARMOURED

STANDS_IN = re.compile(
    rb"\$\{[^}]*\}|\$\([^)]*\)|\$[A-Z_][A-Z0-9_]*|\{\{.*\}\}|\{[a-z_.]*\}|<[^>]*>|%\([a-z_]+\)s|%s|[*.xX#_-]{3,}|\[[a-z ]*\]"
    rb"|(?i:null|none|true|false|undefined|redacted|masked|hidden)|\xe2\x80\xa6|(?:\xe2\x80\xa2)+"
)
"""What stands for a value: a reference, a field of a template, a mask."""
CODE = re.compile(
    rb"(?:self\.|cls\.|os\.|[A-Za-z_]\w*\.)*(?:get)?_?(?:password|passwd|pwd|passphrase|secret|token)\w*[()\[\]]*",
    re.IGNORECASE,
)
"""The name that it is passed on by, in lines of source: `password=password`, `token=self.token`."""
ATTRIBUTES = frozenset((b"path", b"domain", b"max-age", b"expires", b"samesite", b"version", b"comment", b"priority"))


class Place(NamedTuple):
    """A place whose first group that took part holds a secret."""

    what: str
    pattern: str
    """As RE2 has it, over bytes; where it begins is `needle`."""
    random: bool = False
    """Only what can be no word counts."""
    least: int = 1
    """Bytes."""


_AS = r"(?:\\{0,4}[\"'])?\s{0,3}(?:[:=]|=>|,)\s{0,3}b?(?:\\{0,4}[\"'])?"
"""Between a header's name and its value: as sent, in JSON, in Python's and other lists of pairs."""
_SCHEMES = r"(?:basic|bearer|digest|token|negotiate|ntlm|apikey|api-key|key|hawk|bot|ssws|splunk|aws4-hmac-sha256|genie-?key|oauth|dpop|scram-sha-256|scram-sha-1|vapid|sharedkey|sharedaccesssignature)"
_REST = r"([^\r\n\"'\\]+)"
_SECRET_HEADERS = (
    r"x-(?:[a-z0-9]{1,20}-){0,4}(?:token|secret|password|auth|apikey|signature)|x-(?:[a-z0-9]{1,20}-){0,3}(?:api|access|auth|master|account|security|functions|app|admin|session|client|private|secret|service)-?key"
    r"|(?:private|job|deploy|access|auth|api|id|refresh|session|webhook|vault|consul|dd-api|dd-application|ocp-apim-subscription|circle|api-auth|aeg-sas)-(?:token|key)|apikey|fastly-key|dropbox-api-secret"
)
_QUERY = (
    r"(?:access_?|auth_?|refresh_?|id_?|private_?|api_?|bot_?|session_?|security_?|x-amz-security-)?token|(?:api|access|secret|private|auth|account|subscription)[_-]?key|(?:client_?|app_?|api_?)?secret"
    r"|password|passwd|pwd|passphrase|sslpassword|sig|signature|x-amz-signature|x-goog-signature|hmac|credentials?"
)
_SETTING = r"[a-z0-9_.-]{0,60}(?:password|passwd|passphrase)"
_NAMED = r"[A-Z][A-Z0-9_]{0,60}(?:_TOKEN|_SECRET|_API_KEY|_ACCESS_KEY|_PRIVATE_KEY|_SECRET_KEY|_APIKEY|_PASS|_PAT|_CREDENTIALS)"
_IN_JSON = (
    r"(?:[a-z0-9_.-]{0,40}(?:password|passwd|passphrase|secret)|(?:[a-z0-9]{1,20}[_-]?)?(?:client|app|shared)[_-]?secret|(?:access|refresh|id|auth|api|bearer|session|security)[_-]?token|token"
    r"|(?:api|secret|private|access|account|secret_access)[_-]?key|apikey|aws_secret_access_key)"
)
_QUOTED = (
    r"(?:'((?:[^'\\\r\n]|\\.|'')+)'|\"((?:[^\"\\\r\n]|\\.)+)\"|\\{1,3}\"([^\"\\\r\n]+)\\{1,3}\"|([^\s\"',;&)<>]+))"
)

PLACES = (
    # RFC 9110, 11.6.2 and 11.7.2
    Place("an authorization", rf"(?i)\b(?:proxy-)?authorization{_AS}{_SCHEMES}\s{{1,3}}{_REST}"),
    Place("an authorization", rf"(?i)\b(?:proxy-)?authorization{_AS}([^\s\"'\\,;]{{6,}})", random=True),
    Place("an authorization", rf"(?i)\b(?:proxy-)?authorization{_AS}(?:digest|oauth|hawk|vapid|signature|dpop)\s{{1,3}}([^\r\n]+)"),
    Place("a bearer token", r"(?i)\bbearer\s{1,3}([A-Za-z0-9._~+/=-]{16,})", random=True),
    Place("a header", rf"(?i)(?:^|[^A-Za-z0-9_-])(?:{_SECRET_HEADERS}){_AS}([^\s\"'\\,;<>]+)", least=6),
    # RFC 3986, 3.2.1: the part of the authority before its last `@`
    Place("a password in a URL", r"://[^\s/@:\"<>?#\[\]]*:([^\s/\"<>]+)@"),
    Place("a password in a URL", r"://[^\s/@:\"<>?#\[\]]+:([0-9]*[^\s/\"'<>@0-9:\\,\xe2\x80][^\s/\"<>@]*)(?:\xe2\x80\xa6|\z)", least=3),
    Place("a token in a URL", r"://([^\s/@:\"'<>?#\[\]]+)@", random=True, least=16),
    Place("a secret in a URL", rf"(?i)[?&](?:{_QUERY})=([^&\s#\"'<>\\]+)", least=4),
    # libpq, "Keyword/Value Connection Strings"; ODBC's and ADO's; files of variables; SQL
    Place("a password", rf"(?i)(?:^|[^A-Za-z0-9]){_SETTING}\s{{0,3}}(?::=|=>|={{1,2}})\s{{0,3}}{_QUOTED}", least=3),
    Place("a password", r"(?i)(?:^|[;\s])pwd=([^;\s\"']+);", least=3),
    Place("a secret", rf"(?:^|[^A-Za-z0-9_]){_NAMED}=[\"']?([^\s\"']+)", least=8),
    Place("a secret", rf"(?i)[\"']{_IN_JSON}\\{{0,3}}[\"']\s{{0,3}}:\s{{0,3}}\\{{0,3}}(?:\"((?:[^\"\\\r\n]|\\[^\"])+)|'([^'\\\r\n]+))", least=4),
    Place("a password", r"(?i)\bpassword\s{1,9}(?:E|N)?'((?:[^'\r\n]|'')+)'", least=3),
    Place("a password", r"(?i)\bidentified\s{1,9}by\s{1,9}(?:'([^'\r\n]+)'|\"([^\"\r\n]+)\")", least=3),
    Place("an Azure storage key", r"AccountKey=([A-Za-z0-9+/]{40,}={0,2})"),
)  # fmt: skip
COOKIES = rf"(?i)(?:^|[^a-z])(?:set-)?cookie2?{_AS}([^\r\n\"']{{3,}})"
COOKIE = re.compile(rb"([^\s=;,]{1,200})=(\"?[^;\s\"']+)")

WORTH_A_LOOK = (
    r"(?i)authorization|bearer\s|cookie|://[^\s/]*[@:]|[?&][a-z_-]*(?:token|key|secret|pass|pwd|sig|hmac|cred)[a-z]*="
    r"|x-[a-z0-9-]*(?:token|secret|password|auth|apikey|signature|key)|(?:-|ap[i-])(?:token|key)|-secret"
    r"|passw(?:or)?d|passphrase|pwd=|token|secret|_key|_pass=|_pat=|_credentials=|apikey|accountkey=|identified\s|PRIVATE KEY|PuTTY-User"
)
"""What stands wherever a place or a key does."""


BEGINS = (
    r"AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat_|gl(?:pat|oas|dt|rtr?|cbt|ptt|ft|imt|agent|soat|ffct|wt)-|GR1348941|xox[a-z]|xapp-"
    r"|https://hooks\.slack|https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks|https://[a-z0-9-]+\.webhook\.office|[rs]k_(?:live|test)_"
    r"|whsec_|AIza|GOCSPX-|ya29\.|npm_|pypi-A|rubygems_|dckr_|eyJ|SG\.|SK[0-9a-f]{4}|key-[0-9a-f]{4}|do[opr]_v1_|hv[sbr]\."
    r"|[A-Za-z0-9]{14}\.atlasv1\.|dapi[a-f0-9]{4}|sk-|hf_|ATATT3|sntry[su]_|gl(?:sa|c)_|NRAK-|lin_api_|shp[a-z]{2}_|\d{8,}:AA|sbp_|sb_secret_"
    r"|re_[A-Za-z0-9]{8}_|pscale_|fm(?:2|1r|1a)_|ops_eyJ|EAAA|sq0[a-z]{3}-|AGE-SECRET-KEY-1"
)
"""How every one of `SHAPES` begins, as far as it must be seen to be taken for one: a test compares them."""
CUT = rf"(?:^|[^A-Za-z0-9])((?:{BEGINS})[A-Za-z0-9_.+/=-]{{6,}})(\xe2\x80\xa6|\z)"
"""A token that was cut, where a text was."""
TOKEN_BEGINS = rf"(?:^|[^A-Za-z0-9])(?:{BEGINS})"
_OPEN_WORDS = r"authorization|cookie|bearer|passw(?:or)?d|passphrase|pwd|token|secret|key|auth|_pat|_pass|credential|signature|[?&](?:sig|hmac)|identified"
OPEN_WORD = rf"(?i:{_OPEN_WORDS})"
"""Behind it the rest of a line is waited for."""
OPEN = rf"(?:{TOKEN_BEGINS}[A-Za-z0-9_.+/=~:@%-]*|://[^\s/\"<>]*|{OPEN_WORD}[^\r\n]*|{ARMOURED.decode()}[A-Za-z0-9+/=\r\n \t\\n_-]*)\z"
