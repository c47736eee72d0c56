"""Bounds that a text sets on something measured: "login success rate > 95 %", "no more than 5 failed jobs".

A comparison counts only with a number (or a quoted text) behind it and a metric in words beside it: code, versions of
tools, arrows and times after an event are none. Work grows with the text's length alone.
"""

from __future__ import annotations

import re
from itertools import islice

from msgspec import Struct

from cockpit.importing.bound_words import (
    DURATION_METRIC,
    METRIC_END,
    TAKES,
    UNIT,
    WORD_OPERATORS,
    Operator,
    is_wrong_beyond,
    metric_after,
    metric_before,
)
from cockpit.importing.quantities import duration_s, is_time

_MOST = 20
"""Bounds of one text: no sentence sets as many."""
_LONGEST = 2000
"""Characters of a text that are looked at: what is longer is prose."""
_VALUE = (
    r"(?:~\s?|[$€£]\s?)?(?P<value>\d{1,12}(?:[.,]\d{1,6}){0,4}|zero\b)(?P<scale>[kM](?![\w/]))?\s?"
    rf"(?P<unit>{UNIT})?"
)
_END = r"(?![\w&>%])(?!\.\w)(?!:\d)(?!/\w)"
_NOT = r"(?:(?P<not>not|never|no|nicht|pas|n['’]t)\s+(?:be\s+)?)?"
_COMPARED = re.compile(
    rf"(?:(?P<sign>(?<![-=<>!|&$\\])(?:<=|>=|==|!=|=<|≤|≥|≠|[<>](?![<>=-])|(?<=\s)=(?=\s)))"
    rf"|\b{_NOT}(?P<word>{'|'.join(WORD_OPERATORS)})\b)\s{{0,3}}{_VALUE}{_END}",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"(?P<between>\bbetween\s+)?(?<![\w.,:/-])(?P<low>\d{{1,9}}(?:\.\d{{1,6}})?)\s?%?\s?(?:-|–|—|to|and)\s?"
    rf"(?P<high>\d{{1,9}}(?:\.\d{{1,6}})?)\s?(?P<unit>{UNIT})?{_END}(?!\s+of\b)",
    re.IGNORECASE,
)
_TEXT = re.compile(r"(?P<sign>==|!=)\s?[\"“'‘](?P<text>[^\"”'’\n]{1,40})[\"”'’]")
_FULL = re.compile(rf"(?::|=|\bis)\s{{0,3}}(?P<value>\d{{2,3}}(?:\.\d{{1,6}})?)\s?(?P<unit>%){_END}")
_BEST = re.compile(r"\b(?:success|uptime|availability|pass|completeness|sync)\w*(?:\s+\w+){0,2}$", re.IGNORECASE)
_BOUNDED = re.compile(r"\d|zero|[=!]=", re.IGNORECASE)
_ZERO = re.compile(
    r"(?:^|[.;:,]\s|\band\s|\b(?:verify|ensure|confirm|check|expect|must have|should be|with|are|"
    r"show[s]?)\s+)(?:zero|0)\s+"
    r"(?P<metric>(?:[a-z][\w-]{0,30}\s+){0,3}(?:errors|failures|incidents|alerts|timeouts|crashes|"
    r"restarts|exceptions|"
    r"violations|mismatches|duplicates|orphans|conflicts|rejections|complaints|regressions|vulnerabilities))\b",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"\s*\(?(?:for|over|during|sustained (?:for|over)|lasting|within)\s+(?:at least |more than |"
    r"over |longer than |the last |"
    r"> ?)?(?P<time>(?:\d{1,4}|an?|one|two|three|five|ten)\s?-?[a-z]{1,8})",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"\s*(?:for|at|in|\()\s?(?:the\s)?(?P<share>\d{1,2}(?:th|st|nd|rd)?\s(?:percentile|pct)|p\d{2,3})\b", re.IGNORECASE
)
_EVENT_FOLLOWS = re.compile(
    r"\s*(?:after|before|since|prior|ago|later|into|from now|of|post|following|until)\b", re.IGNORECASE
)
_NOUN_FOLLOWS = re.compile(
    r"\s+(?!(?:for|per|after|on|in|and|or|at|during|over|under|when|if|then|to|with|across|as)\b)[A-Za-z]"
)
_SIGNS: dict[str, Operator] = {"≤": "<=", "≥": ">=", "≠": "!=", "=<": "<=", "=": "=="}
_NEGATED: dict[Operator, Operator] = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "==": "!=", "!=": "=="}
_SCALES = {"k": 1e3, "M": 1e6}


class Threshold(Struct, frozen=True, kw_only=True):
    """A bound that a text sets on something that is measured."""

    metric: str
    """In the text's words: `API response times`."""
    operator: Operator
    value: float
    unit: str
    """As written: `%`, `seconds`, `ms`, `/hour`; empty: none."""
    text: str = ""
    """What it is compared with, if that is a text (`status != "healthy"`): then `value` says nothing."""
    for_s: float = 0.0
    """How long it has to hold; 0: at once."""
    is_alarm: bool = False
    """Beyond it something is wrong (`alert if CPU > 80 %`): it must not hold before a step is confirmed."""


