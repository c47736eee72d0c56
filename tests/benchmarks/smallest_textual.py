"""The smallest Textual program that changes its screen at every key: what the cockpit's screen is compared with."""

from __future__ import annotations

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static


class Smallest(App[None]):
    """One text."""

    def compose(self) -> ComposeResult:
        yield Static("Hello READY")

    def on_key(self, event: events.Key) -> None:
        """Show the key, and a number that is another each time."""
        self.query_one(Static).update(f"Hello READY {event.key} {id(event)}")


Smallest().run()
