"""Numbers in prose: durations, waits, bounds, and the conditions that are made of them."""

from __future__ import annotations

import time

import pytest

from cockpit.importing.bounds import thresholds
from cockpit.importing.draft import Draft
from cockpit.importing.ledger import Ledger
from cockpit.importing.measured import alarms, conditions
from cockpit.importing.quantities import duration_s, wait_s
from cockpit.importing.source import Source
from cockpit.profile.model import Probe

DURATIONS = {
    "1h30m": 5400,
    "1h 30min": 5400,
    "1 hour 30 minutes": 5400,
    "1 hour and 30 minutes": 5400,
    "half an hour": 1800,
    "an hour": 3600,
    "90 s": 90,
    "5-10 min": 600,
    "5–10 minutes": 600,
    "2 to 3 hours": 10800,
    "PT5M": 300,
    "PT1H30M": 5400,
    "(30 minutes)": 1800,
    "[15 min]": 900,
    "~2h": 7200,
    "24-Hour": 86400,
    "First 4 hours": 14400,
    "1.5 hours": 5400,
    "1,5 Stunden": 5400,
    "30 Minuten": 1800,
    "2 heures": 7200,
    "15 minutos": 900,
    "two hours": 7200,
    "forty-five minutes": 2700,
    "1 day": 86400,
    "2 weeks": 1209600,
    "500 ms": 0.5,
    "within 5 minutes of the switch": 300,
    "timeout 300s": 300,
}
NO_DURATIONS = (
    "",
    "S3",
    "K8s",
    "5M users",
    "3D",
    "3 replicas",
    "2FA",
    "v1.5 s",
    "10 MB",
    "5 %",
    "10 req/s",
    "a",
    "an",
    "h",
    "10:30",
    "PT",
    "sha256",
    "1st",
    "port 8080",
    "x86 machines",
)
WAITS = {
    "Wait 5 minutes and monitor": 300,
    "wait for 30s": 30,
    "sleep 30": 30,
    "Monitor for 24 hours": 86400,
    "Monitor system for 24 hours": 86400,
    "let it soak for 1h": 3600,
    "Soak: 2h": 7200,
    "hold for ten minutes": 600,
    "Allow 5 minutes for caches to warm": 300,
    "Watch the dashboard for 15 minutes": 900,
    "Wait half an hour": 1800,
    "5 Minuten warten": 300,
    "Warten Sie 5 Minuten": 300,
    "Attendre 10 minutes": 600,
    "Esperar 10 minutos": 600,
    "Wait at least 5 minutes": 300,
    "Pause for about 2 min": 120,
    "Deploy, then wait another 10 minutes": 600,
    "Observe error rates for an hour": 3600,
}
NO_WAITS = (
    "Wait up to 10 minutes",
    "Wait for rollout (timeout 300s)",
    "Don't wait 5 minutes",
    "Monitor for errors in first hour",
    "Wait for connections to drain",
    "Pause deployment",
    "Wait no longer than 5 minutes",
    "Wait time < 5 minutes",
    "",
    "Backup takes 10 minutes",
    "Waiter 5 minutes",
    "Run for 5 minutes",
)