def thresholds(text: str) -> tuple[Threshold, ...]:
    """Every bound that a text (plain) sets, in order."""
    text = text[:_LONGEST]
    if not _BOUNDED.search(text):
        return ()
    found: list[tuple[int, Threshold]] = []
    end, last = 0, ""
    for match in islice(_COMPARED.finditer(text), _MOST):
        between = text[end : match.start()]
        metric = last if not between.strip(" ,;(/") else metric_before(between)
        bound = _compared(match, metric, text) if metric is not None else None
        last = bound.metric if bound is not None else ""
        if bound is not None:
            found.append((match.start(), bound))
        end = match.end()
    taken = {at for at, _ in found}
    if not found:
        found += [*_texts(text), *_full(text), *_ranges(text)]
    found += [(at, bound) for at, bound in _zeros(text) if at not in taken]
    return tuple(bound for _, bound in sorted(found, key=lambda each: each[0]))


def _compared(match: re.Match[str], metric: str, text: str) -> Threshold | None:
    unit = " ".join((match["unit"] or "").split())
    after = text[match.end() :]
    operator = _operator(match)
    if is_time(unit):
        timed = bool(
            DURATION_METRIC.search(metric) or TAKES.search(text[max(0, match.start() - 30) : match.start("value")])
        )
        opened = text[: match.start()].rstrip().endswith("(")
        if _EVENT_FOLLOWS.match(after) or (not timed and (match["word"] or opened)) or not metric:
            return None
    elif not metric:
        metric = metric_after(after)
    elif not unit and match["sign"] in ("<", ">") and _NOUN_FOLLOWS.match(after):
        return None  # Settings > 2 Factor
    if not metric:
        return None
    lasting, share = _LASTING.match(after), _SHARE.match(after)
    value = _value(match["value"]) * _SCALES.get(match["scale"] or "", 1.0)
    if operator in (">", ">=") and "rollback" in metric.lower() and is_time(unit):
        return None
    return Threshold(
        metric=f"{metric} ({share['share']})" if share else metric,
        operator=operator,
        value=value,
        unit=unit,
        for_s=(duration_s(lasting["time"]) or 0.0) if lasting else 0.0,
        is_alarm=is_wrong_beyond(text[: match.start("value")], after, metric, operator, value),
    )


def _operator(match: re.Match[str]) -> Operator:
    if match["sign"]:
        sign: str = match["sign"]
        return _SIGNS.get(sign, sign)  # type: ignore[arg-type]  # the pattern has no others
    word = " ".join(match["word"].lower().split())
    operator = next(known for pattern, known in WORD_OPERATORS.items() if re.fullmatch(pattern, word))
    return _NEGATED[operator] if match["not"] else operator


def _texts(text: str) -> list[tuple[int, Threshold]]:
    return [
        (each.start(), _text_bound(metric, each))
        for each in _TEXT.finditer(text)
        if (metric := metric_before(text[: each.start()]))
    ]


def _text_bound(metric: str, found: re.Match[str]) -> Threshold:
    operator: Operator = "==" if found["sign"] == "==" else "!="
    return Threshold(
        metric=metric, operator=operator, value=0.0, unit="", text=found["text"], is_alarm=operator == "!="
    )


def _full(text: str) -> list[tuple[int, Threshold]]:
    """`Backup success rate: 100 %`: what can only be too low."""
    return [
        (each.start(), Threshold(metric=metric, operator=">=", value=_value(each["value"]), unit="%"))
        for each in _FULL.finditer(text)
        if (metric := metric_before(text[: each.start()])) and _BEST.search(metric)
    ]


def _ranges(text: str) -> list[tuple[int, Threshold]]:
    """`error rate 5-10 %`: two bounds."""
    found = []
    for each in _BETWEEN.finditer(text):
        metric = metric_before(text[: each.start()])
        unit = " ".join((each["unit"] or "").split())
        if not metric or is_time(unit) or not (each["between"] or (unit and METRIC_END.search(metric))):
            continue
        low, high = float(each["low"]), float(each["high"])
        if low < high:
            wrong = is_wrong_beyond(text[: each.start()], text[each.end() :], metric, ">", low)
            sides: tuple[tuple[Operator, float], ...] = ((">=", low), ("<=", high))
            for operator, value in sides:
                bound = Threshold(metric=metric, operator=operator, value=value, unit=unit, is_alarm=wrong)
                found.append((each.start(), bound))
    return found


def _zeros(text: str) -> list[tuple[int, Threshold]]:
    return [
        (each.start("metric"), Threshold(metric=each["metric"], operator="==", value=0.0, unit=""))
        for each in _ZERO.finditer(text)
    ]


def _value(written: str) -> float:
    """`1,000`, `99,5` and `1.5`."""
    if written.lower() == "zero":
        return 0.0
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", written):
        return float(written.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", written):
        return float(written.replace(".", ""))
    head, _, tail = written.replace(",", ".").partition(".")
    return float(f"{head}.{tail.split('.')[0] or 0}")
