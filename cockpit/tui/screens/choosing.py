"""A choice: a list, what is to be known of the one that is highlighted, then a reason, a word, or a second key.

Enter in the list only marks: what was marked is done by a reason and a word that were typed, or by the key that is
named. The choice that stands on top is the one that is proposed.
"""

from __future__ import annotations

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cockpit.tui.screens.dialogs import Answer, Dialog
from cockpit.tui.widgets.literal import literal


class Choice(Struct, frozen=True, kw_only=True):
    """One of several."""

    id: str
    label: str
    about: tuple[str, ...] = ()
    """Lines that are shown while it is highlighted."""
    reason: str = ""
    """The label of the reason's field; empty: none is asked for."""
    word: str = ""
    """The word to be typed; empty: none."""
    key: str = "c"
    """Where neither is asked for: the key that goes on."""
    verb: str = "confirms it"


class ChooseDialog(Dialog):
    """Answers with the id in `choice`."""

    def __init__(
        self, title: str, choices: tuple[Choice, ...], *, first: str = "", place: str = "", danger: bool = False
    ):
        """`first` is highlighted when it opens; empty: the one on top."""
        super().__init__(place)
        self._title, self._choices, self._danger = title, choices, danger
        self._first = next((at for at, each in enumerate(choices) if each.id == first), 0)
        self._picked: Choice | None = None

    def compose(self) -> ComposeResult:
        """Title, list, about, fields."""
        with Vertical(id="dialog", classes="danger" if self._danger else ""):
            yield Static(literal(self._title), id="title")
            options = (Option(literal(each.label), id=each.id) for each in self._choices)
            yield OptionList(*options, id="choices")
            yield Static(id="about")
            yield Static(classes="label hidden", id="reason_label")
            yield Input(id="reason", max_length=2000, classes="hidden")
            yield Static(classes="label hidden", id="word_label")
            yield Input(id="word", max_length=80, classes="hidden")
            yield Static(literal("↑ ↓ and Enter choose   Esc leaves, nothing is done"), id="hint")

    def on_mount(self) -> None:
        """Highlight the first; keys count from a moment after this."""
        super().on_mount()
        self.query_one(OptionList).highlighted = self._first
        self._tell(self._choices[self._first])

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what is to be known of it."""
        self._tell(self._choices[event.option_index])

    def _tell(self, choice: Choice) -> None:
        about = self.query_one("#about", Static)
        about.display = bool(choice.about)
        about.update(literal(*choice.about))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Mark it, and ask what it asks for."""
        if self.is_burst:
            return
        self._picked = choice = self._choices[event.option_index]
        if not choice.reason and not choice.word:
            self.query_one("#hint", Static).update(
                literal(f"{choice.key} {choice.verb}: {choice.label}   Esc leaves, nothing is done")
            )
            return
        self.query_one("#title", Static).update(literal(f"{self._title}  ● {choice.label}"))
        self.query_one("#dialog").add_class("tight")
        self.query_one(OptionList).display = False
        self._ask("reason", choice.reason)
        self._ask("word", f"type {choice.word} to go on" if choice.word else "")
        self.query_one("#reason" if choice.reason else "#word", Input).focus()
        self.query_one("#hint", Static).update(literal("Enter sends   Esc leaves, nothing is done"))

    def _ask(self, name: str, label: str) -> None:
        if label:
            self.query_one(f"#{name}_label", Static).update(literal(label))
        for part in (f"#{name}_label", f"#{name}"):
            self.query_one(part).set_class(not label, "hidden")

    def on_key(self, event: events.Key) -> None:
        """Go on with the named key, pressed by itself, where nothing is to be typed."""
        choice = self._picked
        if choice is None or choice.reason or choice.word or self.is_burst:
            return
        at = self.query_one(OptionList).highlighted
        if event.key == choice.key and at is not None and self._choices[at].id == choice.id:
            event.stop()
            self.dismiss(Answer(choice=choice.id))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send what was chosen, if everything is there."""
        assert self._picked is not None
        lacking = self.lacks(reason=self._picked.reason, word=self._picked.word)
        if lacking is not None:
            self.go_to(*lacking)
        else:
            self.dismiss(Answer(self.field("reason"), self.field("word"), choice=self._picked.id))
