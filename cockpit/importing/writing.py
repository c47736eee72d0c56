"""The drafted profile as a file for people to go on with: TOML, with a remark where something is left to them."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.profile.model import Profile
from cockpit.profile.show import parts
from cockpit.text import visible


def written(profile: Profile, comments: dict[str, list[str]], head: tuple[str, ...] = ()) -> str:
    """The profile as TOML; `comments` by `path id`, as `Draft` keeps them; `head` stands above it all."""
    said = [_remarks(head)] if head else []
    said += [_remarks(comments.get(f"{part.path} {part.id}", ())) + part.text for part in parts(profile)]
    return "\n".join(said)


def _remarks(lines: Iterable[str]) -> str:
    return "".join(f"# {visible(line)}\n" for line in lines)
