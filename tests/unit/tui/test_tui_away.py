"""What stands on the screen while the database that keeps the run is away."""

from __future__ import annotations

from msgspec.structs import replace
from screen_story import blocked, text_of, texts

from cockpit.audit.rewritten import APART, CHANGED, MERGED
from cockpit.run import events as e
from cockpit.run.events import Actor, Event
from cockpit.run.wording import sentence
from cockpit.session.doubts import Doubt
from cockpit.session.view import Recent
from cockpit.tui.ink import MARKS
from cockpit.tui.panes import probes, tail
from cockpit.tui.panes.banner import banner
from cockpit.tui.panes.seen import Seen

AWAY = "the store db/cockpit does not answer: nothing came for 2 s"


def seen(**changed: object) -> Seen:
    """The screen of a run whose keeper saw a probe fail that the log has as passing."""
    story = blocked()
    shown = story.seen()
    body = e.ProbeChanged(probe="api_health", previous="pass", status="fail", detail="HTTP \x1b[2J500")
    event = Event(0, "A", body.type, True, story.now(), Actor("ana", "h"), body, "x")
    probe = replace(story.state.probes["api_health"], status="fail")
    ahead = replace(story.state, probes={**story.state.probes, "api_health": probe})
    waiting = (Recent(event, sentence(event, story.state)),)
    return replace(shown, view=replace(shown.view, **({"away": AWAY, "ahead": ahead, "waiting": waiting} | changed)))


def test_the_banner_says_that_it_is_away_and_that_what_stands_below_is_not_in_the_log():
    for width in (80, 120):
        said = text_of(banner(seen(), width, 24 if width == 80 else 40))
        assert said.strip().startswith("THE DATABASE IS AWAY, nothing can be confirmed, readings not in the log")
    assert AWAY in text_of(banner(seen(), 200, 50))
    assert "readings" not in text_of(banner(seen(ahead=None, waiting=()), 120, 40))


def test_a_keeper_that_cannot_write_is_told_of_though_the_screen_can():
    said = text_of(banner(seen(away=""), 120, 40))
    assert said.strip().startswith("THE KEEPER CANNOT WRITE, nothing can be confirmed: 1 fact waits")


def test_what_is_not_known_to_be_written_comes_first():
    doubt = Doubt(id="A", what="ana  confirmed 1.2 Migrate", since=seen().now)
    assert "NOT KNOWN WHETHER IT WAS WRITTEN, DATABASE AWAY: ana  confirmed 1.2" in text_of(
        banner(seen(doubts=(doubt,)), 120, 40)
    )
    assert "being looked up" in text_of(banner(seen(doubts=(doubt,), away="", ahead=None), 120, 40))
    settled = replace(doubt, fate="written")
    assert "NOT KNOWN" not in text_of(banner(seen(doubts=(settled,)), 120, 40))


def test_readings_are_the_newest_and_the_logs_tail_says_what_is_not_written_yet():
    shown = seen()
    (row,) = [row for row in texts(probes.probes(shown, 60, 30)).splitlines() if "api_health" in row]
    assert row[0] == MARKS["fail"][0], row
    last = texts(tail.tail(shown, 3)).splitlines()[-1]
    assert "not written yet: keeper" in last
    assert "\x1b" not in last
    whole = [row for row in texts(tail.whole(shown, 100)).splitlines() if "not written yet" in row]
    assert len(whole) == 1
    assert "–" in whole[0], "it has no number"


def test_two_logs_and_a_changed_database_are_said_first_and_say_what_to_do():
    apart = f"{APART}: cockpit store return merges them; nothing can be confirmed until then"
    said = text_of(banner(seen(away=apart, ahead=None, waiting=()), 80, 24)).strip()
    assert said.startswith("TWO LOGS SINCE A FAILOVER: cockpit store return merges them"), "it answers: it is not away"
    merged = f"{MERGED}: q, cockpit resume opens what became of both; what was read is kept in /runs/01M7/offline-4"
    for trouble in (merged, f"{CHANGED}: line 27 is another than was read from it (db/cockpit)"):
        said = text_of(banner(seen(away="", ahead=None, waiting=(), trouble=trouble), 80, 24)).strip()
        assert said[:60] == trouble[:60]
