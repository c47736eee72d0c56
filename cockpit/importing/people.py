"""People: whom to reach, in which order, and the roles that steps belong to.

A contact is whatever a line, an item or a row of a table under such a heading names. Whoever is left to be filled in
(`[CONTACT]`, `TBD`, `____`) can be reached by nothing yet: that stays empty, and `cockpit ready` says so.
"""

from __future__ import annotations

import re

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Row, Section, Table
from cockpit.importing.draft import Draft
from cockpit.importing.naming import read_title, slug, undecorated
from cockpit.importing.parsing import plain
from cockpit.importing.people_words import Person, is_open, person_of, reach_in
from cockpit.importing.placeholders import filled
from cockpit.profile.model import Contact, Role

_ESCALATES = re.compile(
    r"\b(?:escalat\w*|eskalation\w*|escalad\w*|escalamiento|call (?:list|tree)|on-?call)\b", re.IGNORECASE
)
_LEVEL = re.compile(r"^(?:level|tier|l|stufe|niveau|nivel)\s?(\d)\b|^(\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_RANKS = {"first": 1, "primary": 1, "second": 2, "secondary": 2, "third": 3, "backup": 2}
_DETAIL = re.compile(
    r"(?:phone|tel(?:ephone|efon|éfono|éphone)?|mobile|cell|e-?mail|mail|slack|teams|pager(?:duty)?|"
    r"chat|channel|room|ext(?:ension)?|name|"
    r"contact|hours|available|availability|when)\s?:",
    re.IGNORECASE,
)
_HEADS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (column, re.compile(words, re.IGNORECASE))
    for column, words in (
        (
            "title",
            r"role|title|position|function|team|responsib\w*|level|tier|rolle|rôle|rol|issue|topic|type",
        ),
        (
            "name",
            r"name|person|who|contact(?: person| name)?|owner|primary|lead|on[- ]?call|ansprechpartner|nom|nombre",
        ),
        (
            "reach",
            r"phone.*|tel.*|mobile.*|e-?mail.*|contact \w+|slack.*|channel|chat|pager.*|number|room|handle|how|reach",
        ),
        ("order", r"#|order|priority|no\.?|nr\.?|escalation(?: order| level)?"),
    )
)
_MOST_WORDS = 5
"""Of an item that names a role and nothing else."""
_MAILED = re.compile(r"\[([^\[\]]{1,80})\]\((?:mailto|tel|sip):([^()\s?]{1,120})[^()]{0,80}\)")
_FOOTER = re.compile(
    r"(?:last )?(?:updated|reviewed|modified|changed|created)(?: (?:by|on))?"
    r"|(?:document )?(?:version|status|date|author)|(?:related|see also|further|next)\b.{0,40}|references?",
    re.IGNORECASE,
)
"""What stands at a document's end and names nobody: `Last Updated`, `Version`, `Related Documentation`."""


def role_for(owner: str, draft: Draft) -> str:
    """The id of the role that an owner's words mean, declared if it is new; empty if nobody is named."""
    who = undecorated(owner).strip(" .,;:")
    if is_open(who) or not (role := slug(who.lstrip("@"))):
        return ""
    people = (who.lstrip("@"),) if who.startswith("@") else ()
    draft.roles.setdefault(role, Role(id=role, title=who, people=people))
    return role


def read_contacts(section: Section, draft: Draft, group: str = "") -> None:
    """Each line, item and row that names someone as a contact."""
    own = group
    if section.heading is not None:
        draft.ledger.give(section.heading.first, section.heading.last, "contacts")
    ranked = bool(section.heading and _ESCALATES.search(section.heading.text))
    for block in section.blocks:
        _read_block(block, own, draft, ranked=ranked)
    for each in section.sections:
        read_contacts(each, draft, read_title(each.heading.text).text if each.heading else own)


def _read_block(block: Block, group: str, draft: Draft, *, ranked: bool) -> None:
    match block:
        case Item():
            _read_item(block, group, draft, ranked=ranked)
        case Paragraph():
            for row, line in enumerate(block.text.split("\n")):
                at = min(block.first + row, block.last)
                if not _add(person_of(_said(line)), group, draft, at, at, ranked=False):
                    draft.ledger.leave(at, at, "it names nobody who could be reached")
        case Table():
            _read_table(block, group, draft, ranked=ranked)
        case Fence():
            draft.ledger.leave(block.first, block.last, "code among contacts")
        case _:
            draft.ledger.lay(block.first, block.last, "layout")


