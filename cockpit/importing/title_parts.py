"""What stands around the words of a title: symbols, numbering, asides in brackets, times and owners."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from msgspec import Struct

from cockpit.importing.quantities import duration_s
from cockpit.profile.model import Level

Numbered = Literal["phase", "step", ""]

_DASHES = "-–—"
_COUNT = (
    r"(?:\d{1,4}(?:\.\d{1,3}){0,5}[a-z]?|[IVX]{1,5}|[A-Za-z](?=\s?[:.)\-–—]|$)|"
    r"one|two|three|four|five|six|seven|eight|nine|ten)"
)
_NAMED_END = (
    rf"\s{{0,3}}{_COUNT}\b(?:\s?(?:/|of|von|de)\s?\d{{1,3}})?(?!\s(?:is|was|are|has|must|should|completed?|done|failed|"
    r"passed|finished|of|and|to|or|features)\b)\s{0,3}[:.)\-–—|]{0,2}\s{0,3}"
)
_PHASE = re.compile(
    rf"(?:phase|stage|part|wave|stufe|teil|abschnitt|etapa|étape|etape|fase|section)(?=[\s\dIVX]){_NAMED_END}",
    re.IGNORECASE,
)
_STEP = re.compile(
    rf"(?:step|task|action|schritt|aufgabe|paso|tarea|tâche|passo)(?=[\s\d#]){_NAMED_END}", re.IGNORECASE
)
_UNITS = (
    r"(?:%|x\b|ms\b|[smhdw]\b|secs?\b|seconds?|mins?\b|minutes?|hrs?\b|hours?|days?|weeks?|months?|"
    r"years?|[KMGT]i?B\b|times\b|"
    r"percent|release[ds]?\b|version|or\b|to\b|and\b|bis\b)"
)
_NUMBERS = (
    re.compile(rf"#\d{{1,4}}[:.)]?\s{{1,3}}(?!{_UNITS})", re.IGNORECASE),
    re.compile(rf"\(?\[?\d{{1,4}}(?:\.\d{{1,3}}){{0,5}}\.?[.)\]:]\)?\s{{1,3}}(?!{_UNITS})", re.IGNORECASE),
    re.compile(rf"\d{{1,3}}(?:\.\d{{1,3}}){{1,5}}\s{{1,3}}(?:[{_DASHES}]\s)?(?!{_UNITS})", re.IGNORECASE),
    re.compile(rf"(?:\d{{1,3}}(?:\.\d{{1,3}}){{0,5}}[a-z]?|[A-Z])\s[{_DASHES}|]\s{{1,3}}(?!\d)"),
    re.compile(rf"0\d{{1,2}}\s(?=[A-Z])(?!{_UNITS})"),
    re.compile(r"\(?[a-hA-H][)]\s{1,3}|\([a-zA-Z]\)\s{1,3}|[a-hA-H]\.\s{1,3}(?![a-zA-Z]\.)"),
    re.compile(r"\(?(?:[ivx]{1,5}|[IVX]{1,5})[.)]\s{1,3}(?![a-zA-Z]\.)"),
)
_COUNTDOWN = re.compile(
    r"\[?\(?T\s?(?P<sign>[-+–−])\s?(?P<time>\d{1,4}(?::\d{2})?\s?(?:[a-z]{1,7}\b)?)\)?\]?\s{0,3}[:.\-–—|]{0,2}\s{0,3}",
    re.IGNORECASE,
)
_LEVEL = "required|mandatory|optional|recommended|todo|nice to have|opcional|facultatif|optionnel"
_LABEL = re.compile(
    rf"[\[(]?(?P<word>{_LEVEL})[\])]?\s?[:\-–—]\s?|[\[(](?P<boxed>{_LEVEL})[\])]\s?",
    re.IGNORECASE,
)
_LEVELS: dict[str, Level] = {
    "optional": "optional", "if applicable": "optional", "if needed": "optional", "if necessary": "optional",
    "if required": "optional", "as needed": "optional", "when applicable": "optional", "nice to have": "optional",
    "opcional": "optional", "facultatif": "optional", "optionnel": "optional", "falls nötig": "optional",
    "si nécessaire": "optional", "si aplica": "optional", "recommended": "recommended", "empfohlen": "recommended",
    "recommandé": "recommended", "recomendado": "recommended", "required": "required", "mandatory": "required",
}  # fmt: skip
_ASIDE = re.compile(r"\s?[(\[]([^()\[\]]{1,80})[)\]]")
_ESTIMATE = re.compile(
    r"(?:(?:about|approx\.?|approximately|around|roughly|ca\.?|est\.?|estimated?(?: time)?|eta|"
    r"duration|time|total|max\.?|up to|~|≈|"
    r"dauer|durée|duración)\s?:?\s?){0,3}[\d.,]{1,7}\s?(?:[-–—]|to)?\s?(?:[\d.,]{1,7})?[\s-]?[a-z]{1,8}"
    r"(?:\s?\d{1,2}\s?(?:m|min|mins|minutes))?(?:\s?(?:total|each|max\.?|est\.?|estimated|approx\.?))?",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"\s(?:[{_DASHES}|,]\s?~?|~|≈)\s?(\d[\d.,]{{0,6}}\s?(?:[-–—]\s?[\d.,]{{1,7}})?\s?[a-z]{{1,8}})$", re.IGNORECASE
)
_NO_ESTIMATE = re.compile(
    r"\b(?:retention|retain|timeout|policy|interval|ttl|every|window|expir\w*|cache|rotation|sla|"
    r"lasts?|lifetime|period|delay|keep|"
    r"wait|sleep|pause|within|older|history|prior|before|advance|notice|notification|announce\w*|remind\w*|ahead)\b",
    re.IGNORECASE,
)
_WATCHING = re.compile(r"\b(?:monitor\w*|soak|watch\w*|observ\w*|hypercare|bake|stabili[sz]ation)\b", re.IGNORECASE)
_NOTICE = re.compile(r"\b(?:notif\w*|notices?|announce\w*|remind\w*|communicat\w*|inform|tell)\b", re.IGNORECASE)
_EARLIER = re.compile(r"\b(?:prior|before|in advance|ahead|earlier|beforehand|vorher|avant|antes)\b", re.IGNORECASE)
_LATER = re.compile(
    r"(?<![<>] )(?<![<>])\b(?:first|after|within(?: the)?(?: first)?|(?P<unit>day|week|month|"
    r"hour)\s(?P<count>\d{1,3})\b)|"
    r"\d[- ]?(?:hours?|h|days?|minutes?|min)[- ](?:monitor\w*|watch|soak|check\w*|review|look|"
    r"observation|post\b|after\b|later\b)",
    re.IGNORECASE,
)
_FURTHER = re.compile(r"[<>]|less than|more than", re.IGNORECASE)
_OWNED = re.compile(
    r"\s?(?:[(\[](?:(?:owner|responsible|assignee|assigned to|by|lead|dri|verantwortlich|responsable)\s?:\s?"
    r"(?P<named>[^()\[\]]{1,60})|(?P<at>@[\w.-]{1,40}))[)\]]|"
    r"[-–—|,;.]\s?(?:owner|responsible|assignee|assigned to|dri|verantwortlich|"
    r"responsable)\s?:\s?(?P<last>[^()\[\]:]{1,60})$|"
    r"\s(?P<handle>@[\w-]{2,40})$)",
    re.IGNORECASE,
)
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_UNSEEN = "\ufe0e\ufe0f\u20e3"
_KEPT_SYMBOLS = frozenset("°©®™№℃℉")
_DAY_S = 86400.0


class Aside(Struct, kw_only=True):
    """What a title says beside its words; times in seconds, 0 where it says none."""

    estimate_s: float = 0.0
    after_s: float = 0.0
    before_s: float = 0.0
    level: Level = "required"
    owner: str = ""


def undecorated(text: str) -> str:
    """The text without symbols that decorate it: emoji, ticks, key caps; arrows and dashes at its edges.

    A symbol with something on both sides (`10°C`, `a✓b`) is a part of it and stays.
    """
    if not text.isascii():
        text = "".join(char for char in _KEYCAP.sub(" ", text) if char not in _UNSEEN and not _is_unseen(char))
        text = " ".join(word.strip(_symbols(word)) for word in text.split())
    text = " ".join(text.split())
    text = re.sub(r"^(?:[-–—•·→⇒►▸>|~_=:;,*]{1,3}\s){1,4}", "", text)
    return re.sub(r"\s[#\-–—•·→⇒►▸|~_=*]{1,6}$", "", text).rstrip("#").rstrip() or text


def _symbols(word: str) -> str:
    return "".join(char for char in set(word) if _is_symbol(char)) or " "


def _is_symbol(char: str) -> bool:
    if char.isascii() or char in _KEPT_SYMBOLS:
        return False
    category = unicodedata.category(char)
    return category in ("So", "Co") or (category == "Sk" and ord(char) > 0xFFFF)


def _is_unseen(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char) == "Cf" and char != "\u200c"


def unnumbered(text: str) -> tuple[str, Numbered]:
    """The text without its numbering (`Phase 2: Step 3.1 – `), and what it called itself first."""
    numbered: Numbered = ""
    for _ in range(3):
        for pattern, kind in _NUMBERING:
            if (found := pattern.match(text)) and found.end() < len(text):
                text = text[found.end() :]
                numbered = numbered or kind
                break
        else:
            return text, numbered
    return text, numbered


def countdown(text: str, aside: Aside) -> str:
    """The text without a leading `T-24h:`; how long before or after the start it is goes into the aside."""
    found = _COUNTDOWN.match(text)
    if found is None or not found["time"].strip():
        return text
    said = found["time"].strip()
    seconds = _clocked(said) if ":" in said else duration_s(said if said[-1].isalpha() else f"{said} min")
    if seconds is None:
        return text
    if found["sign"] == "+":
        aside.after_s = seconds
    else:
        aside.before_s = seconds
    return text[found.end() :] or text


def without_asides(text: str, aside: Aside, *, is_phase: bool) -> str:
    """The text without what is understood of brackets, labels, estimates and owners; it goes into the aside."""
    if (found := _OWNED.search(text[:400])) and found.start() > 0:
        aside.owner = next(each for each in found.groups() if each).strip(" .,;")
        text = text[: found.start()] + text[found.end() :]
    if (label := _LABEL.match(text)) and label.end() < len(text):
        aside.level = _LEVELS.get((label["word"] or label["boxed"]).lower(), "required")
        text = text[label.end() :]
    for bracket in list(_ASIDE.finditer(text))[:8]:
        if _understood(bracket[1].strip(), text, aside, is_phase=is_phase):
            text = text.replace(bracket[0], "", 1)
    if (found := _BEHIND.search(text[-60:])) and _understood(found[1], text, aside, is_phase=is_phase):
        text = text[: len(text) - len(found[0])]
    if not aside.after_s and not _FURTHER.search(text) and (later := _LATER.search(text)):
        aside.after_s = _later_s(later, text)
    return text


def _understood(said: str, text: str, aside: Aside, *, is_phase: bool) -> bool:
    """Whether nothing of a bracket has to stay in the text, since the aside says it."""
    lower = said.lower()
    if known := next(
        (level for word, level in _LEVELS.items() if re.search(rf"(?<!non-)(?<!not )\b{word}\b", lower)), None
    ):
        aside.level = known
        return lower in _LEVELS
    seconds = duration_s(said)
    if seconds is None or _FURTHER.search(said):
        return False
    if _EARLIER.search(said):
        aside.before_s = seconds
        return False
    if _ESTIMATE.fullmatch(said) is None:
        return False
    if _NOTICE.search(text):
        aside.before_s = seconds
        return True
    if _WATCHING.search(text) and seconds > _DAY_S / 6:
        aside.after_s = seconds
        return False
    if _NO_ESTIMATE.search(text) or (seconds > _DAY_S and not is_phase):
        return False
    aside.estimate_s = seconds
    return True


def _later_s(found: re.Match[str], text: str) -> float:
    if found["unit"]:
        return {"day": _DAY_S, "week": 7 * _DAY_S, "month": 30 * _DAY_S, "hour": 3600.0}[found["unit"].lower()] * int(
            found["count"]
        )
    near = text[max(0, found.start() - 20) : found.end() + 20]
    if re.search(r"\b(?:first|within the(?: first)?)\s(?:hour|day|week)\b", near, re.IGNORECASE):
        return 3600.0 if "hour" in near.lower() else _DAY_S * (7 if "week" in near.lower() else 1)
    return duration_s(near) or 0.0


def _clocked(said: str) -> float | None:
    hours, _, minutes = said.partition(":")
    return float(hours) * 3600 + float(minutes[:2]) * 60 if minutes[:2].isdigit() else None


_NUMBERING: tuple[tuple[re.Pattern[str], Numbered], ...] = (
    (_PHASE, "phase"),
    (_STEP, "step"),
    *((pattern, "") for pattern in _NUMBERS),
)
