"""A run of a profile that lets something go unverified: its log, sentences and reports say so from the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from session_runs import new_run

from cockpit.audit.accepting import accept_store
from cockpit.audit.keeping import open_store
from cockpit.audit.tail import Tail
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.report.marks import mark_of
from cockpit.report.pages.phrasing import DEVIATIONS
from cockpit.run.events import Event
from cockpit.run.evolve import fold
from cockpit.run.readiness import of_profile
from cockpit.run.wording import sentence
from cockpit.session.creating import create_run
from cockpit.session.identity import actor

PROFILE = """
id = "shop"
environment = "production"
production = true
[[probes]]
id = "api"
kind = "http"
url = "https://shop.example/health"
unverified = "self-signed until OPS-1234"
[[probes]]
id = "home"
kind = "http"
url = "https://shop.example/"
[[targets]]
id = "db"
kind = "postgres"
dsn = "postgresql://db.example/shop"
unverified = "a private network"
[[phases]]
id = "all"
title = "All"
[[phases.steps]]
id = "look"
title = "Look"
"""


def _events(run_dir: Path) -> list[Event]:
    tail = Tail(run_dir)
    try:
        return [entry.event for entry in tail.read()]
    finally:
        tail.close()


def test_each_is_a_deviation_of_the_run_from_its_first_line_on(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PROFILE)
    loaded = load(tmp_path / "p.toml", installed())
    told = _events(create_run(loaded, {}, folder=tmp_path / "runs"))
    state = fold(told)
    assert [(each.kind, each.where, each.reason) for each in state.deviations] == [
        ("unverified", "probe api", "self-signed until OPS-1234"),
        ("unverified", "target db", "a private network"),
    ]
    assert "unverified" in DEVIATIONS
    assert mark_of(told[0]) == "deviation"
    assert "with 2 servers that nobody verifies" in sentence(told[0])
    ready = [(each.severity, each.where) for each in of_profile(loaded.profile, {}) if "nobody verifies" in each.what]
    assert ready == [("look", "probe api"), ("look", "target db")]


def test_a_run_of_a_profile_that_has_everything_verified_has_none(tmp_path: Path) -> None:
    told = _events(new_run(tmp_path))
    assert fold(told).deviations == ()
    assert mark_of(told[0]) == ""


def test_a_store_that_nobody_verifies_is_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = new_run(tmp_path)
    store = open_store(run_dir)
    try:
        accept_store(store, run_dir, "postgresql://db.example/cockpit", actor())
        monkeypatch.setenv("COCKPIT_UNVERIFIED_STORE", "no TLS there")
        accept_store(store, run_dir, "postgresql:///cockpit?host=/tmp", actor())
        accept_store(store, run_dir, "postgresql://ana@db.example/cockpit", actor())
        accept_store(store, run_dir, "postgresql://ana@db.example/cockpit", actor())  # a keeper, another seat
    finally:
        store.close()
    told = _events(run_dir)
    (deviation,) = fold(told).deviations
    assert (deviation.kind, deviation.where, deviation.reason) == (
        "place", "postgres db.example/cockpit", "no TLS there",
    )  # fmt: skip
    assert "keeps this log in db.example/cockpit, whose server nobody verifies: no TLS there" in sentence(told[-1])


def test_another_reason_is_said_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir, dsn = new_run(tmp_path), "postgresql://db.example/cockpit"
    store = open_store(run_dir)
    try:
        for reason in ("no TLS there", "no TLS there", "a new certificate comes"):
            monkeypatch.setenv("COCKPIT_UNVERIFIED_STORE", reason)
            accept_store(store, run_dir, dsn, actor())
    finally:
        store.close()
    assert [each.reason for each in fold(_events(run_dir)).deviations] == ["no TLS there", "a new certificate comes"]
