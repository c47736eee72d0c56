"""What a runbook leaves to be filled in, and what only looks so."""

from __future__ import annotations

import time

import pytest

from cockpit.importing.draft import Draft
from cockpit.importing.ledger import Ledger
from cockpit.importing.placeholders import filled, in_url, literal, shell_variable
from cockpit.importing.source import Source
from cockpit.profile.model import Variable, Window

PROSE = {
    "Ask [TEAM LEAD] first": "Ask ${team_lead} first",
    "from [START_TIME] to [END_TIME]": "from ${start_time} to ${end_time}",
    "call [Your DevOps Team]": "call ${devops_team}",
    "see [insert link]": "see ${link}",
    "for <user_id>": "for ${user_id}",
    "for <your tenant>": "for ${tenant}",
    "v<version>": "v${version}",
    "run {{ release }}": "run ${release}",
    "GET /users/{tenant_id}": "GET /users/${tenant_id}",
    "in %APP_NAME%": "in ${app_name}",
    "https://your-api-url/health": "https://${api_url}/health",
    "set YOUR_REGION": "set ${region}",
    "the [ENV] one": "the ${env} one",
}
LITERAL = (
    "[text](https://example.com)",
    "[x] done",
    "[ ] open",
    "[CRITICAL] now",
    "[REQUIRED]",
    "[DBA] does it",
    "<br>",
    "<details>",
    "List<String>",
    "Map<K, V>",
    "a [note] here",
    "[ABC-123]",
    "example.com",
    "xxx",
    "____",
    "TBD",
    "100 % done",
    "a < b > c",
    "arr[INDEX]",
    "[1]",
    "[ERROR] in the log",
    "<https://example.com>",
    "<ana@example.com>",
    "{ }",
    "{{.Names}}",
    "[^1]",
    "your own words",
    '{"data":{"on":true}}',
    "[Overview]: https://example.com",
    "[API KEY]",
    "<api_key>",
    "YOUR_API_KEY",
    "your-secret-token",
    "![ALT TEXT](a.png)",
    "<h2>",
    "50%",
    "%s",
    "a -> <- b",
)
CODE = {
    "drop <user_id>": "drop ${user_id}",
    "curl https://your-host/x": "curl https://${host}/x",
    "deploy {{ tag }}": "deploy ${tag}",
}
LITERAL_CODE = (
    "[ -f x ] && y",
    'if [ "$A" = b ]; then',
    "grep '[ERROR]' log",
    "[[ $X =~ [A-Z_]+ ]]",
    "awk '{print}'",
    "echo {a,b}",
    "sort <data>sorted",
    "docker ps --format '{{.Names}}'",
    "cat <<EOF",
    "psql < dump.sql > out",
    "arr[KEY]=1",
    "SELECT a[TAG_ID]",
    '{"MAINTENANCE_MODE":"true"}',
    "date +%Y%m%d",
    "%TEMP%",
    "list[DATE]",
    "export API_KEY=<api_key>",
)


def _draft(*, window: bool = False) -> Draft:
    draft = Draft()
    draft.ledgers.append(Ledger(Source(name="RUNBOOK.md", lines=("x",) * 9)))
    draft.window = Window(start="22:00", end="02:00") if window else None
    return draft


@pytest.mark.parametrize("text", PROSE)
def test_placeholders_of_prose_are_variables_that_show_them_until_they_are_given(text: str) -> None:
    draft = _draft()
    written = filled(text, draft)
    assert written == PROSE[text]
    for name, variable in draft.variables.items():
        assert variable.default
        written = written.replace(f"${{{name}}}", variable.default)
    assert written == text


@pytest.mark.parametrize("text", LITERAL)
def test_what_only_looks_like_a_placeholder_or_names_a_secret_or_nothing_stays(text: str) -> None:
    draft = _draft()
    assert (filled(text, draft), draft.variables) == (text, {})


@pytest.mark.parametrize("text", CODE)
def test_in_code_the_plainest_placeholders_count(text: str) -> None:
    assert filled(text, _draft(), code=True) == CODE[text]


@pytest.mark.parametrize("text", LITERAL_CODE)
def test_in_code_brackets_and_braces_are_the_languages(text: str) -> None:
    draft = _draft()
    assert (filled(text, draft, code=True), draft.variables) == (text, {})


def test_one_name_is_one_variable_however_it_is_written() -> None:
    draft = _draft()
    assert filled("[USER_ID] <user_id> {{ user_id }} your-user-id", draft) == " ".join(["${user_id}"] * 4)
    assert list(draft.variables) == ["user_id"]


def test_times_of_the_window_are_the_runs_own() -> None:
    assert (
        filled("on [DATE] from [START_TIME]", _draft(window=True)) == "on ${run.window_date} from ${run.window_start}"
    )


def test_references_of_shell_are_escaped() -> None:
    assert literal("${count:-1}") == "$${count:-1}"
    assert filled("echo ${HOME} $HOME", _draft(), code=True) == "echo $${HOME} $HOME"


def test_in_urls_placeholders_have_to_be_given() -> None:
    draft = _draft()
    filled("Open <host>", draft)
    assert in_url("https://<host>/$API_PATH/${ZONE}/{tenant}/your-site", draft) == (
        "https://${host}/${api_path}/${zone}/${tenant}/${site}"
    )
    assert {name: each.default for name, each in draft.variables.items()} == dict.fromkeys(
        ("host", "api_path", "zone", "tenant", "site")
    )


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("API_TOKEN", True),
        ("DB_PASSWORD", True),
        ("JWT_SECRET", True),
        ("SERVICE_ROLE_KEY", True),
        ("DATABASE_URL", True),
        ("SENTRY_DSN", True),
        ("APP_URL", False),
        ("KEYCLOAK_HOST", False),
        ("MONKEY", False),
        ("TOKEN_TTL", False),
        ("SSH_PUBLIC_KEY", False),
        ("PASSENGERS", False),
        ("REGION", False),
    ],
)
def test_a_variable_of_the_environment_is_secret_if_its_name_says_so(name: str, secret: bool) -> None:
    draft = _draft()
    own = shell_variable(name, draft)
    assert draft.variables[own] == Variable(name=own, env=name, secret=secret)


def test_hostile_text_is_filled_at_once() -> None:
    began = time.process_time()
    for piece in ("[", "<a ", "{{ ", "your-", "[A", "%A", "{a", "$", "<<", "[A B "):
        filled(piece * 100_000, _draft()), in_url(piece * 100_000, _draft())
    assert time.process_time() - began < 3.0
