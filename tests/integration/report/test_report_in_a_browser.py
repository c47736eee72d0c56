"""The report in a real browser: text and pictures on a desk, on a telephone, on paper; and that nothing else runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from chromium import PROGRAM, Chromium
from report_hostile import hostile_night
from report_story import long_night, written

from cockpit.report.pages.account import read_account
from cockpit.report.pages.html import html
from cockpit.report.pages.phrasing import Phrasing

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Debian's chromium is not here"),
    pytest.mark.xdist_group("chromium"),
]
DESK, TELEPHONE = 1280, 390
_FITS = """
[...document.querySelectorAll("svg")].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const box = svg.viewBox.baseVal;
  return [...svg.querySelectorAll("text")].filter(text => {
    const at = text.getBoundingClientRect(), all = svg.getBoundingClientRect();
    return text.textContent && (at.left < all.left - 3 || at.right > all.right + 3 || at.top < all.top - 3
      || at.bottom > all.bottom + 3);
  }).map(text => text.textContent);
})
"""


def page(folder: Path, log: Path) -> Path:
    account = read_account(log, datetime(2026, 11, 28, 9, tzinfo=UTC))
    path = folder / "report.html"
    path.write_text(html(account, Phrasing(account.told, ZoneInfo("Europe/Rome"))))
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    found = Chromium(tmp_path_factory.mktemp("chromium"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    return page(folder, written(long_night().events, folder / "audit.jsonl"))


def drawn(browser: Chromium, kind: str) -> list[bool]:
    return browser.says(f'[...document.querySelectorAll(".picture.{kind} svg")].map(it => it.clientWidth > 300)')


@pytest.mark.parametrize(("width", "shown", "hidden"), [(DESK, "wide", "narrow"), (TELEPHONE, "narrow", "wide")])
def test_text_and_pictures_are_there_and_nothing_reaches_over_the_edge(
    browser: Chromium, night: Path, width: int, shown: str, hidden: str
) -> None:
    browser.opens(night, width=width)
    assert browser.says("document.title") == "organizational model on production, 2026-11-21"
    text = browser.says("document.body.innerText")
    for words in ("finished after 1h 04m", "2.2 Migrate the users", "the nightly report was still running",
                  "the twelve are test users", "next week, with the customer"):  # fmt: skip
        assert words in text
    assert browser.says("document.documentElement.scrollWidth") <= width
    assert drawn(browser, shown) == [True, True]
    assert drawn(browser, hidden) == [False, False]
    sizes = browser.says('[...document.querySelectorAll("figure svg")].map(it => [it.clientWidth, it.clientHeight])')
    assert len(sizes) == 5
    assert all(across > 250 and down > 100 for across, down in sizes)
    assert browser.says(_FITS) == [], "labels of pictures lie within them"
    labels = browser.says(f'document.querySelector(".picture.{shown} svg").textContent')
    for words in ("2 Database", "Deviations", "window opens", "planned 23m", "22:00"):
        assert words in labels


def test_thresholds_and_confirmations_stand_in_the_probes_pictures(browser: Chromium, night: Path) -> None:
    browser.opens(night, width=DESK)
    rate = browser.says(
        '[...document.querySelectorAll("figure")].find(it => it.innerText.includes("error_rate")).textContent'
    )
    for words in ("warn > 1", "fail > 10", "2.2", "%"):
        assert words in rate


def test_nothing_is_fetched_nothing_runs_and_the_policy_has_nothing_to_complain_of(
    browser: Chromium, night: Path
) -> None:
    browser.opens(night, width=DESK)
    asked = [event["request"]["url"] for event in browser.happened("Network.requestWillBeSent")]
    assert asked == [night.resolve().as_uri()]
    assert browser.happened("Log.entryAdded") == []
    assert browser.happened("Runtime.consoleAPICalled") == []
    assert browser.says("document.scripts.length") == 0


def test_what_is_folded_on_the_screen_is_open_on_paper(browser: Chromium, night: Path) -> None:
    seen = '[...document.querySelectorAll("pre.output, ul.evidence")].map(it => it.checkVisibility())'
    browser.opens(night, width=DESK)
    assert not any(browser.says(seen))
    browser.opens(night, width=794, media="print")
    assert all(browser.says(seen))
    whole = (
        "[...document.querySelectorAll('table')].map(it => "
        "[it.tBodies[0].rows.length <= 8, getComputedStyle(it.parentElement).breakInside == 'avoid'])"
    )
    tables = browser.says(whole)
    assert {is_small for is_small, _ in tables} == {True, False}
    assert all(is_small is is_kept for is_small, is_kept in tables), "a head would stand alone at the end of a page"
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF")
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 30


def test_at_night_it_is_dark_and_its_pictures_keep_their_paper(browser: Chromium, night: Path) -> None:
    ink = '["body", ".picture"].map(it => getComputedStyle(document.querySelector(it)).backgroundColor).join("")'
    browser.opens(night, width=DESK)
    assert browser.says(ink) == "rgb(255, 255, 255)rgb(255, 255, 255)"
    browser.opens(night, width=DESK, dark=True)
    assert browser.says(ink) == "rgb(22, 23, 24)rgb(255, 255, 255)"


def test_a_hostile_log_is_text_and_nothing_else(browser: Chromium, tmp_path: Path) -> None:
    hostile = page(tmp_path, written(hostile_night(), tmp_path / "audit.jsonl"))
    for width in (DESK, TELEPHONE):
        browser.opens(hostile, width=width)
        asked = [event["request"]["url"] for event in browser.happened("Network.requestWillBeSent")]
        assert asked == [hostile.resolve().as_uri()]
        assert browser.happened("Page.javascriptDialogOpening") == []
        text = browser.says("document.body.innerText")
        assert "<script>alert(1)</script>" in text
        assert "{{ 7 * 7 }}" in text
        assert "‹U+202E›gnissim si resu eht" in text
        assert browser.says("document.scripts.length") == 0
        assert browser.says("document.images.length") == 0
        assert (
            browser.says("document.querySelectorAll('iframe, object, embed, link, base, form, foreignObject').length")
            == 0
        )
        links = browser.says("[...document.querySelectorAll('[href], [src]')].map(it => it.getAttribute('href'))")
        assert all(link.startswith("#") for link in links)
        assert browser.says("document.documentElement.scrollWidth") <= width
        assert browser.says(_FITS) == []
