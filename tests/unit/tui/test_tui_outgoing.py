"""The second line of defence: what was forgotten acts in no widget, and no byte leaves that is not ours; copying."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from attacks import ATTACKS, MARK, TERMINAL, attack, foreign
from hostile_screens import SHORT, Keeping, actions_on, shown, strips_of, watched
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from screen_night import at
from screen_story import FakeSeat, StoryApp, apart, blocked, until
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button, Footer, Input, Label, Markdown, OptionList, RichLog, Static
from textual.widgets.option_list import Option

from cockpit.tui.clipping import Clip
from cockpit.tui.guarded import GuardedApp
from cockpit.tui.outgoing import MOST_COPIED_BYTES, clipboard, harmless, title
from cockpit.tui.screens.dialogs import AskDialog, Question, SureDialog
from cockpit.tui.widgets.patient import Outlet


class Forgotten(Widget):
    """A widget of somebody who thinks of nothing: raw text, a link, an action, and a control in its segments."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render_line(self, y: int) -> Strip:
        style = Style(link="https://owned.example", meta={"@click": "app.exit()"})
        return Strip([Segment(self._text, style), Segment("\x1b[2J", None, [(1,)]), Segment("x")])  # type: ignore[list-item]


class ForgetfulApp(GuardedApp):
    """Every widget of Textual's that shows text, given raw text, as markup where it would be read."""

    BINDINGS = [("x", "exit", SHORT)]
    CSS = (
        "Widget { height: auto; max-height: 3; } Forgotten { height: 1; } Vertical { border: round white; height: 9; }"
    )

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        raw = Content(self._text)
        with Vertical() as box:
            box._border_title = box._border_subtitle = raw
            yield Forgotten(self._text)
            yield Static(raw, id="tip")
            yield Label(raw)
        yield Input(self._text)
        yield Input(placeholder=self._text)
        yield Button(raw, tooltip=None)
        yield OptionList(Option(raw))
        yield Static(f"[@click=app.exit()]{MARK}[/] [link='https://owned.example']x[/link]")
        yield RichLog()
        yield Markdown(f"[{MARK}](https://owned.example) `x`")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(RichLog).write(self._text)
        self.query_one("#tip").tooltip = Content(self._text)
        self.notify(self._text, markup=False, title=self._text)


async def left_by(text: str) -> tuple[str, set[str], str]:
    app = ForgetfulApp(text)
    watched(app)
    async with app.run_test(size=(90, 50), headless=False, tooltips=True, notifications=True) as pilot:
        await until(pilot, lambda: MARK in shown(strips_of(app)))
        await pilot.hover("#tip")
        await pilot.pause(0.01)
        driver = app._driver
        assert isinstance(driver, Keeping)
        written = "".join(driver.written)
        assert "".join(driver.asked) == written, "the filter of lines is enough by itself"
        return written, actions_on(strips_of(app)), shown(strips_of(app))


async def test_a_forgotten_text_acts_in_no_widget_of_textuals() -> None:
    written, actions, text = await left_by(SHORT)
    assert foreign(written) == []
    assert actions == set()
    assert text.count(MARK) > 8


@pytest.mark.many
@pytest.mark.parametrize("name", sorted(ATTACKS))
async def test_no_forgotten_attack_acts_in_a_widget_of_textuals(name: str) -> None:
    written, actions, _ = await left_by(attack(name))
    assert foreign(written) == []
    assert actions == set()


@pytest.mark.parametrize("name", sorted(TERMINAL))
def test_no_attack_leaves_as_it_is_whoever_writes_it(name: str) -> None:
    file = io.StringIO()
    outlet = Outlet(file)
    outlet.write(f"\x1b[1;1H\x1b[1m{attack(name)}\x1b[0m")
    found = foreign(file.getvalue())
    assert found == []
    assert MARK in file.getvalue()


@given(st.text(st.sampled_from("\x1b\x9b\x9d\x90\x9c\x07\\[]P?;0125mHhlcnu<>$p\n\r\t\u202eax"), max_size=60))
def test_whatever_is_written_only_sequences_of_ours_are_left(text: str) -> None:
    once = harmless(text)
    assert harmless(once) == once
    assert [each for each in foreign(once.replace("\r", "")) if "\x1b" in each or "\x9b" in each] == []


def test_what_screens_write_passes_untouched() -> None:
    for sent in (
        "\x1b[?1049h", "\x1b[?25l", "\x1b[>25u", "\x1b[<u", "\x1b[?2026$p", "\x1b[?2048$p", "\x1b[?2026h",
        "\x1b]22;text\x07",
        "\x07", "\x1b[12;40H\x1b[1;38;2;1;2;3;48;2;4;5;6m✔ läuft 漢字 ▁▂▃\x1b[0m\n", clipboard("ls"),
        title("x", is_first=True),
    ):  # fmt: skip
        assert harmless(sent) == sent


def test_titles_and_the_clipboard_hold_nothing_but_text() -> None:
    for name in ATTACKS:
        assert foreign(title(attack(name), is_first=True)) == []
        assert foreign(clipboard(attack(name))) == []
        assert foreign(clipboard(Clip.of(attack(name)).text)) == []
        assert foreign(Clip.of(attack(name)).text) == []


