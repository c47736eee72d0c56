"""Questions: each a modal screen that answers with a value, or with None when it was left by Escape.

Enter sends nothing that was typed before the dialog stood (a key meant for the screen below must not answer it), nor in
the middle of a paste. What must be typed is asked for in full; an empty reason is no reason.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cockpit.tui.keyguard import QUIET_S

SETTLE_S = 0.15
"""How long after it opened a dialog still takes no keys."""


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: a title, lines that explain, a reason and a word to type, each only if wanted."""

    title: str
    lines: tuple[str, ...] = ()
    reason: str = ""
    """The label of the reason's field; empty: none is asked for."""
    word: str = ""
    """The word that has to be typed exactly; empty: none."""
    danger: bool = False


class Answer(Struct, frozen=True):
    """What was typed."""

    reason: str = ""
    word: str = ""


class _Dialog(ModalScreen[Answer | None]):
    """Opens on top, drops keys that were on their way, closes on Escape."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave, nothing is done")]

    def __init__(self) -> None:
        super().__init__()
        self._since = float("inf")
        self._last_key = 0.0

    def on_mount(self) -> None:
        """Keys count from a moment after this."""
        self.set_timer(0.01, self._stand)

    def _stand(self) -> None:
        from textual import _time

        self._since = _time.get_time() + SETTLE_S

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Not what began before the dialog stood; Escape always. Asked by the application, before any field."""
        if event.time < self._since and getattr(event, "key", "") != "escape":
            return False
        self._gap, self._last_key = event.time - self._last_key, event.time
        return True

    _gap = float("inf")

    @property
    def is_burst(self) -> bool:
        """Whether the last key came sooner than a person presses keys."""
        return self._gap < QUIET_S

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class AskDialog(_Dialog):
    """A reason, a word, or both. Enter goes to the next field and then sends; never with one of them missing."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Title, explanation, fields, and what the keys do."""
        question = self._question
        with Vertical(id="dialog", classes="danger" if question.danger else ""):
            yield Static(Content(question.title), id="title")
            for line in question.lines:
                yield Static(Content(line), classes="line")
            if question.reason:
                yield Static(Content(question.reason), classes="label")
                yield Input(id="reason", max_length=2000)
            if question.word:
                yield Static(Content(f"type {question.word} to go on"), classes="label")
                yield Input(id="word", max_length=80)
            yield Static(Content("Enter sends   Esc leaves, nothing is done"), id="hint")

    def takes(self, event: events.Key | events.Paste) -> bool:
        """As every dialog; and no paste for the word, which is asked for so that a person reads it."""
        if isinstance(event, events.Paste) and self.focused is not None and self.focused.id == "word":
            self._hint("the word is to be typed, not pasted")
            return False
        return super().takes(event)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send if everything is there; else go to what is missing."""
        if self.is_burst:
            self._hint("keys came faster than a person presses them; press Enter again")
            return
        reason = self.query("#reason").results(Input)
        word = self.query("#word").results(Input)
        said = next((field.value.strip() for field in reason), "")
        typed = next((field.value.strip() for field in word), "")
        if self._question.reason and not said:
            self._go_to("#reason", "a reason is needed: it is what others will read")
        elif self._question.word and not typed:
            self._go_to("#word", f"type {self._question.word} to go on")
        elif self._question.word and typed != self._question.word:
            self._go_to("#word", f"that is not {self._question.word}")
        else:
            self.dismiss(Answer(said, typed))

    def _go_to(self, field: str, hint: str) -> None:
        self.query_one(field, Input).focus()
        self._hint(hint)

    def _hint(self, text: str) -> None:
        self.query_one("#hint", Static).update(Content(f"{text}   (Esc leaves)"))


class SureDialog(_Dialog):
    """A second press: for steps that ask for care. Only the named key goes on; Enter does nothing."""

    def __init__(self, title: str, lines: tuple[str, ...], key: str, word: str) -> None:
        super().__init__()
        self._title, self._lines, self._key, self._word = title, lines, key, word

    def compose(self) -> ComposeResult:
        """Title, explanation, the key."""
        with Vertical(id="dialog"):
            yield Static(Content(self._title), id="title")
            for line in self._lines:
                yield Static(Content(line), classes="line")
            yield Static(Content(f"{self._key} {self._word}   Esc leaves, nothing is done"), id="hint")

    def on_key(self, event: events.Key) -> None:
        """Go on with the named key, pressed by itself."""
        if event.key == self._key and not self.is_burst:
            event.stop()
            self.dismiss(Answer())


class PickDialog(_Dialog):
    """A choice among steps, then a reason. Answers with the id in `word`."""

    def __init__(self, title: str, choices: tuple[tuple[str, str], ...], reason: str) -> None:
        super().__init__()
        self._title, self._choices, self._reason = title, choices, reason
        self._picked = ""

    def compose(self) -> ComposeResult:
        """Title, list, reason."""
        with Vertical(id="dialog"):
            yield Static(Content(self._title), id="title")
            yield OptionList(*(Option(Content(label), id=name) for name, label in self._choices), id="choices")
            yield Static(Content(self._reason), classes="label")
            yield Input(id="reason", max_length=2000, disabled=True)
            yield Static(Content("↑ ↓ and Enter choose   Esc leaves, nothing is done"), id="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Remember the choice and ask why."""
        if self.is_burst or event.option.id is None:
            return
        self._picked = event.option.id
        field = self.query_one("#reason", Input)
        field.disabled = False
        field.focus()
        self.query_one("#hint", Static).update(Content("why?   Enter sends   Esc leaves, nothing is done"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send choice and reason."""
        if self.is_burst or not event.value.strip():
            self.query_one("#hint", Static).update(Content("a reason is needed   (Esc leaves)"))
            return
        self.dismiss(Answer(event.value.strip(), self._picked))
