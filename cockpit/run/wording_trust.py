"""How a run's profile came to be trusted, as people read it: one plain line. A part of `wording`.

Invariant: of a log that does not know it, nothing is said.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cockpit.run.events import ProfileTrust
from cockpit.run.phrases import NAME, because
from cockpit.text import counted, shortened

_AT_THE_START = timedelta(minutes=15)
"""Confirmed so shortly before the run, it was confirmed for it: values are typed in between."""
_KEY = 19
"""Cells of a key: `SHA256:` and as much as eyes compare."""
_MOST = 5


def told_trust(trust: ProfileTrust, began: datetime | None) -> str:
    """`first used here, confirmed by ana; approved by bo (SHA256:…), cy (SHA256:…)`; empty: nothing is known.

    `began`: when the run did, aware.
    """
    return "; ".join(filter(None, (told_approvals(trust), told_confirmed(trust, began))))


def told_confirmed(trust: ProfileTrust, began: datetime | None) -> str:
    """Who confirmed what the profile executes, on the machine that the run began on."""
    by = f" by {shortened(trust.by, NAME)}" if trust.by else ""
    at, start = _in_utc(trust.at), _in_utc(began)
    when = f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else "an unknown time"
    match trust.how:
        case "asked" if at is not None and start is not None and abs(start - at) <= _AT_THE_START:
            return f"first used here, confirmed{by}"
        case "asked":
            return f"trusted since {when}, confirmed{by}"
        case "reviewed":
            return f"trusted since {when}, its digest given{by}"
        case "noted":
            return f"first used {when}, where nobody is asked"
        case "shipped":
            return "it came with cockpit"
        case "nothing":
            return "it executes nothing"
        case _:
            return ""


def told_approvals(trust: ProfileTrust) -> str:
    """Whose approvals counted, or why it was begun without them."""
    names = [_approver(each) for each in trust.approved_by[:_MOST]]
    if len(trust.approved_by) > _MOST:
        names.append(f"{len(trust.approved_by) - _MOST} more")
    approved = f"approved by {', '.join(names)}" if names else ""
    if not trust.unreviewed:
        return approved
    without = f"without the {counted(trust.wanted, 'approval')} asked for{because(shortened(trust.unreviewed, 200))}"
    return f"{without}; {approved}" if approved else without


def _in_utc(at: datetime | None) -> datetime | None:
    """As no cockpit writes it, it may be of no zone, or of none of our years."""
    try:
        return None if at is None else at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _approver(named: str) -> str:
    name, _, key = named.rpartition(" ")
    return f"{shortened(name, NAME)} ({shortened(key, _KEY)})" if name else shortened(named, NAME)