# ---- copying --------------------------------------------------------------------------------------------------------


def sent_by(app: GuardedApp) -> list[str]:
    """What was put into the clipboard."""
    driver = app._driver
    assert isinstance(driver, Keeping)
    found = [each for each in driver.written if each.startswith("\x1b]52;c;")]
    return [base64.b64decode(each.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode() for each in found]


async def test_one_plain_line_is_copied_at_once() -> None:
    app = StoryApp(FakeSeat(blocked()))
    watched(app)
    async with app.run_test(size=(100, 30), headless=False) as pilot:
        await apart(pilot, "y")
        assert sent_by(app) == ['psql "$DATABASE_URL" -f validate.sql']
        assert "sent to your terminal's clipboard" in app.shows("says")


async def test_lines_are_shown_with_their_newlines_before_they_are_copied() -> None:
    app = StoryApp(FakeSeat(at("migrate")))
    watched(app)
    async with app.run_test(size=(100, 30), headless=False) as pilot:
        await apart(pilot, "y")
        await until(pilot, lambda: isinstance(app.screen, SureDialog))
        await until(pilot, lambda: "3 lines (␊): pasted into a shell, each runs as it comes." in shown(strips_of(app)))
        assert "WHERE p.user_id = users.id;␊" in shown(strips_of(app))
        assert sent_by(app) == []
        await apart(pilot, "enter")
        assert sent_by(app) == [], "Enter sends nothing"
        await apart(pilot, "y")
        await until(pilot, lambda: app.screen is app.run_screen)
        await until(pilot, lambda: bool(sent_by(app)))
        (sent,) = sent_by(app)
        assert sent.count("\n") == 2
        assert sent.startswith("UPDATE users")
        assert sent.endswith("NULL;"), "no newline at the end, which would run the last line"


async def test_what_was_shown_is_not_copied_by_escape() -> None:
    app = StoryApp(FakeSeat(at("migrate")))
    watched(app)
    async with app.run_test(size=(100, 30), headless=False) as pilot:
        await apart(pilot, "y")
        await until(pilot, lambda: isinstance(app.screen, SureDialog))
        await apart(pilot, "escape")
        await until(pilot, lambda: app.screen is app.run_screen)
        assert sent_by(app) == []


async def test_what_no_terminal_takes_is_not_copied_in_part() -> None:
    app = StoryApp(FakeSeat(blocked()))
    watched(app)
    async with app.run_test(size=(100, 30), headless=False) as pilot:
        app._copied = lambda: "x" * (MOST_COPIED_BYTES + 1)  # type: ignore[method-assign] # longer than any command
        await apart(pilot, "y")
        await until(pilot, lambda: "nothing was sent" in app.shows("says"))
        assert "Y shows it plainly" in app.shows("says")
        app.copy_to_clipboard("y" * (MOST_COPIED_BYTES + 1))
        assert sent_by(app) == []


def test_of_what_is_copied_is_said_what_is_not_as_it_was_meant() -> None:
    hidden = Clip.of("ls \x1b[31m\u202e")
    assert hidden.text == "ls ␛[31m‹U+202E›"
    assert not hidden.is_plain
    assert "␛ ‹U+202E›" in "".join(hidden.warnings())
    secret = Clip.of("psql ‹secret DATABASE_URL›")
    assert not secret.is_plain
    assert secret.warnings() == ("‹secret DATABASE_URL› stands for its value, which is not sent.",)
    assert Clip.of("a\r\nb\rc\td\n\n").text == "a\nb␍c\td"
    long = Clip.of("\n".join(map(str, range(500))))
    assert long.shown()[-1] == "… 300 more lines"


# ---- pasting and crashing -------------------------------------------------------------------------------------------


async def test_a_paste_is_visible_in_its_field_and_loses_no_line() -> None:
    app = StoryApp(FakeSeat(blocked()))
    watched(app)
    async with app.run_test(size=(100, 30), headless=False) as pilot:
        dialog = AskDialog(Question(title="Note", reason="why?"))
        app.push_screen(dialog)
        await until(pilot, lambda: dialog._since < float("inf"))
        paste = events.Paste("first\nsecond\u202e\x1b[31m\n")
        paste.time = dialog._since + 1
        app.post_message(paste)
        field = await _field(pilot, dialog)
        await until(pilot, lambda: bool(field.value))
        assert field.value == "first␊second‹U+202E›␛[31m"


async def _field(pilot: Any, dialog: AskDialog) -> Input:
    await until(pilot, lambda: bool(dialog.query("#reason")))
    return dialog.query_one("#reason", Input)


class Breaking(GuardedApp):
    """Fails, with a secret and an escape sequence in its variables."""

    def on_mount(self) -> None:
        secret = "hunter2\x1b]0;owned\x07"
        raise RuntimeError(f"broken {len(secret)}")


def test_an_error_nobody_foresaw_is_raised_and_its_variables_are_printed_nowhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = Breaking()
    app.driver_class = Keeping
    with pytest.raises(RuntimeError, match="broken 17"):
        app.show()
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
    assert told.err == ""
