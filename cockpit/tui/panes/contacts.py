"""Whom to reach: those of the escalation in its order, the others by group, the roles with their people."""

from __future__ import annotations

from cockpit.profile.model import Contact
from cockpit.text import shortened, visible
from cockpit.tui.lines import EMPTY, Line, wrapped
from cockpit.tui.panes.seen import Seen


def contacts(seen: Seen, width: int) -> list[Line]:
    """Every contact, with a mark where nobody can be reached."""
    profile = seen.state.profile
    ordered = sorted((each for each in profile.contacts if each.order), key=lambda each: each.order)
    others = [each for each in profile.contacts if not each.order]
    lines: list[Line] = []
    if ordered:
        lines += [(("Escalation", "bold"),), *(line for each in ordered for line in _contact(seen, each, width))]
    for group in dict.fromkeys(each.group for each in others):
        lines += [EMPTY] if lines else []
        lines.append(((shortened(group or "Others", 60), "bold"),))
        lines += [line for each in others if each.group == group for line in _contact(seen, each, width)]
    if profile.roles:
        lines += [EMPTY] if lines else []
        lines.append((("Roles", "bold"),))
        for role in profile.roles:
            people = ", ".join(visible(name) for name in role.people) or "nobody is named"
            told = f"{shortened(role.title or role.id, 60)}: {people}"
            told += f", {seen.filled(role.contact)}" if role.contact else ""
            lines += _indented(told, width)
    return lines or [(("the profile names no contacts", "dim"),)]


def _contact(seen: Seen, contact: Contact, width: int) -> list[Line]:
    number = f"{contact.order}. " if contact.order else "   "
    name = f"  {shortened(contact.name, 60)}" if contact.name else ""
    head: Line = ((number, "key"), (shortened(contact.title or contact.id, 60), "bold"), (name, "plain"))
    if not contact.reach.strip():
        return [head, (("   ✖ no way to reach them is given", "bad"),)]
    return [head, *_indented(seen.filled(contact.reach), width)]


def _indented(text: str, width: int) -> list[Line]:
    return [(("   ", "plain"), (part, "plain")) for part in wrapped(visible(text), max(8, width - 3))]
