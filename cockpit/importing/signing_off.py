"""Sign-offs: who approves, by role."""

from __future__ import annotations

import re

from cockpit.importing.blocks import Block, Fence, Item, Paragraph, Row, Section, Table
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.items import CLAIM
from cockpit.importing.naming import read_title, slug
from cockpit.importing.parsing import plain
from cockpit.importing.people_words import is_open
from cockpit.importing.placeholders import filled
from cockpit.profile.model import Role, Step

_VERB = re.compile(
    r"\s+(?:reviews?|approvals?|signs?|sign-?offs?|signatures?|acceptance|certification|has|have|is|"
    r"are|confirms?|approves?|"
    r"approved|reviewed|signed|accepts?|agrees?|must|should|will|to (?:approve|sign|review)|"
    r"verif\w{1,10}|hat|ist|prüft|freigabe|"
    r"approbation|aprobación)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_BY = re.compile(
    r"(?P<verb>approved|reviewed|signed(?: off)?|authori[sz]ed|verified|certified|accepted|released|"
    r"checked|freigegeben|geprüft|"
    r"approuvé|aprobado)\s(?:by|von|par|por)\b\s?:?\s?(?:the\s)?(?P<who>.{0,120})|"
    r"(?:approval|sign-?off|review|ok|go|signature)\s(?:from|by|of)\s(?:the\s)?(?P<from>.{1,120})",
    re.IGNORECASE | re.DOTALL,
)
_LEFT_OPEN = re.compile(r"_{2,}.*|\.{4,}.*|\b(?:date|signature|name|datum|fecha)\s?:.*", re.IGNORECASE | re.DOTALL)
_ROLE_HEAD = re.compile(
    r"role|title|position|approver|team|function|area|department|rolle|rôle|rol|who|stakeholder|reviewer|owner",
    re.IGNORECASE,
)
_NAME_HEAD = re.compile(r"name|person|nom|nombre|signatory|approver name", re.IGNORECASE)
_DONE = re.compile(r"\[[xX✓✔]\]|[xX✓✔☑✅]|yes|approved|signed|done", re.IGNORECASE)
_STATE_HEAD = re.compile(r"status|approved\??|signed\??|sign-?off|decision|done|✓|✔", re.IGNORECASE)
_MOST_WORDS = 5
"""Of a role: what is longer is something to be agreed to."""
_ACTORS = {"reviewed": "Reviewer", "checked": "Reviewer", "verified": "Verifier", "geprüft": "Prüfer"}


def role_of(text: str) -> str:
    """The role that a sign-off's words (plain) name: `Technical Lead Review`, `Approved by: QA`; "Approver" if none."""
    text = text[:300].strip()
    if found := _BY.match(text):
        who = _LEFT_OPEN.sub("", found["who"] or found["from"] or "").strip(" ,.:;–—-")
        return _short(who, _ACTORS.get((found["verb"] or "").lower(), "Approver"))
    head, colon, rest = text.partition(":")
    named = head if colon and (not rest.strip() or _LEFT_OPEN.search(rest) or is_open(rest)) else text
    return _short(_VERB.sub("", _LEFT_OPEN.sub("", named)).strip(" ,.:;–—-"), "Approver")


def read_signoffs(section: Section, draft: Draft, phase: DraftPhase) -> None:
    """Each item, row and line that names who approves as a sign-off by that role; other prose describes the phase."""
    assert section.heading is not None
    draft.ledger.give(section.heading.first, section.heading.last, f"phase {phase.id}")
    for block in section.blocks:
        _read_block(block, draft, phase)
    for each in section.sections:
        read_signoffs(each, draft, phase)


def _read_block(block: Block, draft: Draft, phase: DraftPhase) -> None:
    match block:
        case Item():
            _sign(block.text, phase, draft, block.first, block.last, claimed=bool(block.checked))
            for inner in block.blocks:
                _read_block(inner, draft, phase)
        case Paragraph():
            for row, line in enumerate(block.text.split("\n")):
                at = min(block.first + row, block.last)
                said = plain(line)
                if _BY.match(said) or _LEFT_OPEN.search(said):
                    _sign(line, phase, draft, at, at, claimed=False)
                else:
                    phase.description.append(filled(line.strip(), draft))
                    draft.ledger.give(at, at, f"description of phase {phase.id}")
        case Table():
            _read_table(block, draft, phase)
        case Fence():
            draft.ledger.leave(block.first, block.last, "code among sign-offs")
        case _:
            draft.ledger.lay(block.first, block.last, "layout")


def _read_table(table: Table, draft: Draft, phase: DraftPhase) -> None:
    for line in range(table.first, table.last + 1):
        draft.ledger.lay(line, line, "table")
    heads = [plain(head).strip() for head in table.header]
    at = next((index for index, head in enumerate(heads) if _ROLE_HEAD.fullmatch(head)), 0)
    name_at = next((index for index, head in enumerate(heads) if index != at and _NAME_HEAD.fullmatch(head)), None)
    for row in table.rows:
        named = plain(row.cells[name_at]) if name_at is not None else ""
        said = row.cells[at] or named
        if said.strip():
            people = () if is_open(named) or plain(said) == named else (named,)
            _sign(said, phase, draft, row.line, row.line, claimed=_is_signed(row, heads), people=people)
            draft.ledger.give(table.first, table.first, f"phase {phase.id}")


def _is_signed(row: Row, heads: list[str]) -> bool:
    return any(
        _STATE_HEAD.fullmatch(head) and _DONE.fullmatch(plain(cell).strip())
        for head, cell in zip(heads, row.cells, strict=True)
    )


def _sign(
    text: str, phase: DraftPhase, draft: Draft, first: int, last: int, *, claimed: bool, people: tuple[str, ...] = ()
) -> None:
    title = read_title(text)
    named = role_of(title.text)
    role = slug(named) or "approver"
    draft.roles.setdefault(role, Role(id=role, title=named, people=people))
    said = _LEFT_OPEN.sub("", title.text).rstrip(" :,.-–—") or title.text
    step = Step(
        id=draft.step_ids.take(said, "signoff"),
        title=filled(said, draft),
        kind="signoff",
        behaviour="signoff",
        level=title.level,
        estimate_s=title.estimate_s,
        claimed=CLAIM if claimed else "",
        settings={"role": role},
    )
    draft.add_step(phase, step, first, last)
    draft.ledger.give(first, last, f"role {role}")


def _short(named: str, otherwise: str) -> str:
    words = named.split()
    return named if 0 < len(words) <= _MOST_WORDS and not is_open(named) else otherwise
