"""The words around a bound: operators in words, units, and the metric that stands before or after it."""

from __future__ import annotations

import re
from typing import Literal

Operator = Literal["<", "<=", ">", ">=", "==", "!="]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PER = r"(?:/|\bper\s)\s?(?:s|sec|second|min|minute|m|h|hr|hour|day|d|request|user|host|node)\b"
UNIT = (
    rf"%|percent\b|pct\b|(?:[a-z]{{1,12}}\s?)?{_PER}|(?:ms|msec|millis|milliseconds?|µs|us|s|secs?|"
    rf"seconds?|mins?|minutes?|"
    r"m|h|hrs?|hours?|d|days?|weeks?|sekunden?|minuten?|stunden?|secondes?|heures?|segundos?|minutos?|horas?|"
    r"[kmgt]i?b(?:/s)?|bytes?|[rqt]ps|iops|req/s)\b"
)
WORD_OPERATORS: dict[str, Operator] = {
    r"below|under|less than|lower than|fewer than|smaller than|shorter than|faster than|younger than": "<",
    r"unter|kleiner als|weniger als": "<",
    r"inf[eé]rieure?s? [àa]|moins de|menor(?:es)? (?:que|de|a)|menos de|por debajo de": "<",
    r"at most|up to a maximum of|a maximum of|maximum of|max\.?|maximum|h[öo]chstens|au plus|como m[áa]ximo": "<=",
    r"above|over|greater than|more than|higher than|larger than|longer than|older than|slower than|"
    r"exceeds?|exceeding": ">",
    r"[üu]ber|gr[öo](?:ß|ss)er als": ">",
    r"mehr als|sup[eé]rieure?s? [àa]|plus de|mayor(?:es)? (?:que|de|a)|m[áa]s de|por encima de": ">",
    r"at least|a minimum of|minimum of|min\.?|minimum|mindestens|au moins|al menos|como m[íi]nimo": ">=",
    r"equal to|equals?|must be|should be|must equal|is exactly|exactly|shall be|has to be|needs to be": "==",
}
"""Patterns of words, and the operator that they are."""

