"""The question before something is copied that is more than one plain line: what a paste of it would do."""

from __future__ import annotations

from cockpit.tui.clipping import Clip
from cockpit.tui.outgoing import MOST_COPIED_BYTES
from cockpit.tui.screens.dialogs import SureDialog
from cockpit.tui.screens.run import RunScreen


async def may_be_copied(screen: RunScreen, clip: Clip) -> bool:
    """Whether it was sent off with a second key, after its lines were shown; what is too long is refused."""
    if clip.is_too_long:
        size = f"{len(clip.text.encode(errors='replace')) / 1000:.0f} kB"
        why = f"this is {size}, and terminals take {MOST_COPIED_BYTES // 1000} kB: nothing was sent"
        screen.say(("✖ ", "bad"), (why, "bold"), (" — Y shows it plainly", "plain"))
        return False
    title = f"Copy {len(clip.lines)} lines?" if len(clip.lines) > 1 else "Copy this line?"
    dialog = SureDialog(title, (*clip.warnings(), "", *clip.shown()), "y", "sends it", screen.titled())
    return await screen.app.push_screen_wait(dialog) is not None
