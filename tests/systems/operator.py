"""An operator of any system, who knows only what is on the screen and has only keys.

    operator = Operator(terminal, answers={"Note the connection limit": "-1", "Go or no-go": "Go"}, why="because")
    operator.walk(lambda screen: "▶ 3.2" in screen)  # presses what is due until the screen fulfils a condition
    operator.walk_to_the_end() -> exit status         # until the run is finished, then leaves
    operator.press("c") / .terminal.send("!")         # a key of one's own
    operator.questions                                # titles of the questions that were answered

`answers` are what is entered, by a part of the question's title (a step's title): a record's value, the beginning of a
choice's title. `why` is every reason. A blocked gate is probed again (`.`), never overridden. When an action failed or
a trigger fired the operator asks for the ways back (`b`) and takes the proposed one, or the one whose title holds
`plan`; with `rolls_back=False` a failed action is tried again and what fired is gone on from. A sign-off that this
person may not give is given by `second()`, another operator's screen, which is opened for it. Stuck, it fails with the
screen.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from systems.dialog import Dialog, dialog_on, refusal_on
from terminal import DROPPED_S, TYPIST_S, Terminal

PROBE_S = 0.6
"""Between two presses of the key that probes."""
SEEN_S = 10.0
"""How long a key is given to change something before it is pressed again: pressed while the screen is merely slow, it
would be a key to whatever is there by then."""
WALK_S = 250.0
"""For one walk; it takes an eighth of that on a machine with nothing else to do."""
STANDS_S = 0.3
"""A dialog drops what is pressed as soon as this after it opened: it was meant for the screen below."""
STOOD_S = 3.0
"""How long a text is given to stand in its field before it is typed anew, in its place."""
_TOO_FAST = "keys came faster than a person"
_DUE = re.compile(r"(r (?:run|send)|c (?:confirm|enter|leave|choose|by its gate)|a approve|F finish|y copy)")
_SHUT = re.compile(r"[│┃╎] ?(?:✖ blocked|\? unknown)")
_TURNED = re.compile(r"[╭┏][─━] The way back [─━]")
"""The title of the phases' pane; a step may have such a title too."""
_WAITS = re.compile(r"e (?:end early|early)|K cancel|o do it")