BOUNDS: dict[str, list[tuple[str, str, float, str]]] = {
    "User login success rate > 95%": [("User login success rate", ">", 95, "%")],
    "API response times < 2 seconds": [("API response times", "<", 2, "seconds")],
    "Database CPU usage < 80 %": [("Database CPU usage", "<", 80, "%")],
    "CPU above 90%": [("CPU", ">", 90, "%")],
    "At least 3 replicas running": [("replicas running", ">=", 3, "")],
    "Verify at least 3 replicas are ready": [("replicas are ready", ">=", 3, "")],
    "p95 latency below 200ms": [("p95 latency", "<", 200, "ms")],
    "No more than 5 failed jobs": [("failed jobs", "<=", 5, "")],
    "User login failure rate 5-10%": [
        ("User login failure rate", ">=", 5, "%"),
        ("User login failure rate", "<=", 10, "%"),
    ],
    "disk usage must be between 10 and 80 %": [("disk usage", ">=", 10, "%"), ("disk usage", "<=", 80, "%")],
    "System Uptime: >99.5%": [("System Uptime", ">", 99.5, "%")],
    "API Response Time: <200ms for 95th percentile": [("API Response Time (95th percentile)", "<", 200, "ms")],
    "Missing profiles > 0": [("Missing profiles", ">", 0, "")],
    "High error rates (>5%)": [("error rates", ">", 5, "%")],
    "Failed login attempts >10/hour": [("Failed login attempts", ">", 10, "/hour")],
    "missing profiles must be 0": [("missing profiles", "==", 0, "")],
    "Orphaned rows should be zero": [("Orphaned rows", "==", 0, "")],
    "Zero critical errors": [("critical errors", "==", 0, "")],
    "Zero Security Incidents": [("Security Incidents", "==", 0, "")],
    "Verify CPU < 80% and memory usage < 70%": [("CPU", "<", 80, "%"), ("memory usage", "<", 70, "%")],
    "CPU and memory < 80%": [("CPU and memory", "<", 80, "%")],
    "Response time stays under 500ms, error rate below 1%": [
        ("Response time", "<", 500, "ms"),
        ("error rate", "<", 1, "%"),
    ],
    "queue depth < 1,000": [("queue depth", "<", 1000, "")],
    "throughput > 1.5k rps": [("throughput", ">", 1500, "rps")],
    "Latency must not exceed 300 ms": [("Latency", "<=", 300, "ms")],
    "replication lag ≤ 10s": [("replication lag", "<=", 10, "s")],
    "Make sure that the heap is lower than 2 GB": [("heap", "<", 2, "GB")],
    "Error budget: at least 20 %": [("Error budget", ">=", 20, "%")],
    "User Registration to Approval: <24 hours": [("User Registration to Approval", "<", 24, "hours")],
    "Database Backup Success Rate: 100%": [("Database Backup Success Rate", ">=", 100, "%")],
    "Response time of the order page < 3 s": [("Response time of the order page", "<", 3, "s")],
    "Open tickets of key users < 10": [("Open tickets of key users", "<", 10, "")],
    "Load takes longer than 90 minutes": [("Load", ">", 90, "minutes")],
    "Newest order is not older than 15 minutes": [("Newest order", "<=", 15, "minutes")],
    "Checksum failures = 0": [("Checksum failures", "==", 0, "")],
    "What should prompt a rollback: error rate > 2%": [("error rate", ">", 2, "%")],
    "Fehlerrate unter 1 %": [("Fehlerrate", "<", 1, "%")],
    "disponibilité supérieure à 99,9 %": [("disponibilité", ">", 99.9, "%")],
    "tasa de errores menor que 1 %": [("tasa de errores", "<", 1, "%")],
    "error rate > 5% for more than 5 minutes": [("error rate", ">", 5, "%")],
}
NO_BOUNDS = (
    "Emergency Rollback (< 1 hour after deployment)",
    "Planned Rollback (> 1 hour after deployment)",
    "a -> b",
    "x => 5",
    "if a > b then",
    "Python >= 3.11",
    "PostgreSQL > 14",
    "kubectl version >= 1.28",
    "Settings > 2 Factor",
    "2>&1",
    "Run jq -e '.missing_profiles == 0'",
    "Create 2-3 pilot organizations",
    "Invite 10-20 organizations",
    "Version 2 > 1",
    "Backup retention policy (30 days)",
    "Scale to at least 3 replicas",
    "Scale up to at most 5 nodes",
    "Wait at least 5 minutes",
    "Roll out to 5-10% of users",
    "Takes more than 10 minutes",
    "kubectl logs > 5.log",
    "<b>5</b>",
    "> quoted",
    "Step 3 > 2",
    "Exit code must be 0",
    "It takes 2-3 hours",
    "T+1h",
    "Zero-downtime deployment",
    "Notify users 48 hours in advance",
    "If there are more than 20 of them, page the owner",
    "No critical errors in logs",
    "",
    "<details>",
    "10:00 PM - 2:00 AM",
    "2026-01-08",
)
ALARMS = (
    "Missing profiles > 0",
    "High error rates (>5%)",
    "Failed login attempts >10/hour",
    "Memory usage >80%",
    "CPU above 90%",
    "Alert if CPU exceeds 90%",
    "Roll back if the error rate exceeds 2%",
    "Sync percentage < 100%",
    "Login success rate < 95%",
    'status != "healthy"',
    "User login failure rate 5-10%",
    "API response times > 5 seconds",
    "Stop when latency is over 2 s",
)
CHECKS = (
    "Memory usage < 80%",
    "Login success rate > 95%",
    "missing profiles must be 0",
    "replicas >= 3",
    'status == "healthy"',
    "Error rate must stay below 1%",
    "Zero errors",
    "System Uptime: >99.5%",
    "p95 latency below 200ms",
)


def _draft() -> Draft:
    draft = Draft()
    draft.ledgers.append(Ledger(Source(name="RUNBOOK.md", lines=("x",) * 9)))
    return draft


@pytest.mark.parametrize("text", DURATIONS)
def test_durations_are_read_as_people_write_them(text: str) -> None:
    assert duration_s(text) == DURATIONS[text]


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_other_numbers_are_no_durations(text: str) -> None:
    assert duration_s(text) is None


@pytest.mark.parametrize("text", WAITS)
def test_waits_are_read_out_of_sentences(text: str) -> None:
    assert wait_s(text) == WAITS[text]


@pytest.mark.parametrize("text", NO_WAITS)
def test_waiting_for_something_or_for_a_time_at_most_is_no_wait(text: str) -> None:
    assert wait_s(text) is None


