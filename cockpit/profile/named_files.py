"""The files that a profile names: of its steps, and its lists of signers. Their names as written, nothing is opened."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.profile.model import Profile, Step


def files_of(step: Step) -> tuple[str, ...]:
    """The files that a step that acts names: its settings `file` and `files`."""
    if step.behaviour != "action":
        return ()
    one, several = step.settings.get("file"), step.settings.get("files")
    listed: Iterable[object] = several if isinstance(several, list | tuple) else ()
    return tuple(name for name in (one, *listed) if isinstance(name, str) and name)


def named_files(profile: Profile) -> tuple[str, ...]:
    """Of every step, also of those on the way back, then the lists of signers; each once."""
    of_steps = (name for _, step in profile.every_step() for name in files_of(step))
    return tuple(dict.fromkeys(name for name in (*of_steps, profile.allowed_signers, profile.revoked_keys) if name))
