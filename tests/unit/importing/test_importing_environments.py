"""Listings of variables: which there have to be, and what they must be."""

from __future__ import annotations

import pytest
from importing_claims import import_text

from cockpit.importing.environments import from_rows, listing

LISTING = """# Required for database access
SUPABASE_URL=your-supabase-url
export SERVICE_KEY="<service-key>"

# Security settings
DISABLE_BOOTSTRAP=true
DEV_MODE=false # never in production

# Optional: tests
SKIP_TESTS=false
TIMEOUT=30

# Where errors go
SENTRY_DSN=
"""


def test_switches_have_to_be_as_they_stand_and_placeholders_must_not():
    found = {each.name: each for each in listing(LISTING, "bash")}
    assert list(found) == [
        "SUPABASE_URL", "SERVICE_KEY", "DISABLE_BOOTSTRAP", "DEV_MODE", "SKIP_TESTS", "TIMEOUT", "SENTRY_DSN",
    ]  # fmt: skip
    assert found["SUPABASE_URL"].forbidden == ("your-supabase-url",)
    assert found["SERVICE_KEY"].forbidden == ("<service-key>",)
    assert (found["DISABLE_BOOTSTRAP"].pattern, found["DEV_MODE"].pattern) == ("true", "false")
    assert [name for name, each in found.items() if each.optional] == ["SKIP_TESTS", "TIMEOUT", "SENTRY_DSN"]
    assert found["SUPABASE_URL"].row == 1


def test_values_that_merely_show_what_one_looks_like_are_not_copied():
    (found,) = listing("API_URL=https://api.example.com/v1\n", "env")
    assert (found.pattern, found.forbidden) == ("", ())


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("make\nA_B=1\n", "bash"),
        ("F=$(date)\n", "bash"),
        ("F=`date`\n", "bash"),
        ("x=1\n", "bash"),
        ("A=1 make\n"[:0], "bash"),
        ("key = [1,\n 2]\n", "ini"),
    ],
)
def test_what_holds_anything_else_is_no_listing(body, language):
    assert listing(body, language) == ()


def test_ini_and_properties_have_their_own_signs():
    assert [each.name for each in listing("; x\n[db]\ndb.host = a\n", "ini")] == ["db.host"]
    assert [each.name for each in listing("a.b: true\n", "properties")] == ["a.b"]


def test_tables_of_variables_say_which_are_required():
    header = ("Variable", "Required", "Value")
    rows = (("`API_URL`", "yes", "https://x"), ("`DEBUG`", "no", "false"), ("`MODE`", "Yes", "production"))
    url, debug, mode = from_rows(header, rows)
    assert [each.optional for each in (url, debug, mode)] == [False, True, False]
    assert (debug.pattern, mode.pattern) == ("false", "production")
    assert from_rows(("Task", "Who"), (("Deploy it", "ana"),)) == ()


def test_a_listing_is_one_step_whose_gate_reads_a_probe_of_each():
    profile = import_text(
        f"# Go\n\n## Prepare\n\nThese have to be set:\n\n```bash\n{LISTING}```\n\n## Deploy\n\n- run it\n"
    ).profile
    probes = {probe.settings["name"]: probe for probe in profile.probes}
    assert len(probes) == 7
    assert {probe.kind for probe in probes.values()} == {"env"}
    assert all(probe.on_demand for probe in probes.values())
    assert probes["SKIP_TESTS"].pass_when == ("!set || matches",)
    assert probes["SENTRY_DSN"].pass_when == ("!set || length >= 0",)
    assert probes["DISABLE_BOOTSTRAP"].settings["pattern"] == "true"
    (step,) = [step for _, step in profile.steps() if step.gate]
    assert step.gate == tuple(f"{probe.id}.passing" for probe in profile.probes)
    assert "DISABLE_BOOTSTRAP=true" in step.instructions
    assert step.command == ""
