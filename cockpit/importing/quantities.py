"""Numbers in prose: how long something takes, and how long to wait."""

from __future__ import annotations

import re

_UNITS_S: dict[str, float] = {
    **dict.fromkeys(("ms", "msec", "millis", "millisecond"), 0.001),
    **dict.fromkeys(("us", "µs"), 1e-6),
    **dict.fromkeys(("s", "sec", "second", "sekunde", "sekunden", "sek", "seconde", "segundo"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minuten", "minuto"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "stunde", "stunden", "std", "heure", "hora"), 3600.0),
    **dict.fromkeys(("d", "day", "tag", "tage", "tagen", "jour", "dia", "día"), 86400.0),
    **dict.fromkeys(("w", "week", "woche", "wochen", "semaine", "semana"), 604800.0),
    **dict.fromkeys(("month", "monat", "monate", "monaten", "mois", "mes", "mese"), 2592000.0),
}
_COUNTS: dict[str, float] = {
    "half an": 0.5, "half a": 0.5, "a quarter of an": 0.25, "a couple of": 2, "a few": 3, "an": 1, "a": 1,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty-five": 45, "sixty": 60,
    "ninety": 90, "eine halbe": 0.5, "une demi": 0.5, "media": 0.5, "eine": 1, "ein": 1, "une": 1, "una": 1,
    "un": 1,
}  # fmt: skip
_UNIT = "|".join(sorted((rf"{unit}s?" if len(unit) > 2 else unit for unit in _UNITS_S), key=len, reverse=True))
_NUMBER = r"\d{1,6}(?:[.,]\d{1,4})?"
_DURATION = re.compile(
    rf"(?<![\w.$:])(?:(?P<low>{_NUMBER})(?:\s?(?:-|–|—|to|bis|à|a)\s?(?P<high>{_NUMBER}))?|"
    rf"(?P<words>{'|'.join(_COUNTS)}))"
    rf"(?:\s{{0,2}}|-)(?P<unit>{_UNIT}|[HS])(?![\w%/])"
    rf"|(?<![\w.$:])(?P<hours>\d{{1,3}})\s?h(?:ours?|rs?)?,?(?:\s?and\s?|"
    rf"\s?)(?P<minutes>\d{{1,2}})(?:\s?m(?:in(?:ute)?s?)?)?(?![\w%])"
    r"|\bPT(?=\d)(?:(?P<iso_h>\d{1,4})H)?(?:(?P<iso_m>\d{1,5})M)?(?:(?P<iso_s>\d{1,6})S)?\b",
    re.IGNORECASE,
)
_MILLION = re.compile(r"\d\s?[DMW]\b")
_MORE = re.compile(rf"(?:\s?,?\s?(?:and\s)?)(?P<low>\d{{1,4}})\s?(?P<unit>{_UNIT})(?![\w%/])", re.IGNORECASE)
_WAIT = re.compile(
    r"\b(?:wait(?:ing)?|sleep|pause|hold|soak|bake|warte[n]?|attend(?:re|ez)|esper(?:ar|e)|"
    r"let it (?:run|soak|settle|sit|bake)|"
    r"leave (?:it )?running|give it|allow)\b(?:\s(?:for|about|at least|another|approximately|roughly|"
    r"around|sie|pendant|durante|"
    r"~|ca\.?|a further)){0,3}\s?:?\s?(?=[~\d]|an?\b|half\b|one\b|two\b|three\b|five\b|ten\b|"
    r"fifteen\b|twenty\b|thirty\b)"
    r"|\b(?:monitor|observe|watch|keep (?:an )?eyes? on|beobachten|surveiller|vigilar)\b(?:\s[\w'-]{1,30}){0,6}?\s"
    r"(?:for|during|pendant|durante|over)\s(?:(?:at least|about|the first|the next|another|approximately)\s)?"
    r"(?=\d|an?\b|half\b|one\b|two\b|thirty\b)",
    re.IGNORECASE,
)
_WAIT_BEHIND = re.compile(r"(?:warten|abwarten|wait|soak|pause)\b", re.IGNORECASE)
_SLEEP = re.compile(r"\W*sleep\s(\d{1,6})\W*$", re.IGNORECASE)
_NO_WAIT = re.compile(
    r"\b(?:do not|don't|don’t|no need to|never|without|up to|no longer than|at most|no more than|"
    r"wait time|waiting time)"
    r"(?:\s+wait\w*)?\b",
    re.IGNORECASE,
)
_LONGEST = 2000
"""Characters of a text that are looked at."""


def duration_s(text: str) -> float | None:
    """The first duration in a text, in seconds; of a range (`2-3 hours`) the longer one. None: there is none."""
    for found in _DURATION.finditer(text[:_LONGEST]):
        if _MILLION.fullmatch(found[0]):  # 5M is five million, 3D no days
            continue
        if found["hours"]:
            return float(found["hours"]) * 3600 + float(found["minutes"]) * 60
        if not found["unit"]:
            return float(found["iso_h"] or 0) * 3600 + float(found["iso_m"] or 0) * 60 + float(found["iso_s"] or 0)
        count = _COUNTS[found["words"].lower()] if found["words"] else _number(found["high"] or found["low"])
        seconds = count * _unit_s(found["unit"])
        more = _MORE.match(text[:_LONGEST], found.end())
        if more is not None and _unit_s(more["unit"]) < _unit_s(found["unit"]):
            seconds += float(more["low"]) * _unit_s(more["unit"])
        return seconds
    return None


def wait_s(text: str) -> float | None:
    """How long a text says to wait, or to watch something, before going on: `wait 5 minutes and monitor`.

    None: it does not, or only until something happens, or says how long at most.
    """
    text = text[:_LONGEST]
    for found in _WAIT.finditer(text):
        if _NO_WAIT.search(text[max(0, found.start() - 20) : found.end() + 1]):
            continue
        if (seconds := duration_s(text[found.end() : found.end() + 40])) is not None:
            return seconds
    if bare := _SLEEP.match(text):
        return float(bare[1])
    found_s = duration_s(text[:40])
    if found_s and _WAIT_BEHIND.search(text[:60]) and re.match(r"\W*\d", text) and not _NO_WAIT.search(text[:60]):
        return found_s
    return None


def is_time(unit: str) -> bool:
    """Whether a unit is one of time, be it in full or short."""
    return _unit_s(unit) > 0


def in_seconds(value: float, unit: str) -> float:
    """A time in seconds, whatever its unit."""
    return value * _unit_s(unit)


def _unit_s(unit: str) -> float:
    known = unit.lower()
    return _UNITS_S.get(known) or _UNITS_S.get(known.removesuffix("s"), 0.0)


def _number(written: str) -> float:
    return float(written.replace(",", "."))
