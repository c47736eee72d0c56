"""Laws of every import, over generated Markdown."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path

import importing_claims as claims
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.errors import CockpitError

WORDS = (
    "deploy", "database", "Wait 5 minutes", "`npm run test`", "**CRITICAL**:", "[NAME]", "<user_id>", "$TOKEN", "${x}",
    "rate > 95 %", "API response time < 2 seconds", "CPU below 80%", "(30 minutes)", "(optional)", "→", "🚀",
    "é", "日本",
    "https://api.example.com/health", "[link](https://e.example)", "rollback", "your-api-url", "a|b", "@ana",
    "Owner: DBA",
    "\\", '"', "'", "`", "*", "_x_", "#", "x: y", "10:00 PM - 2:00 AM", "~2h", "1.", "T-24h", "&amp;", "<br>", "\u200b",
)  # fmt: skip
HEADINGS = (
    "Pre-Deployment Checklist", "Deployment Steps", "Phase 1: Database (30 minutes)", "Step 2: Migrate", "Rollback",
    "Emergency Rollback (< 1 hour after deployment)", "Rollback Triggers", "Verification", "Monitoring (First 4 hours)",
    "Contacts", "Communication Templates", "Sign-Off", "Schedule", "Post-Deployment Tasks (Week 1)", "Success Criteria",
    "Environment Variables", "Troubleshooting", "Overview", "Table of Contents", "", "Über", "日本語", "1.2.3 Upgrade",
)  # fmt: skip
CODE = (
    "kubectl get pods", "# a comment", "cd backend", "sleep 30", "curl -f https://api.example.com/health", "export A=b",
    "if true; then", "fi", "$ ls -l", "echo 'x", "SELECT 1;", "DO $$ BEGIN NULL; END $$;", "-- why", "DROP TABLE t;",
    '{"status": "ok", "missing": 0}', "key: value", "- item", "psql \"$DATABASE_URL\" -c 'SELECT 1'", "", "\t",
    "${y:-1}",
    "Subject: Maintenance", "Dear [NAME],", "rm -rf /tmp/x && reboot", "cat <<EOF", "EOF", "A=1 B=2 run", "'''", '"""',
)  # fmt: skip
LANGUAGES = ("", "bash", "sh", "console", "sql", "postgresql", "json", "yaml", "python", "text", "dockerfile", "x y{z}")

texts = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=30),
)
headings = st.builds("{} {}".format, st.sampled_from(["#", "##", "###", "####"]), st.sampled_from(HEADINGS) | texts)
bullets = st.sampled_from(["- ", "* ", "- [ ] ", "- [x] ", "1. ", "2) ", "1. [ ] ", "☐ ", "  - ", "   - [ ] ", "    "])
items = st.lists(st.builds("{}{}".format, bullets, texts), min_size=1, max_size=5).map("\n".join)
fences = st.builds(
    lambda indent, mark, language, code, closed: "\n".join(
        indent + line for line in [mark + language, *code, *([mark] if closed else [])]
    ),
    st.sampled_from(["", "   ", "> "]),
    st.sampled_from(["```", "~~~", "````"]),
    st.sampled_from(LANGUAGES),
    st.lists(st.sampled_from(CODE), max_size=6),
    st.sampled_from([True, True, True, False]),
)
tables = st.builds(
    lambda head, rows: "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)),
    st.sampled_from(
        [["Task", "Owner", "Status"], ["#", "Time", "Step"], ["Role", "Name", "Phone"], ["", ""], ["Check"]]
    ),
    st.lists(
        st.lists(texts | st.sampled_from(["[ ]", "[x]", "done", "22:00", ""]), min_size=1, max_size=4), max_size=4
    ),
)
quotes = st.builds(
    lambda inner: "\n".join(f"> {line}" for line in inner.split("\n")), st.one_of(items, texts, headings)
)
html = st.sampled_from(
    [
        "<details><summary>Why</summary>",
        "</details>",
        "<!-- hint -->",
        "<!--",
        "<ul><li>one</li></ul>",
        "<p>x",
        "---",
        "===",
    ]
)
fronts = st.sampled_from(["", "", "", "---\ntitle: A drill\ntags: [a, b]\n---\n", "---\n: x\n---\n", "\ufeff"])
blocks = st.one_of(headings, items, items, fences, tables, quotes, html, texts)
runbooks = st.builds(
    lambda front, parts, gaps, end: end.join((front + gaps.join(parts)).split("\n")),
    fronts,
    st.lists(blocks, min_size=1, max_size=10),
    st.sampled_from(["\n\n", "\n\n", "\n"]),
    st.sampled_from(["\n", "\n", "\r\n", "\r"]),
)


def obeys(content: str | bytes) -> None:
    """All laws, of one text."""
    try:
        made = claims.import_text(content)
    except CockpitError:
        return
    assert claims.unaccounted(made) == []
    assert tomllib.loads(made.toml)
    assert claims.invented(made) == []
    assert claims.unplaced(made) == []
    with tempfile.TemporaryDirectory() as folder:
        assert claims.problems(made, Path(folder))[0] == []
    again = claims.import_text(content)
    assert (again.toml, again.accounts, again.notes) == (made.toml, made.accounts, made.notes)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(runbooks)
def test_whatever_the_markdown_an_import_is_sound_complete_repeatable_and_invents_nothing(runbook):
    obeys(runbook)


@pytest.mark.many
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(runbooks)
def test_thousands_of_runbooks_are_imported_soundly(runbook):
    obeys(runbook)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_whatever_the_bytes_an_import_is_sound_or_refused(content):
    obeys(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
