"""Sign-offs: who approves, by role."""

from __future__ import annotations

import re

from cockpit.importing.blocks import Item, Section
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.naming import read_title, slug
from cockpit.importing.placeholders import filled
from cockpit.profile.model import Role, Step

_VERB = re.compile(r"\s+(?:reviews?|approvals?|signs?|sign-?off|has|have|is|confirms?|approves?)\b.*", re.IGNORECASE)


def read_signoffs(section: Section, draft: Draft, phase: DraftPhase) -> None:
    """Each item a sign-off by the role that it names."""
    assert section.heading is not None
    draft.ledger.give(section.heading.first, section.heading.last, f"phase {phase.id}")
    for block in section.blocks:
        if not isinstance(block, Item):
            continue
        title = read_title(block.text)
        named = _VERB.sub("", title.text).strip()
        role = slug(named) or "approver"
        draft.roles.setdefault(role, Role(id=role, title=named))
        step = Step(
            id=draft.step_ids.take(title.text, "signoff"),
            title=filled(title.text, draft),
            kind="signoff",
            behaviour="signoff",
            level=title.level,
            claimed="ticked in the runbook" if block.checked else "",
            settings={"role": role},
        )
        draft.add_step(phase, step, block.first, block.last)
        draft.ledger.give(block.first, block.last, f"role {role}")
    for each in section.sections:
        read_signoffs(each, draft, phase)
