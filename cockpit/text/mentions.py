"""Text from outside within a message to people: it calls nobody and leads nowhere, whichever chat shows it.

What a profile's own template says stays as it is, its mentions too: people have read it. What is filled in comes from
servers, variables and other people.
"""

from __future__ import annotations

from cockpit.patterns import late

_MENTION = late(r"(?<![\w.])@(?=\w)")
"""`@here`, `@everyone`, `@ana` (Slack, Discord, Mattermost, Matrix, GitHub); an address such as a@b.example is none."""
_TAG = late(r"<(?=[!@#&/:?\w])")
"""`<!channel>`, `<@U024BE7LH>`, `<https://owned.example|the runbook>` (Slack), `<@&42>` (Discord), HTML (Matrix)."""
_LINK = late(r"\](?=[(\[:])")
"""`[the runbook](https://owned.example)`: words that hide where they lead."""


def calling_nobody(text: str) -> str:
    """Return `text` with signs that look the same and mean nothing to a chat in the place of those that do."""
    return _LINK.sub("］", _MENTION.sub("＠", _TAG.sub("‹", text)))
