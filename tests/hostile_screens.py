"""States in which every text from outside is hostile, and an application whose every byte to the terminal is kept.

A story is told as ever, then its events are laced (as a stranger's log would hold them) and folded anew. Texts are told
from words of ours by their types: a `str` is laced, a `Literal` is not; what other values refer to is laced alike.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import attacks
import msgspec
from msgspec.structs import replace
from screen_story import FakeSeat, Story, StoryApp
from textual.drivers.headless_driver import HeadlessDriver
from textual.strip import Strip

from cockpit.run import events as e
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY
from cockpit.run.wording import sentence
from cockpit.session.view import Recent
from cockpit.tui.guarded import GuardedApp
from cockpit.tui.outgoing import harmless
from cockpit.tui.widgets.literal import OnlyText

REFERRED_TO = {
    "id", "type", "kind", "phase", "step", "probe", "plan", "action", "gate", "target", "channel", "template", "undoes",
    "on_failure", "environment_key", "timezone", "start", "end", "seat", "digest", "prev", "trigger", "role", "run",
    "subject", "outcome", "armed", "suspended", "settings", "boot", "language", "outputs", "steps", "to_seat", "name",
    "became", "source", "toml", "fate",
}  # fmt: skip
"""Fields by which one value names another: another text there is another run, and not one that is shown."""
NEVER = {"settings", "outcome", "type", "kind", "behaviour", "digest", "prev", "language", "undoes", "toml"}
"""Fields that hold words of ours, also where a stranger made up every id."""
SHOWN_SETTINGS = {"prompt", "unit", "title", "healthy", "script", "argv", "subject", "env"}
SHORT = f"{attacks.MARK}\x1b]0;o\x07\x9b2J\u202e[@click=app.exit()]\x7f\u200b\U000e0061\ud83d\u3164[/x]"
"""The worst of all kinds, in as much as the narrowest field shows."""


class Lace:
    """Puts hostile text into every text, the same into the same."""

    def __init__(self, only: str = "", *, storable: bool = False, ids: bool = False) -> None:
        """`only`: this attack; empty: all in turn. `storable`: without what no log holds. `ids`: ids too."""
        self.only, self.ids = only, ids
        self._kept = NEVER if ids else REFERRED_TO
        names = [only] if only else sorted(attacks.ATTACKS)
        self._texts = [attacks.attack(name) if only else SHORT + attacks.ATTACKS[name] for name in names]
        if storable:
            self._texts = [text.encode(errors="ignore").decode().replace("\0", "") for text in self._texts]
        self._known: dict[str, str] = {}

    def text(self, value: str) -> str:
        """`value`, hostile; of what belongs to another value (`exit:database`) only its name."""
        if self.ids and value.startswith(("exit:", "step:", "phase:")):
            kind, of, name = value.partition(":")
            return f"{kind}{of}{self.text(name)}"
        if value not in self._known:
            self._known[value] = f"{self._texts[len(self._known) % len(self._texts)]}{value}"
        return self._known[value]

    def value(self, value: Any, hint: Any, name: str = "") -> Any:
        """Any value of an event, hostile where it is text."""
        if name == "settings":
            return self._settings(value)
        if isinstance(value, msgspec.Struct):
            hints = _hints(type(value))
            fields = ((field, getattr(value, field)) for field in value.__struct_fields__)
            return replace(value, **{field: self.value(each, hints.get(field), field) for field, each in fields})
        if isinstance(value, str):
            return self.text(value) if value and _is_text(hint) and name not in self._kept else value
        if isinstance(value, dict):
            of = get_args(hint)[-1:] or (str,)
            return {key: self.value(each, of[0], name) for key, each in value.items()}
        if isinstance(value, list | tuple):
            of = get_args(hint)[:1] or (str,)
            return type(value)(self.value(each, of[0], name) for each in value)
        return value

    def _settings(self, value: Any, *, is_shown: bool = False) -> Any:
        if isinstance(value, dict):
            return {
                key: self._settings(each, is_shown=is_shown or key in SHOWN_SETTINGS) for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._settings(each, is_shown=is_shown) for each in value]
        return self.text(value) if isinstance(value, str) and is_shown else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _is_text(hint: Any) -> bool:
    return hint in (str, None, Any) or (get_origin(hint) is not None and str in get_args(hint))


def laced(story: Story, lace: Lace) -> Story:
    """The story again, told by hostile people about hostile things, as of the same moment."""
    events, story.events = story.events, []
    story.state, story.recent = EMPTY, ()
    for event in events:
        # What is told of a branch is lines of a log, which are laced where that is told.
        body = (
            event.body
            if isinstance(event.body, e.BranchMerged | e.BranchTold)
            else lace.value(event.body, type(event.body))
        )
        event = replace(event, body=body, actor=lace.value(event.actor, e.Actor))
        story.state = evolve(story.state, event)
        story.events.append(event)
        if event.is_fact:
            story.recent = (*story.recent, Recent(event, sentence(event, story.state)))[-200:]
    story.profile = story.state.profile
    story.here = tuple(story.state.seats.values()) or lace.value(story.here, tuple[Any, ...])
    story.trouble, story.signing = (lace.text(told) if told else "" for told in (story.trouble, story.signing))
    return story


# ---- what leaves ---------------------------------------------------------------------------------------------------


class Keeping(HeadlessDriver):
    """A terminal that keeps every byte."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.asked: list[str] = []
        """What was to be written."""
        self.written: list[str] = []
        """What our driver makes of it."""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.asked.append(data)
        self.written.append(harmless(data))


class Watched(OnlyText):
    """The filter, which keeps what it had to mend: what reached it is what the first line of defence let through."""

    def __init__(self) -> None:
        super().__init__()
        self.mended: list[str] = []

    def apply(self, segments: list[Any], background: Any) -> list[Any]:
        fine = super().apply(segments, background)
        if fine is not segments:
            self.mended += [repr(before) for before, after in zip(segments, fine, strict=True) if before != after]
        return fine


def watched(app: GuardedApp) -> Watched:
    """Have an application keep what it writes, and what it mended."""
    app.driver_class = Keeping
    filter_ = Watched()
    app._filters[:] = [*(each for each in app._filters if not isinstance(each, OnlyText)), filter_]
    return filter_


class HostileApp(StoryApp):
    """The real application over a hostile story."""

    def _propose(self) -> None:
        """Questions are asked when a test asks them."""

    def shows_story(self, seat: FakeSeat) -> None:
        """Another moment on the same screen."""
        from screen_story import Standing

        self.seat = self.story_seat = seat  # type: ignore[assignment] # a seat by its behaviour
        self.run_screen.source = Standing(seat)
        self._operator = None
        self.run_screen.selected = None
        self.run_screen.draw()


def strips_of(app: GuardedApp) -> list[Strip]:
    """The screen on top."""
    return app.screen._compositor.render_strips()


def shown(strips: list[Strip]) -> str:
    """The text of it."""
    return "\n".join(strip.text for strip in strips)


def actions_on(strips: list[Strip]) -> set[str]:
    """What clicks would do, on any cell of the screen: Textual looks it up in the cell's style. Links too."""
    found: set[str] = set()
    for style in {style for strip in strips for _, style, _ in strip if style}:
        found |= {f"{name}: {does}" for name, does in style.meta.items() if name.startswith("@")}
        found |= {style.link} if style.link else set()
    return {each for each in found if not re.fullmatch(r"@mouse\.(down|up): (grab|release|scroll_(up|down))", each)}
