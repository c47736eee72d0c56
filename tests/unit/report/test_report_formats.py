"""The report as HTML, Markdown, JSON and CSV: what it tells of a night, and what it does with a log that means harm."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from markdown_it import MarkdownIt
from report_hostile import ATTACKS, hostile_night
from report_large import large_night
from report_story import PROFILE, Told, long_night, until_migration, written
from screen_story import BO

from cockpit.report.pages import drawing, standouts, storyline
from cockpit.report.pages.account import Account, read_account
from cockpit.report.pages.data import as_json
from cockpit.report.pages.html import TEMPLATES, html
from cockpit.report.pages.markdown import markdown, plain
from cockpit.report.pages.phrasing import Phrasing
from cockpit.report.pages.summary import facts_of
from cockpit.report.pages.tables import mark_table, plan_table, troubled_tables
from cockpit.report.pages.tabular import TABLES, as_csv
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.friction import required_word
from cockpit.text import visible

WRITTEN = datetime(2026, 11, 28, 9, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
LOGS = sorted((Path(__file__).parents[2] / "logs" / "v1").glob("*.jsonl"))
_ACTIVE = {"script", "iframe", "object", "embed", "link", "base", "form", "img", "video", "audio", "image", "use",
           "animate", "set", "foreignobject", "input", "button", "template", "frame"}  # fmt: skip


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._in = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag

    def handle_data(self, data: str) -> None:
        if self._in == "style":
            self.style += data
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._in = "" if self._in == tag else self._in


def account(log: Path) -> Account:
    return read_account(log, WRITTEN)


def say(found: Account) -> Phrasing:
    return Phrasing(found.told, ROME)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Account:
    return account(written(long_night().events, tmp_path_factory.mktemp("night") / "audit.jsonl"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Account:
    return account(written(hostile_night(), tmp_path_factory.mktemp("hostile") / "audit.jsonl"))


def assert_inert(page: Page) -> None:
    """No script, nothing fetched, no handler; the style is ours alone."""
    assert {tag for tag, _ in page.tags} & _ACTIVE == set()
    for tag, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on") or key in ("src", "srcset", "style", "action")], (
            tag
        )
        for key in ("href", "xlink:href"):
            assert (attributes.get(key) or "#").startswith("#")
        assert all(
            "url(" not in (value or "") or re.fullmatch(r"url\(#p\d+-\w+\)", value or "")
            for value in attributes.values()
        )
    assert page.style.strip() == (TEMPLATES / "report.css").read_text().strip()
    assert "@import" not in page.style
    assert "url(" not in page.style
    policy = next(each["content"] for tag, each in page.tags if each.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


# ---- HTML ------------------------------------------------------------------------------------------------------------


def test_the_page_tells_the_night(night: Account) -> None:
    page = Page(html(night, say(night)))
    assert_inert(page)
    for words in (
        "The run was finished after 1h 04m. Its work was done 3h 26m before the window's end.",
        "Europe/Rome, UTC+01:00", "2026-11-21 22:00:00 to 2026-11-21 23:04:15",
        "ERROR:  deadlock detected", "UPDATE users SET profile_id = p.id", "failed, exit code 3",
        "went on in spite of a trigger", "both from the test group", "the nightly report was still running",
        "missing_profiles: fail, 12, 0 s old", "Proposed and not taken: Emergency", "who else writes to users?",
        "signed off", "the clock of bastion-1 was set back by 3 s", "took the pen",
        "chain unbroken from line 1 to line", "does not show who wrote it, nor that nothing was cut off its end",
    ):  # fmt: skip
        assert words in page.text, words
    assert night.head is not None
    assert night.head.short in page.text
    assert night.head.digest in page.text
    assert f"cockpit {night.version}" in page.text
    assert ("html", {"lang": "en"}) in page.tags
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(pictures) == 9
    assert all(
        each["role"] == "img" and each["aria-labelledby"] and float(each["width"] or 0) > 300 for each in pictures
    )
    assert sum(tag == "title" for tag, _ in page.tags) == sum(tag == "desc" for tag, _ in page.tags) + 1


def test_every_table_has_heads_for_its_rows_and_columns(night: Account) -> None:
    page = Page(html(night, say(night)))
    heads = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
    assert heads
    assert set(heads) == {"col", "row"}
    assert sum(tag == "table" for tag, _ in page.tags) == sum(tag == "caption" for tag, _ in page.tags)


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_every_golden_log_gives_every_format(path: Path) -> None:
    found = account(path)
    page = Page(html(found, say(found)))
    assert_inert(page)
    assert found.told.environment in page.text
    assert markdown(found, say(found)).startswith("# Post-incident review: ")
    assert json.loads(as_json(found))["run"]["run"] == found.told.run
    for table in TABLES:
        assert as_csv(found, table, path)


def test_a_hostile_log_is_shown_and_does_nothing(hostile: Account) -> None:
    written_out = html(hostile, say(hostile))
    page = Page(written_out)
    assert_inert(page)
    for attack in ATTACKS:
        words = visible(attack, multiline=True)[:200]
        assert words in page.text or visible(attack)[:100] in page.text, attack
    assert "{{ 7 * 7 }}" in page.text
    assert visible(written_out, multiline=True) == written_out, "nothing that a terminal or a reader's eye obeys"


def test_a_live_an_aborted_and_a_rolled_back_run_say_so_first(tmp_path: Path) -> None:
    live = until_migration()
    assert "Live: the log has no end" in told_by(live, tmp_path)
    live.does(c.AbortRun, reason="fire", typed=required_word(live.state, "abort", "", live.now()))
    assert "Aborted: fire." in told_by(live, tmp_path)
    back = until_migration()
    back.runs("no", outcome="failed", exit_code=1)
    back.plans(emergency="pass")
    typed = required_word(back.state, "rollback", "emergency", back.now())
    back.does(c.ChooseRollback, plan="emergency", reason="it is broken", typed=typed)
    told = told_by(back, tmp_path)
    assert "Rolled back: by Emergency: it is broken." in told
    assert "The way back was not all walked where the log ends." in told
    assert "R1.1 Put the old ids back" in told


def rolled_back() -> Told:
    """A night whose trigger was gone on in spite of, and which was then rolled back and left on the way."""
    night = until_migration()
    night.runs("no", outcome="failed", exit_code=1)
    night.happens(e.ProbeChanged(probe="error_rate", previous="pass", status="fail", value=14.0, detail="14 of 100"))
    night.does(c.RaiseTrigger, trigger="complaints", reason="support has two calls", actor=BO)
    night.does(c.AnswerTriggers, reason="only pilots", typed=required_word(night.state, "go_on", "", night.now()))
    night.plans(emergency="pass")
    typed = required_word(night.state, "rollback", "emergency", night.now())
    night.does(c.ChooseRollback, plan="emergency", reason="it is broken", typed=typed)
    return night


def test_marks_that_stand_together_have_their_numbers_together_and_those_left_out_are_counted(
    night: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ">7, 8<" in html(night, say(night))
    assert ("8", "Deviation") in {(row[0], row[2]) for row in mark_table(night.told, say(night)).rows}
    monkeypatch.setattr(standouts, "MOST", 3)
    short = mark_table(night.told, say(night))
    assert (len(short.rows), short.left_out) == (3, 5)


def test_a_decision_without_evidence_is_told_with_how_the_probes_stood(tmp_path: Path) -> None:
    found = account(written(rolled_back().events, tmp_path / "a.jsonl"))
    told = {each.type: each for each in found.told.decisions}
    assert told["trigger.answered"].stood is not None
    assert "error_rate fail" in told["trigger.answered"].stood
    assert told["step.confirmed"].stood is None
    assert "error_rate fail" in say(found).stood(told["rollback.chosen"])
    assert "By the log, not passing then: error_rate fail" in " ".join(Page(html(found, say(found))).text.split())
    assert re.search(
        r"rolls back by Emergency: it is broken {2}\n {2}\*by the log:\* not passing then: error",
        markdown(found, say(found)),
    )


def test_what_was_left_for_the_way_back_is_not_told_as_under_way(tmp_path: Path) -> None:
    found = account(written(rolled_back().events, tmp_path / "a.jsonl"))
    status = {row[0].split(" ")[0]: row[1] for row in plan_table(found.told, say(found)).rows}
    assert (status["2"], status["2.2"], status["R1"], status["R1.1"]) == (
        "not finished",
        "left open",
        "under way",
        "open",
    )
    facts = dict(facts_of(found, say(found)))
    assert facts["Steps"].endswith("; on the way back 3 open")
    difference = {row[0].split(" ")[0]: row[4] for row in plan_table(found.told, say(found)).rows}
    assert difference["2"] == ""


def test_triggers_and_plans_are_called_by_their_titles(tmp_path: Path) -> None:
    found = account(written(rolled_back().events, tmp_path / "a.jsonl"))
    tables = {table.name: table for table in troubled_tables(found.told, say(found))}
    assert {row[3] for row in tables["deviations"].rows} >= {"users complain", "Emergency"}
    assert tables["rollbacks"].rows[0][4] == "Emergency"


def told_by(night: Told, folder: Path) -> str:
    found = account(written(night.events, folder / "audit.jsonl"))
    return Page(html(found, say(found))).text


def test_a_long_reason_is_told_whole_and_a_huge_note_is_cut_with_its_length(tmp_path: Path) -> None:
    night = until_migration()
    night.does(c.PlaceHold, reason="because " * 60 + "of the end")
    night.does(c.ReleaseHold, reason="since " * 80 + "all is well again")
    night.happens(e.NoteAdded(text="n" * 50_000))
    told = told_by(night, tmp_path)
    assert "since " * 80 + "all is well again" in told
    assert "because " * 60 + "of the end" in told
    assert "(46000 more characters)" in told
    assert len(told) < 60_000


def test_a_rehearsal_says_that_nothing_was_changed(tmp_path: Path) -> None:
    assert "Rehearsal: nothing outside was changed" in told_by(Told(PROFILE, rehearsal=True), tmp_path)


def test_a_run_that_only_began_is_a_page_too(tmp_path: Path) -> None:
    found = account(written(long_night().events[:1], tmp_path / "audit.jsonl"))
    page = Page(html(found, say(found)))
    assert "the log has no end" in page.text
    assert "2.2 Migrate the users" in page.text
    assert markdown(found, say(found))


def test_damage_is_told_first_and_what_stands_behind_it_is_marked(tmp_path: Path) -> None:
    log = written(long_night().events, tmp_path / "audit.jsonl")
    lines = log.read_bytes().split(b"\n")
    at = next(n for n, line in enumerate(lines) if b"next week" in line)
    lines[at] = lines[at].replace(b"next week", b"next year")
    log.write_bytes(b"\n".join(lines))
    found = account(log)
    assert found.told.unproven_since is not None
    assert found.told.unproven_events == found.told.events - at - 1
    page = Page(html(found, say(found)))
    assert "Damaged:" in page.text
    assert f"line {at + 2}" in page.text
    assert "NOT:" in page.text
    assert "the nightly report was still running" in page.text
    assert "Not proven: the last" in page.text
    assert "✖ 22:33:55" in page.text, "the changed line itself, which only the next one shows"
    assert "✖ 22:34:15" in page.text, "the override, after it"
    assert "✖ 22:08:12" not in page.text, "the hold, before it"
    assert "the twelve are test users" in page.text
    assert "✖ not proven" in page.text
    assert not json.loads(as_json(found))["verification"]["ok"]
    assert "**Damaged:**" in markdown(found, say(found))


def test_without_the_charting_library_there_is_a_sentence_for_each_picture(
    night: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    page = Page(html(night, say(night)))
    assert sum(tag == "svg" for tag, _ in page.tags) == 0
    assert page.text.count("there is no picture here: the charting library cannot be loaded") == 9
    assert "2.2 Migrate the users" in page.text


def test_a_picture_is_put_together_from_what_is_allowed_alone() -> None:
    drawn = drawing._rebuilt(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"'
        ' onload="x()">'
        '<script>alert(1)</script><g onclick="x()" id="a"><a xlink:href="http://evil"><text>in a link</text></a>'
        '<rect fill="url(http://evil)" clip-path="url(#a)" width="1.23456" height="2" style="x"/><image href="http://evil"/>'
        "<text>&lt;b&gt;\u202e</text></g><foreignObject><p>x</p></foreignObject><style>x</style></svg>",
        "p1-", "<t>", "d",
    )  # fmt: skip
    assert drawn == (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="p1-t p1-d" width="9" height="9"'
        ' viewBox="0 0 9 9"><title id="p1-t">&lt;t&gt;</title> <desc id="p1-d">d</desc> <g id="p1-a">'
        '<rect clip-path="url(#p1-a)" width="1.2" height="2"/><text>&lt;b&gt;‹U+202E›</text> </g></svg>'
    )


def test_a_text_that_xml_has_no_place_for_does_not_end_the_drawing_of_pictures() -> None:
    for text in ("\x1b[31m\x00", "\ud83d", "\ufffe\U0001ffff", "\u2028\u202e<b>&"):
        marks = {"values": [{"x": 1, "label": text}]}
        encoding = {"x": {"field": "x", "type": "quantitative", "axis": {"title": text}}, "text": {"field": "label"}}
        picture = drawing.Painter().draw({"data": marks, "mark": "text", "encoding": encoding}, text, text)
        assert "</svg>" in picture.svg
        assert visible(picture.svg, multiline=True) == picture.svg


def test_many_probes_and_steps_give_a_page_of_a_few_megabytes(tmp_path: Path) -> None:
    found = account(written(large_night(3000), tmp_path / "audit.jsonl"))
    page = html(found, say(found))
    assert len(page) < 4_000_000
    assert "Not drawn, for want of room: " in page
    assert "20.25 Work number 499" in page
    assert sum(step.status == "confirmed" for step in found.told.steps) > 400


# ---- Markdown --------------------------------------------------------------------------------------------------------


def test_markdown_leaves_to_people_what_no_log_knows(night: Account) -> None:
    text = markdown(night, say(night))
    for title in (
        "## Impact",
        "## What went well",
        "## What went wrong",
        "## Where we were lucky",
        "## What is to be done",
    ):
        at = text.index(title)
        assert text[at:].split("\n")[2].startswith("> **To be written by people.**")
    assert "| 2.2 Migrate the users | confirmed | 15m | 17m 12s | +2m 12s |" in text
    assert night.head is not None
    assert f"`{night.head.digest}`" in text
    assert "    ERROR:  deadlock detected" in text


def test_the_document_tells_what_happened_from_the_first_to_the_last_and_when_probes_failed(tmp_path: Path) -> None:
    night = rolled_back()
    night.passes(60)
    night.happens(e.ProbeChanged(probe="error_rate", previous="fail", status="pass", value=0.1))
    night.does(c.AbortRun, reason="fire", typed=required_word(night.state, "abort", "", night.now()))
    found = account(written(night.events, tmp_path / "a.jsonl"))
    text = markdown(found, say(found))
    story = text[text.index("## Timeline") : text.index("### What stood out")]
    places = [
        story.index(each)
        for each in (
            "| started ",
            "error_rate pass → fail: 14",
            "goes on in spite",
            "rolls back by",
            "error_rate fail → pass",
            "aborted the run: fire",
        )
    ]
    assert places == sorted(places)
    impact = text[text.index("## Impact") : text.index("## Timeline")]
    assert re.search(r"\| error_rate \| fail \| \d\d:\d\d:\d\d \| \d\d:\d\d:\d\d \| 1m", impact)
    assert "## Commands\n\nNone." in markdown(
        account(written(Told(PROFILE).events[:1], tmp_path / "b.jsonl")), say(found)
    )


def test_each_warning_of_the_document_is_a_paragraph_of_its_own(tmp_path: Path) -> None:
    found = account(written(rolled_back().events, tmp_path / "a.jsonl"))
    quote = MarkdownIt().render(markdown(found, say(found)).split("## Summary")[0])
    assert quote.count("<p><strong>") == 2


def test_a_story_that_is_too_long_leaves_out_its_small_print_and_not_its_end(
    night: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = storyline.story_table(night.told, say(night))
    monkeypatch.setattr(storyline, "ROWS", 12)
    short = storyline.story_table(night.told, say(night))
    assert len(short.rows) == 12
    assert len(whole.rows) + whole.left_out == 12 + short.left_out
    assert [row[3] for row in short.rows][-1] == [row[3] for row in whole.rows if row[1]][-1]


def test_nothing_of_a_hostile_log_is_markdown(hostile: Account) -> None:
    tokens = MarkdownIt("gfm-like", {"html": True}).parse(markdown(hostile, say(hostile)))
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "fence", "hr"}
    titles = {token.content for token, before in zip(tokens[1:], tokens, strict=False) if before.type == "heading_open"}
    assert not [title for title in titles if "heading" in title and not title.startswith("2.")]
    assert "everyone" in "".join(child.content for child in inline)


@pytest.mark.parametrize("text", ATTACKS)
def test_plain_text_is_rendered_as_it_was(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"html": True}).parse(f"{plain(text)}\n")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    shown = "".join(child.content for child in tokens[1].children or ()).replace("\u200b", "")
    assert shown == " ".join(visible(text, multiline=True).split())


# ---- JSON and CSV ----------------------------------------------------------------------------------------------------


def test_json_is_one_line_that_no_terminal_obeys(hostile: Account) -> None:
    text = as_json(hostile)
    assert text.count("\n") == 1
    assert visible(text[:-1]) == text[:-1]
    again = json.loads(text)
    assert again["report"] == 1
    assert any(note["text"] in ATTACKS for note in again["run"]["notes"])
    assert again["log"]["head"]["seq"] == hostile.told.events


def test_json_names_its_fields_in_the_documentation(night: Account) -> None:
    documented = (Path(__file__).parents[3] / "docs" / "report.md").read_text()
    run = json.loads(as_json(night))["run"]
    lost = [name for name in run if f"`{name}`" not in documented]
    for name, each in run.items():
        fields = each[0] if isinstance(each, list) and each and isinstance(each[0], dict) else {}
        lost += [f"{name}.{key}" for key in fields if f"`{key}`" not in documented]
    assert lost == []
    assert [table for table in TABLES if f"`{table}`" not in documented] == []


def test_csv_has_a_line_a_record_and_its_heads(night: Account) -> None:
    text = as_csv(night, "steps", night.path)
    assert text.endswith("\r\n")
    assert text.count("\r\n") == len(night.told.steps) + 1
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    migrate = next(row for row in rows if row["id"] == "migrate")
    assert (migrate["number"], migrate["status"], migrate["planned_s"], migrate["actual_s"]) == (
        "2.2",
        "confirmed",
        "900",
        "1032",
    )
    tenths = [row["actual_s"].partition(".")[2] for row in rows]
    assert max(map(len, tenths)) <= 3
    events = list(csv.DictReader(io.StringIO(as_csv(night, "events", night.path), newline="")))
    assert len(events) == night.told.facts
    assert events[0]["at"] == "2026-11-21T21:00:00Z"


@pytest.mark.parametrize("table", TABLES)
def test_no_cell_of_a_hostile_log_is_a_formula_or_breaks_its_line(hostile: Account, table: str) -> None:
    text = as_csv(hostile, table, hostile.path)
    assert visible(text.replace("\r\n", "")) == text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows[1:] for cell in row):
        is_number = re.fullmatch(r"-?[0-9.]+(e[+-]?[0-9]+)?", cell)
        assert is_number or not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "|", "%"))