def _read_item(item: Item, group: str, draft: Draft, *, ranked: bool) -> None:
    """One contact; what is nested tells how to reach it, or is a contact of its own."""
    inner = [block for block in item.blocks if isinstance(block, Item)]
    told = [block for block in inner if _DETAIL.match(plain(block.text))]
    said = _said(item.text)
    if inner and not told:
        draft.ledger.give(item.first, item.last, "contacts")
        for block in inner:
            _read_item(block, said.rstrip(" :"), draft, ranked=ranked)
        return
    labelled = f"{said}:" if told and ":" not in said else said
    person = person_of(labelled, ", ".join(_said(block.text) for block in told))
    if not person.title and len(said.split()) <= _MOST_WORDS and not said.endswith((".", "!", "?")):
        person = Person(title=said)
    if not _add(person, group, draft, item.first, item.last, ranked=ranked or bool(item.number and _LEVEL.match(said))):
        draft.ledger.leave(item.first, item.last, "it names nobody who could be reached")
        return
    for block in told:
        draft.ledger.give(block.first, block.last, f"contact {draft.contacts[-1].id}")
    for block in inner:
        if block not in told:
            _read_item(block, group, draft, ranked=ranked)


def _read_table(table: Table, group: str, draft: Draft, *, ranked: bool) -> None:
    for line in range(table.first, table.last + 1):
        draft.ledger.lay(line, line, "table")
    columns = [
        next((name for name, pattern in _HEADS if pattern.fullmatch(plain(head).strip())), "") for head in table.header
    ]
    for row in table.rows:
        person = _of_row(row, columns)
        if _add(person, group, draft, row.line, row.line, ranked=ranked or "order" in columns):
            draft.ledger.give(table.first, table.first, "contacts")
        else:
            draft.ledger.leave(row.line, row.line, "it names nobody who could be reached")


def _of_row(row: Row, columns: list[str]) -> Person:
    """Cells by their heads; a cell under no known head is how to reach someone if it looks so, else a name."""
    cells: dict[str, list[str]] = {"title": [], "name": [], "reach": [], "order": []}
    for cell, column in zip(row.cells, columns, strict=True):
        said = _said(cell)
        if not said or is_open(said):
            continue
        known = column or ("reach" if reach_in(said) else "title" if not cells["title"] else "name")
        cells["reach" if known == "name" and _is_reach(said) else known].append(said)
    named = cells["name"] or cells["title"] or cells["reach"]
    title = " / ".join(cells["title"]) or (named[0] if named else "")
    return Person(title=title, name=", ".join(cells["name"]), reach=", ".join(cells["reach"]))


def _is_reach(said: str) -> bool:
    """Nothing but a number, an address or the like."""
    found = reach_in(said)
    return bool(found) and not said.partition(found[0])[0].strip(" (,-–—")


def _add(person: Person, group: str, draft: Draft, first: int, last: int, *, ranked: bool) -> bool:
    if not person.title or _FOOTER.fullmatch(person.title):
        return False
    contact = Contact(
        id=draft.take_id("contacts", person.title, "contact"),
        title=filled(person.title, draft),
        name=filled(person.name, draft),
        reach=filled(person.reach, draft),
        group=filled(group, draft),
        order=_order(person.title, draft) if ranked else 0,
    )
    draft.contacts.append(contact)
    draft.ledger.give(first, last, f"contact {contact.id}")
    return True


def _order(title: str, draft: Draft) -> int:
    """The place that a title says, or the one after all before it."""
    if found := _LEVEL.match(title):
        return int(found[1] or found[2])
    if rank := _RANKS.get(title.split()[0].lower().strip(",:")):
        return rank
    return max((each.order for each in draft.contacts), default=0) + 1


def _said(text: str) -> str:
    return undecorated(plain(_MAILED.sub(r"\1 \2", text)))