DURATION_METRIC = re.compile(
    r"\b(?:times?|latency|latencies|durations?|lag|delay|age|responses?|p\d{2,3}|rto|rpo|uptime|"
    r"downtime|antwortzeit\w*|"
    r"latence|latencia|retardo)\b",
    re.IGNORECASE,
)
TAKES = re.compile(r"\b(?:takes?|took|longer|shorter|older|younger|faster|slower|lasts?)\b[^.;:]{0,10}$", re.IGNORECASE)
"""Before a bound: what follows is how long something is or takes."""
METRIC_END = re.compile(
    r"\b(?:rates?|ratio|usage|load|utili[sz]ation|errors?|failures?|latency|cpu|memory|percentage|level|lag|times?|"
    r"space|capacity|traffic)$",
    re.IGNORECASE,
)
_PIECES = re.compile(
    r"[.;!?](?=\s)|:(?!\w)|[(),\[\]]|\s[-–—]\s|"
    r"\b(?:that|if|when|whenever|unless|while|but|until|or|where|once|because|so|wenn|falls|dass|si|cuando|que)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"\(([^()]{1,20})\)")
_LEADING = _words(
    """
    and or also then the a an our all any each every verify check checks ensure confirm validate monitor make
    sure keep is are high low excessive elevated increased alert alerts page alarm warn notify on for of with
    has have there their its watch expect require maintain assert observe look should must please on to about
    und die der das et le la les los las el y
    """
)
_TRAILING = _words(
    """
    is are be must should shall will can stay stays staying remain remains remaining kept keep has have been to
    at drop drops fall falls rise rises go goes grow grows climb climbs increase increases decrease decreases
    reaches reach was were still always consistently value of than does do not the a an by only ist sind bleibt
    liegt est reste sont takes take took lasts es son sea need needs
    """
)
_ACTIONS = _words(
    """
    run scale deploy create wait invite add set increase reduce drain restart retry rotate allow keep upgrade
    install send use roll enable disable delete remove move apply wait sleep pause take give select choose click
    go see configure schedule provision allocate repeat
    """
)
_PREPOSITIONS = _words(
    """
    to by for with from at in of on than into per via after before within
    """
)
_NO_METRIC = re.compile(
    r"[`$\"\\{}<>|;*=@#^~]|^(?:exit|return|http|port|step|phase|page|line|id|it|they|them|this|that|"
    r"there|you|we|one)(?:\s[\d.]+)?$|"
    r"\b(?:versions?|codes?|php|python|java|node|nodejs|node\.js|ruby|golang|postgresql|postgres|"
    r"mysql|mariadb|redis|kubernetes|"
    r"kubectl|helm|terraform|docker|npm|git|ubuntu|debian|macos|openssl|nginx|bash|jdk|elasticsearch|mongodb|ansible)"
    r"(?:\s[\d.]+)?$",
    re.IGNORECASE,
)
_PRONOUNS = ("it", "them", "these", "those", "this", "that", "they", "which")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST_WORDS = 8
_AFTER_END = re.compile(
    r"[.,;:()\[\]!?]|\s[-–—]\s|\b(?:and|or|in|for|per|on|at|during|within|after|before|from|over|"
    r"when|if|then|to|should|must)\b",
    re.IGNORECASE,
)
_ALARM = re.compile(
    r"\b(?:alerts?|alarm|page|notify|warn|if|when|whenever|unless|abort|roll ?back|stop|escalate|"
    r"triggers?|wenn|falls|si|"
    r"cuando)\b",
    re.IGNORECASE,
)
_MUST = re.compile(r"\b(?:must|should|shall|has to|have to|needs? to|stays?|remains?|keep)\b", re.IGNORECASE)
_BAD = re.compile(
    r"\b(?:errors?|fail\w*|missing|timeouts?|latency|lag|delay|usage|cpu|memory|ram|disk|load|5xx|"
    r"4xx|5\d\d|rejections?|drops?|"
    r"dropped|response|responses|times?|loss|crash\w*|restarts?|backlog|queue|depth|utili[sz]ation|"
    r"orphan\w*|duplicates?|"
    r"downtime|complaints?|conflicts?|stale|retries|incidents?|dead|blocked|rejected)\b",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"\b(?:success\w*|availab\w*|uptime|sync\w*|throughput|healthy|ready|completion|complete|"
    r"coverage|hit|free|passing|"
    r"remaining|running)\b",
    re.IGNORECASE,
)
_LONGEST_METRIC = 200


def metric_before(text: str) -> str | None:
    """The metric that the end of a text names; empty if nothing does, None if it is no metric."""
    text = _CLOSED.sub(r" \1 ", text[-_LONGEST_METRIC:])
    for piece in reversed(_PIECES.split(text)):
        if not piece.strip():
            continue
        return _metric(piece)
    return ""


def metric_after(text: str) -> str:
    """The metric that stands behind a bound: `at least 3 replicas running`; empty if there is none."""
    text = text[:_LONGEST_METRIC]
    if not text[:1].isspace():
        return ""
    words = _AFTER_END.split(text, maxsplit=1)[0].split()
    return _checked(_stripped(words)[:_MOST_WORDS])


def is_wrong_beyond(before: str, after: str, metric: str, operator: str, value: float) -> bool:
    """Whether what holds beyond this bound is what must not be, by the words around it and by what the metric is."""
    sentence = re.split(r"[.!?]\s", before)[-1][-_LONGEST_METRIC:]
    if _MUST.search(sentence.rpartition(":")[2]):
        return False
    if _ALARM.search(sentence) or re.search(r"roll ?back|abort", after[:40], re.IGNORECASE):
        return True
    good = bool(_GOOD.search(metric))
    if operator in (">", ">="):
        if TAKES.search(sentence):  # nobody asks for longer than
            return True
        return bool(_BAD.search(metric)) and not good
    if operator in ("<", "<="):
        return good and not re.search(r"\btimes?|latency\b", metric, re.IGNORECASE)
    return operator == "!=" and value == 0


def is_demand(metric: str, operator: str) -> bool:
    """Whether a bound can only be meant as what must hold: a success rate above it, an error rate below."""
    good, bad = bool(_GOOD.search(metric)), bool(_BAD.search(metric))
    return operator == "==" or (good and operator in (">", ">=")) or (bad and not good and operator in ("<", "<="))


def _metric(piece: str) -> str | None:
    words = piece.split()
    if not _stripped(words):
        return ""
    if "and" in words:  # "CPU and memory" is one thing, "login works and CPU usage" are two
        at = len(words) - 1 - words[::-1].index("and")
        if at > 1 or at == 0:
            words = words[at + 1 :]
    return _checked(_stripped(words)) or None


def _stripped(words: list[str]) -> list[str]:
    first, last = 0, len(words)
    while first < last and words[first].lower() in _LEADING:
        first += 1
    while last > first and words[last - 1].lower() in _TRAILING:
        last -= 1
    return words[first:last]


def _checked(words: list[str]) -> str:
    metric = " ".join(words).strip(" -–—.,'\"*_")
    known = (
        0 < len(words) <= _MOST_WORDS
        and words[0].lower() not in _ACTIONS
        and words[-1].lower() not in _PRONOUNS
        and words[-1].lower() not in _PREPOSITIONS
        and _WORD.search(metric) is not None
        and not metric.startswith(("/", "-"))
        and _NO_METRIC.search(metric) is None
    )
    return metric if known else ""
