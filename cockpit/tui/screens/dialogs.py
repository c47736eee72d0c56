"""Questions: each a modal screen that answers with a value, or with None when it was left by Escape.

Enter sends nothing that was typed before the dialog stood (a key meant for the screen below must not answer it), nor in
the middle of a paste. What must be typed is asked for in full, and typed; an empty reason is no reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cockpit.tui.keyguard import QUIET_S
from cockpit.tui.widgets.literal import literal
from cockpit.tui.widgets.patient import Patient

SETTLE_S = 0.15
"""How long after it opened a dialog still takes no keys."""
PASTE_S = 0.02
"""Characters that come closer than this were not typed by a person, who may well roll over two keys in 60 ms."""
NOT_PASTED = "the word is to be typed, not pasted"


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: a title, lines that explain, a value, a reason and a word to type, each only if wanted."""

    title: str
    lines: tuple[str, ...] = ()
    value: str = ""
    """The label of the value's field; empty: none is asked for."""
    check: Callable[[str], str] = lambda value: ""
    """What is wrong with a value, in words; empty: nothing."""
    reason: str = ""
    """The label of the reason's field; empty: none is asked for."""
    word: str = ""
    """The word that has to be typed exactly; empty: none."""
    danger: bool = False


class Answer(Struct, frozen=True):
    """What was typed and chosen."""

    reason: str = ""
    word: str = ""
    value: str = ""
    choice: str = ""


class Dialog(Patient[Answer | None], ModalScreen[Answer | None]):
    """Opens on top, names the environment, drops keys that were on their way, closes on Escape."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave, nothing is done"),
        Binding("pagedown", "read(1)", "read on"),
        Binding("pageup", "read(-1)", "read back"),
    ]

    def __init__(self, place: str = "") -> None:
        """`place` stands in the border: where this would be done."""
        super().__init__()
        self._place = place
        self._since = float("inf")
        self._last_key = 0.0
        self._gap = float("inf")
        self._is_pasting = False
        self._word_before = ""

    def on_mount(self) -> None:
        """Keys count from a moment after this."""
        if self._place:
            # Beneath Textual's own setter, which reads markup.
            self.query_one("#dialog")._border_title = literal(self._place)
        self.set_timer(0.01, self._stand)
        self.call_after_refresh(self._say_that_there_is_more)

    def _say_that_there_is_more(self) -> None:
        if any(lines.max_scroll_y for lines in self.query("#lines")):
            hint = self.query_one("#hint", Static)
            hint.update(literal(f"{hint.content}   PgDn reads on"))

    def action_read(self, pages: int) -> None:
        """Read on, or back, in what explains the question."""
        for lines in self.query("#lines"):
            lines.scroll_relative(y=pages * max(1, lines.size.height - 1), animate=False)

    def _stand(self) -> None:
        from textual import _time

        self._since = _time.get_time() + SETTLE_S

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Not what began before the dialog stood, nor a pasted word, in brackets or not; Escape always.

        Asked by the application, before any field.
        """
        if isinstance(event, events.Key) and event.key == "escape":
            return True
        if event.time < self._since:
            return False
        self._gap, self._last_key = event.time - self._last_key, event.time
        word = self._word_in_focus()
        if word is None:
            return True
        if isinstance(event, events.Paste):
            self.hint(NOT_PASTED)
            return False
        return not self._is_pasted(event, word)

    def _word_in_focus(self) -> Input | None:
        focused = self.focused
        return focused if isinstance(focused, Input) and focused.id == "word" else None

    def _is_pasted(self, event: events.Key, word: Input) -> bool:
        """Characters without a person's pause between them: none of them counts, the first one neither."""
        if self._is_pasting and self._gap < QUIET_S:
            return True
        self._is_pasting = event.is_printable and self._gap < PASTE_S
        if self._is_pasting:
            self.set_timer(QUIET_S, self._take_back)
        else:
            self._word_before = word.value
        return self._is_pasting

    def _take_back(self) -> None:
        for word in self.query("#word").results(Input):
            word.value = self._word_before
        self.hint(NOT_PASTED)

    @property
    def is_burst(self) -> bool:
        """Whether the last key came sooner than a person presses keys."""
        return self._gap < QUIET_S

    def hint(self, text: str) -> None:
        """Say something where the keys are explained."""
        self.query_one("#hint", Static).update(literal(f"{text}   (Esc leaves)"))

    def field(self, name: str) -> str:
        """What stands in a field that is shown; empty without one."""
        return next((each.value.strip() for each in self.query(f"#{name}").results(Input) if each.display), "")

    def lacks(self, *, reason: str, word: str) -> tuple[str, str] | None:
        """The field that is still wanted and what to say; None if everything is there."""
        if self.is_burst:
            return "", "keys came faster than a person presses them; press Enter again"
        if reason and not self.field("reason"):
            return "reason", "a reason is needed: it is what others will read"
        typed = self.field("word")
        if word and typed != word:
            return "word", f"that is not {word}" if typed else f"type {word} to go on"
        return None

    def go_to(self, field: str, hint: str) -> None:
        """Ask for what is missing."""
        if field:
            self.query_one(f"#{field}", Input).focus()
        self.hint(hint)

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


def explained(lines: tuple[str, ...]) -> Vertical:
    """What explains a question: all of it, in a part that scrolls, so that what is asked for stays in sight."""
    return Vertical(*(Static(literal(line), classes="line") for line in lines), id="lines")


class AskDialog(Dialog):
    """A value, a reason, a word, or several. Enter goes to the next field and then sends; never with one missing."""

    def __init__(self, question: Question, place: str = "") -> None:
        super().__init__(place)
        self._question = question

    def compose(self) -> ComposeResult:
        """Title, explanation, fields, and what the keys do."""
        question = self._question
        with Vertical(id="dialog", classes="danger" if question.danger else ""):
            yield Static(literal(question.title), id="title")
            yield explained(question.lines)
            if question.value:
                yield Static(literal(question.value), classes="label")
                yield Input(id="value", max_length=2000)
            if question.reason:
                yield Static(literal(question.reason), classes="label")
                yield Input(id="reason", max_length=2000)
            if question.word:
                yield Static(literal(f"type {question.word} to go on"), classes="label")
                yield Input(id="word", max_length=80)
            yield Static(literal("Enter sends   Esc leaves, nothing is done"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send if everything is there; else go to what is missing."""
        question = self._question
        lacking = self._lacks_value() or self.lacks(reason=question.reason, word=question.word)
        if lacking is not None:
            self.go_to(*lacking)
        else:
            self.dismiss(Answer(self.field("reason"), self.field("word"), self.field("value")))

    def _lacks_value(self) -> tuple[str, str] | None:
        if not self._question.value or self.is_burst:
            return None
        wrong = self._question.check(self.field("value"))
        return ("value", wrong) if wrong else None


class SureDialog(Dialog):
    """A second press: for what asks for care. Only the named key goes on; Enter does nothing."""

    def __init__(self, title: str, lines: tuple[str, ...], key: str, word: str, place: str = "") -> None:
        super().__init__(place)
        self._title, self._lines, self._key, self._word = title, lines, key, word

    def compose(self) -> ComposeResult:
        """Title, explanation, the key."""
        with Vertical(id="dialog"):
            yield Static(literal(self._title), id="title")
            yield explained(self._lines)
            yield Static(literal(f"{self._key} {self._word}   Esc leaves, nothing is done"), id="hint")

    def on_key(self, event: events.Key) -> None:
        """Go on with the named key, pressed by itself."""
        if event.key == self._key and not self.is_burst:
            event.stop()
            self.dismiss(Answer())
