"""The drafted profile as a file for people to go on with: TOML, with a remark where something is left to them."""

from __future__ import annotations

from cockpit.profile.model import Profile
from cockpit.profile.show import parts
from cockpit.text import visible


def written(profile: Profile, comments: dict[str, list[str]], head: tuple[str, ...] = ()) -> str:
    """The profile as TOML; `comments` by `path id`, as `Draft` keeps them; `head` stands above it all."""
    said = "".join(f"# {visible(line)}\n" for line in head)
    for part in parts(profile):
        said += "\n" if said else ""
        said += "".join(f"# {visible(line)}\n" for line in comments.get(f"{part.path} {part.id}", ()))
        said += part.text
    return said
