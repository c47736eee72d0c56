"""What a section of a runbook is for, told by its heading, in the words that people use."""

from __future__ import annotations

import re
from typing import Literal

Meaning = Literal[
    "before",
    "walk",
    "verification",
    "monitoring",
    "success",
    "rollback",
    "triggers",
    "contacts",
    "templates",
    "signoff",
    "schedule",
    "tasks",
    "environment",
    "troubleshooting",
    "reference",
    "contents",
    "unknown",
]
"""`reference`: it tells and asks for nothing. `contents`: a table of contents. `unknown`: as what it stands in."""

_WORDS: tuple[tuple[Meaning, str], ...] = (
    ("contents", r"table of contents|contents|toc"),
    (
        "triggers",
        r"(rollback|abort|back-?out) (triggers?|criteria|conditions?|considerations?|required)|when to roll ?back|immediate rollback required|rollback consideration",
    ),
    ("templates", r"templates?|notification texts?"),
    ("contacts", r"contacts?|escalation|who to call|on-?call (list|rotation)"),
    ("troubleshooting", r"troubleshooting|common (issues|problems)|quick fixes|known issues|faq"),
    ("rollback", r"roll(ing)? ?back|back-?out|revert|emergency procedures?|undo"),
    ("signoff", r"sign-?offs?|certification|approvals?|authori[sz]ation to proceed"),
    ("success", r"success (criteria|metrics)|acceptance criteria|definition of done|exit criteria"),
    ("schedule", r"schedule|timing|timeline|maintenance window|communication(s)?( plan)?"),
    (
        "before",
        r"pre-?(deployment|deploy|launch|flight|requisites?|migration|release|checks?)|prerequisites?|preparation|before (you|the|deploying)",
    ),
    ("monitoring", r"monitoring|observ(e|ability)|metrics to (watch|monitor)|watch"),
    (
        "verification",
        r"verif(y|ication)|validation|post-?(deployment|deploy|migration|release) (verification|validation|checks?|testing)|smoke tests?|testing|health checks?",
    ),
    (
        "tasks",
        r"(post-?\w+|follow-?up|remaining|outstanding) (tasks|actions|work|items)|action items|updates? required|to-?do",
    ),
    ("environment", r"environment variables|configuration variables"),
    (
        "walk",
        r"deploy(ment)?( steps| process| procedure)?|migration|release|procedure|steps|rollout|launch|cut-?over|go-?live",
    ),
    ("reference", r"overview|introduction|purpose|background|scope|references?|related|glossary|changelog|notes?"),
)
_PATTERNS = tuple((meaning, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for meaning, words in _WORDS)


def meaning_of(title: str) -> Meaning:
    """What a section under this heading (plain text, without numbering) is for; `unknown` if its words do not say."""
    return next((meaning for meaning, pattern in _PATTERNS if pattern.search(title)), "unknown")