class Operator:
    """Looks, and presses the key that is due."""

    def __init__(
        self,
        terminal: Terminal,
        *,
        answers: Mapping[str, str] | None = None,
        why: str = "it has to be",
        plan: str = "",
        rolls_back: bool = True,
        second: Callable[[], Operator] | None = None,
    ) -> None:
        self.terminal = terminal
        self.answers = dict(answers or {})
        self.why, self.plan, self.rolls_back = why, plan, rolls_back
        self.questions: list[str] = []
        """Titles of the questions that were answered, in their order."""
        self._second_opener = second
        self._probed = 0.0
        self._down = 0
        self._open = ""
        self._below: _Place | None = None

    # ---- walking -------------------------------------------------------------------------------------------------

    def walk(self, until: Callable[[str], object], timeout_s: float = WALK_S) -> str:
        """Press what is due until the screen fulfils a condition, and return that screen; fails if it never does."""
        give_up = time.monotonic() + timeout_s
        while not until(screen := self.terminal.look()):
            assert time.monotonic() < give_up, f"stuck at:\n{screen}"
            assert self.terminal.process.poll() is None, f"the screen has ended:\n{screen}"
            self._go_on(screen)
        return screen

    def walk_to_the_end(self, timeout_s: float = WALK_S) -> int:
        """Go on until the run is finished, close the screen, and return the program's exit status."""
        self.walk(lambda screen: re.search(r"\bFINISHED\b", screen.splitlines()[0]), timeout_s)
        self.terminal.send("q")
        return self.terminal.wait_for_exit()

    def press(self, key: str) -> None:
        """Press a key and wait until the screen shows what came of it, or had time to."""
        place = _place(self.terminal.look())
        self.terminal.send(key)
        self._wait_for_another(place, SEEN_S)

    def _wait_for_another(self, place: _Place, timeout_s: float) -> bool:
        """Wait until the screen, painted whole, shows something else that matters, or for the time; whether it does."""
        refusals = [place.refusal]

        def is_another(screen: str) -> bool:
            now = _place(screen)
            if now.refusal != refusals[-1]:  # a key takes away what the one before was told, and may be told the same
                refusals.append(now.refusal)
            return now.at != place.at or bool(now.refusal and len(refusals) > 1)

        give_up = time.monotonic() + timeout_s
        while (left := give_up - time.monotonic()) > 0:
            self.terminal.wait_until(is_another, left)
            if is_another(self.terminal.look()):
                return True
        return False

    def _go_on(self, screen: str) -> None:
        dialog = dialog_on(screen)
        if dialog is not None:
            self._answer(dialog)
            return
        now = _place(screen)
        if self._open and self._below is not None and now.at == self._below.at and not now.refusal:
            # what was answered is not to be seen yet
            self._open = ""
            self._wait_for_another(now, SEEN_S)
            return
        self._open, self._below = "", now
        hints = screen.splitlines()[-1].strip()
        goes_back = self.rolls_back and not _TURNED.search(screen)  # a way back is chosen once
        if hints.startswith("b roll back") and "g go on" in hints:
            self.press("b" if goes_back else "g")
        elif hints.startswith("r again"):
            self.press("b" if goes_back else "r")
        elif hints.startswith("w waive"):
            self._ask_second()
        elif _SHUT.search(screen) or _WAITS.match(hints):
            self._probe(screen)
        elif "· reading its probes" in screen:
            self.terminal.wait_until(lambda now: "· reading its probes" not in now, 0.5)
        elif match := _DUE.match(hints):
            self._press_due(match[1][0])
        else:
            self.terminal.wait_until(lambda now: now != screen, 0.5)

    def _press_due(self, key: str) -> None:
        self.press("c" if key == "y" else key)
        screen = self.terminal.look()
        if key == "a" and dialog_on(screen) is None and screen.splitlines()[-1].strip().startswith("a approve"):
            self._ask_second()

    def _probe(self, screen: str) -> None:
        """Have the probes read again, now and then."""
        place = _place(screen)
        if time.monotonic() - self._probed > PROBE_S and not screen.splitlines()[-1].strip().startswith("K"):
            self._probed = time.monotonic()
            self.terminal.send(".")
        is_shut = bool(_SHUT.search(screen))
        self.terminal.wait_until(lambda now: _place(now) != place or bool(_SHUT.search(now)) != is_shut, 0.3)

    # ---- the second person ---------------------------------------------------------------------------------------

    def _ask_second(self) -> None:
        assert self._second_opener is not None, f"this takes a second person:\n{self.terminal.text}"
        second = self._second_opener()
        place = _place(self.terminal.text)
        second.approve()
        self._wait_for_another(place, SEEN_S)
        # and goes: a screen that only watches to the end of a walk paints as much as the first
        second.terminal.send("q")
        second.terminal.wait_for_exit()

    def approve(self) -> None:
        """Approve, or agree, from a screen that only watches."""
        self.terminal.wait_for("a approve")
        for _ in range(4):
            self.terminal.send("a")
            if self.terminal.wait_until(lambda screen: dialog_on(screen) is not None, SEEN_S):
                break
        while (dialog := dialog_on(self.terminal.look())) is not None:
            self._answer(dialog)
        self._open = ""

    # ---- questions -----------------------------------------------------------------------------------------------

    def _answer(self, dialog: Dialog) -> None:
        if dialog.title != self._open:
            self._open = dialog.title
            self.questions.append(dialog.title)
            self._down = 0
            time.sleep(STANDS_S)
        # `c` was meant for the step before, which was not sent; or keys that came too soon for a list were dropped
        is_another = "r sends it through its channel" in dialog.text or (
            dialog.chosen and self.plan not in dialog.chosen
        )
        if is_another:
            self.press("escape")
            self._open = ""
        elif dialog.fields:
            self._fill(dialog)
        elif dialog.key:
            if dialog.title.startswith("Decide") and not dialog.picked.startswith(wanted := self._wanted(dialog)):
                self._down += 1
                self.terminal.send("down", "enter")
                assert self._down < 12, f"{wanted!r} cannot be chosen:\n{self.terminal.text}"
                # both keys have to arrive before the next look: a late one would choose anew after the answer was seen
                self.terminal.wait_until(lambda now: _picked(now) != dialog.picked, SEEN_S)
            else:
                self._press_in(dialog, dialog.key)
        elif dialog.is_list:
            self._choose(dialog)
        else:  # what the dialog says is not painted whole yet
            self.terminal.wait_until(lambda now: now != dialog.screen, 0.3)

    def _press_in(self, dialog: Dialog, key: str) -> None:
        """Press a key in a dialog; again if the dialog stays as it is while the screen goes on: it was dropped."""
        place = _place(dialog.screen)
        for _ in range(4):
            self.terminal.send(key)
            if self._wait_for_another(place, DROPPED_S):
                return
            before = self.terminal.text
            self.terminal.wait_until(lambda now, before=before: now != before, SEEN_S)
            if _place(self.terminal.look()) != place:
                return

    def _choose(self, dialog: Dialog) -> None:
        """Mark what is highlighted; of the ways back the proposed one, or that of `plan`, once it fits."""
        if dialog.title.startswith("Which way back"):
            wanted = self.plan or "▶ PROPOSED"
            at = next((at for at, option in enumerate(dialog.options) if wanted in option), None)
            if at is None:  # the keeper has not judged yet what fits: look again
                self.press("escape")
                self._open = ""
                return
            if self.plan:
                self.terminal.send(*["up"] * len(dialog.options), *["down"] * at)
        self._press_in(dialog, "enter")

    def _fill(self, dialog: Dialog) -> None:
        """Every field in its order: a value, a reason, a word."""
        texts = [dialog.word] if dialog.word else []
        is_record = dialog.title.startswith("Record")
        if dialog.fields > len(texts) + is_record:
            texts.insert(0, self.why)
        if is_record:
            texts.insert(0, self._wanted(dialog))
        for at, text in enumerate(texts):
            self._type(at, text)
            self._enter()
        if dialog.title.startswith("Which way back"):  # or it was refused, which is seen too
            self.terminal.wait_until(lambda now: _TURNED.search(now) or refusal_on(now), SEEN_S)

    def _enter(self) -> None:
        """Send what stands in a field, and wait until the question has gone, or asks for the next thing."""
        asked = dialog_on(self.terminal.look())
        while asked is not None:
            self.terminal.send("enter")
            self.terminal.wait_until(lambda now, said=asked.text: _said(now) != said, SEEN_S)
            asked = dialog_on(self.terminal.look())
            if asked is None or _TOO_FAST not in asked.text:
                return

    def _type(self, field: int, text: str) -> None:
        """Type into the field that has the cursor, and see that it stands there."""
        for attempt in range(1, 8):  # letters that a busy machine hands over all at once are taken for a paste
            self.terminal.send("ctrl+u")
            self.terminal.type(text, attempt * TYPIST_S)
            if self.terminal.wait_until(lambda screen: _stands(screen, field, text), STOOD_S):
                return

    def _wanted(self, dialog: Dialog) -> str:
        found = [answer for part, answer in self.answers.items() if part in dialog.title]
        assert found, f"no answer to {dialog.title!r}:\n{dialog.screen}"
        return found[-1]


def _said(screen: str) -> str:
    dialog = dialog_on(screen)
    return dialog.text if dialog else ""


def _picked(screen: str) -> str:
    dialog = dialog_on(screen)
    return dialog.picked if dialog else ""


def _stands(screen: str, field: int, text: str) -> bool:
    """Whether a text stands in a field; or there is no question any more."""
    dialog = dialog_on(screen)
    if dialog is None or len(dialog.entered) <= field:
        return dialog is None
    entered = dialog.entered[field]
    return entered == text or (dialog.filled[field] and len(entered) > 1 and text.endswith(entered))


class _Place(NamedTuple):
    """What a key that acts changes on the screen."""

    at: tuple[object, ...]
    """Which step and keys are due, which question is open."""
    refusal: str


def _place(screen: str) -> _Place:
    dialog = dialog_on(screen)
    titles = [title for title in re.findall(r"[╭┏][─━] (.*?) [─━]", screen) if not title.startswith("Probes")]
    hints = screen.splitlines()[-1]
    asked = dialog and (dialog.title, dialog.key, dialog.fields, dialog.is_list)
    return _Place((titles, hints, asked), refusal_on(screen))