@pytest.mark.parametrize("text", BOUNDS)
def test_bounds_are_read_with_their_metrics(text: str) -> None:
    assert [(each.metric, each.operator, each.value, each.unit) for each in thresholds(text)] == BOUNDS[text]


@pytest.mark.parametrize("text", NO_BOUNDS)
def test_times_after_events_code_versions_and_counts_are_no_bounds(text: str) -> None:
    assert thresholds(text) == ()


@pytest.mark.parametrize("text", ALARMS)
def test_what_is_wrong_beyond_a_bound_is_an_alarm_and_never_a_gate(text: str) -> None:
    assert [each.is_alarm for each in thresholds(text)] in ([True], [True, True])
    assert conditions(text, _draft(), 1) == ()


@pytest.mark.parametrize("text", CHECKS)
def test_what_must_hold_is_no_alarm(text: str) -> None:
    assert [each.is_alarm for each in thresholds(text)] == [False]


def test_how_long_a_bound_must_hold_is_the_triggers_for() -> None:
    found, for_s = alarms("Error rate > 5% for more than 5 minutes", _draft(), 1)
    assert (found, for_s) == (("error_rate > 5.0",), 300.0)


def test_one_metric_is_one_probe_whatever_its_number_is_called_and_in_one_unit() -> None:
    draft = _draft()
    assert conditions("API response times < 2 seconds", draft, 1) == ("api_response_times < 2000.0",)
    assert alarms("API response time > 5000 ms", draft, 2)[0] == ("api_response_times > 5000.0",)
    assert [(probe.id, probe.unit, probe.pass_when) for probe in draft.probes] == [
        ("api_response_times", "ms", ("value < 2000.0",))
    ]


def test_the_response_time_of_the_api_is_that_of_its_health_probe() -> None:
    draft = _draft()
    draft.probes.append(Probe(id="health", kind="http", settings={"url": "${base}/health"}))
    assert conditions("API response time < 2 s", draft, 1) == ("health < 2000.0",)
    assert conditions("p95 response time < 2 s", draft, 2) == ("p95_response_time < 2000.0",)
    assert draft.probes[0].warn_when == ("latency_ms >= 2000.0",)
    assert draft.probes[1].kind == "prometheus"


def test_a_trigger_that_names_what_must_hold_fires_once_it_does_not() -> None:
    draft = _draft()
    assert alarms("Login success rate > 95 %", draft, 1)[0] == ("login_success_rate <= 95.0",)
    assert alarms("Difference of counts > 0", draft, 2)[0] == ("difference_of_counts > 0.0",)
    assert "does not hold" in " ".join(note.text for note in draft.notes if note.line == 1)


def test_what_an_item_says_to_roll_back_by_is_a_trigger() -> None:
    draft = _draft()
    assert conditions("What should prompt a rollback: lag > 300 seconds for 15 minutes", draft, 1) == ()
    assert [(each.when, each.for_s) for each in draft.triggers] == [(("lag > 300000.0",), 900.0)]


def test_a_field_of_an_expected_answer_is_measured_there() -> None:
    draft = _draft()
    draft.probes.append(
        Probe(id="health", kind="http", settings={"url": "${base}/h"}, pass_when=("json.sync.missing_profiles == 0",))
    )
    assert alarms("Missing profiles > 0", draft, 1)[0] == ("missing_profiles > 0.0",)
    assert (draft.probes[1].kind, draft.probes[1].value) == ("http", "double(json.sync.missing_profiles)")


def test_a_state_said_in_words_is_the_health_probes() -> None:
    draft = _draft()
    assert alarms('Health check failures (status != "healthy")', draft, 1)[0] == ()
    draft.probes.append(Probe(id="health", kind="http", settings={"url": "${base}/health"}))
    assert alarms('Health check failures (status != "healthy")', draft, 1)[0] == ("!health.passing",)


def test_a_metric_that_no_one_measures_yet_says_so() -> None:
    draft = _draft()
    conditions("Login success rate > 95 %", draft, 3)
    assert [note.line for note in draft.notes] == [3]
    assert "RUNBOOK.md:3" in draft.comments["probes login_success_rate"][0]


def test_hostile_text_is_read_at_once() -> None:
    began = time.process_time()
    for piece in (
        "1 < ",
        "a < 5 % ",
        "((((",
        "wait for ",
        "5-",
        "zero x ",
        "monitor a ",
        "not ",
        "a b c d ",
        "5:",
        "< > ",
    ):
        text = piece * 100_000
        thresholds(text), duration_s(text), wait_s(text)
    assert time.process_time() - began < 2.0


def test_an_alarm_in_a_checklist_has_its_probe_warn() -> None:
    draft = _draft()
    assert conditions("High error rates (>5%)", draft, 1) == ()
    assert [(probe.id, probe.warn_when) for probe in draft.probes] == [("error_rates", ("value > 5.0",))]
