"""Titles without what stands around their words, and ids that are made after them."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.importing.naming import Ids, Title, read_title, slug
from cockpit.profile.cel_words import RESERVED

TITLES: dict[str, Title] = {
    "Phase 1: Database Migration (30 minutes)": Title(text="Database Migration", numbered="phase", estimate_s=1800),
    "Phase II – Cutover": Title(text="Cutover", numbered="phase"),
    "Phase 1A: Freeze": Title(text="Freeze", numbered="phase"),
    "Étape 2 : Bascule": Title(text="Bascule", numbered="phase"),
    "Step 3: Verify": Title(text="Verify", numbered="step"),
    "Step 3.2 Verify": Title(text="Verify", numbered="step"),
    "Step 1 of 5: Go": Title(text="Go", numbered="step"),
    "Schritt 2: Umschalten": Title(text="Umschalten", numbered="step"),
    "1. Step 2: Drain": Title(text="Drain", numbered="step"),
    "1. Backup": Title(text="Backup"),
    "1.2.3 Deploy": Title(text="Deploy"),
    "A) Notify": Title(text="Notify"),
    "(a) notify": Title(text="notify"),
    "1) a) Nested": Title(text="Nested"),
    "IV. Cutover": Title(text="Cutover"),
    "#1 First": Title(text="First"),
    "01 Backup": Title(text="Backup"),
    "2 - Switch": Title(text="Switch"),
    "1️⃣ First": Title(text="First"),
    "T-24h: Announce": Title(text="Announce", before_s=86400),
    "T-2 days: freeze": Title(text="freeze", before_s=172800),
    "T+1h – Check": Title(text="Check", after_s=3600),
    "Backup [15 min]": Title(text="Backup", estimate_s=900),
    "Deploy ~2h": Title(text="Deploy", estimate_s=7200),
    "Deploy - 2 hours": Title(text="Deploy", estimate_s=7200),
    "Deploy (estimated time: 20 minutes)": Title(text="Deploy", estimate_s=1200),
    "Cut over (2-3 hours)": Title(text="Cut over", estimate_s=10800),
    "Immediate Monitoring (First 30 minutes)": Title(text="Immediate Monitoring (First 30 minutes)", after_s=1800),
    "Extended Monitoring (First 4 hours)": Title(text="Extended Monitoring (First 4 hours)", after_s=14400),
    "24-Hour Monitoring": Title(text="24-Hour Monitoring", after_s=86400),
    "Monitoring (24 hours)": Title(text="Monitoring (24 hours)", after_s=86400),
    "Pre-Migration Notification (24 hours)": Title(text="Pre-Migration Notification", before_s=86400),
    "Team notified (24 hours prior)": Title(text="Team notified (24 hours prior)", before_s=86400),
    "Redis (optional)": Title(text="Redis", level="optional"),
    "Redis (optional upgrade)": Title(text="Redis (optional upgrade)", level="optional"),
    "Dashboard (recommended)": Title(text="Dashboard", level="recommended"),
    "Review (if applicable)": Title(text="Review", level="optional"),
    "Optional: warm caches": Title(text="warm caches", level="optional"),
    "[REQUIRED] Back up": Title(text="Back up"),
    "Locks (Required for Concurrency)": Title(text="Locks (Required for Concurrency)"),
    "**CRITICAL**: Create locks": Title(text="CRITICAL: Create locks"),
    "Tell users (@ana)": Title(text="Tell users", owner="@ana"),
    "Tell users @ana": Title(text="Tell users", owner="@ana"),
    "Run it (Owner: DBA)": Title(text="Run it", owner="DBA"),
    "Drain — Owner: Ana Ruiz": Title(text="Drain", owner="Ana Ruiz"),
    "🚀 Deploy ✅": Title(text="Deploy"),
    "✔️ Done 👍🏽": Title(text="Done"),
    "→ go on": Title(text="go on"),
    "Title ##": Title(text="Title"),
    "Create a profile for <user-id>": Title(text="Create a profile for <user-id>"),
    "line<br>break": Title(text="line break"),
    "Run `npm test`": Title(text="Run npm test"),
}
KEPT = (
    "2-3 hours",
    "5 whys",
    "3 replicas running",
    "2FA enforced",
    "K8s upgraded",
    "S3 bucket",
    "Settings → Users",
    "A → B",
    "100 % done",
    "3.5 hours of downtime",
    "Stage a new build",
    "Phase 1 complete",
    "Prepare for Phase 2 features",
    "10:00 PM - 2:00 AM",
    "12:30 Lunch",
    "it's 20°C",
    "Deploy v1.2.3",
    "z. B. etwas",
    "i. e. this",
    "-v flag is set",
    "Backup retention policy (30 days)",
    "Emergency Rollback (< 1 hour after deployment)",
    "Wait (5 minutes)",
    "Step 4",
    "Enable features (admin users first)",
    "データベース移行",
    "Über Größe",
    "Café crème",
    "Check [CONTACT]",
    "C++ & C#7",
    "Multi-factor login (MFA)",
    "Mail ops@example.com",
    "Timeout (30 s)",
    "1.10 release notes",
    "No. 5",
    "Ünïcode №5",
)


@pytest.mark.parametrize("written", TITLES)
def test_a_title_is_taken_apart(written: str) -> None:
    assert read_title(written) == TITLES[written]


@pytest.mark.parametrize("written", KEPT)
def test_words_that_look_like_numbering_or_decoration_stay(written: str) -> None:
    assert read_title(written).text == written


@given(st.text(min_size=1, max_size=60))
def test_a_title_is_never_empty_unless_it_was(written: str) -> None:
    from cockpit.importing.parsing import plain

    assert bool(read_title(written).text) == bool(plain(written))


@given(st.lists(st.text(max_size=30), max_size=20))
def test_ids_are_ids_and_each_is_given_once(texts: list[str]) -> None:
    ids = Ids(RESERVED)
    given_out = [ids.take(text, "step") for text in texts]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", each) for each in given_out)
    assert len(set(given_out) | RESERVED) == len(given_out) + len(RESERVED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Database Migration", "database_migration"),
        ("Straße räumen", "strasse_raumen"),
        ("2FA enforced", "two_fa_enforced"),
        ("24-Hour Monitoring", "hour_monitoring"),
        ("it's done", "its_done"),
        ("Резервная копия", "rezervnaya_kopiya"),
        ("Αντίγραφο", "antigrafo"),
        ("100 %", ""),
        ("手順", ""),
        ("Łódź & Ærø", "lodz_aero"),
        ("a very long title that goes on and on and on for ever", "a_very_long_title_that_goes_on_and_on"),
    ],
)
def test_ids_can_be_read(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_an_id_of_a_title_in_other_letters_does_not_hang_on_those_before_it() -> None:
    first, second = Ids(), Ids()
    first.take("手順", "step")
    assert first.take("データベース移行", "step") == second.take("データベース移行", "step")


def test_no_id_is_a_word_of_the_conditions_language() -> None:
    ids = Ids(RESERVED)
    assert [ids.take("In", "metric"), ids.take("in", "metric"), ids.take("True", "probe")] == [
        "metric_in",
        "metric_in_2",
        "probe_true",
    ]


def test_hostile_titles_are_read_at_once() -> None:
    began = time.process_time()
    for piece in ("(a)", "1. ", "[", "(1 h) ", "🚀", "T-", "- ", "# ", "Phase 1: ", "@a ", "～", "<a ", "1.1", "(((("):
        read_title(piece * 20_000)
    assert time.process_time() - began < 3.0
