"""How a profile came to be trusted is one plain line, and of a log that does not know it nothing is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from attacks import ATTACKS

from cockpit.run.events import ProfileTrust
from cockpit.run.wording_trust import told_trust
from cockpit.text import visible

BEGAN = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
KEYS = ("bo SHA256:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "cy SHA256:zyx")


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        (ProfileTrust(), ""),
        (ProfileTrust(how="asked", by="ana", at=BEGAN - timedelta(minutes=1)), "first used here, confirmed by ana"),
        (
            ProfileTrust(how="asked", by="ana", at=BEGAN - timedelta(days=2)),
            "trusted since 2026-11-18 21:00 UTC, confirmed by ana",
        ),
        (
            ProfileTrust(how="reviewed", by="ci", at=BEGAN - timedelta(days=2)),
            "trusted since 2026-11-18 21:00 UTC, its digest given by ci",
        ),
        (ProfileTrust(how="noted", by="ana", at=BEGAN), "first used 2026-11-20 21:00 UTC, where nobody is asked"),
        (ProfileTrust(how="shipped"), "it came with cockpit"),
        (ProfileTrust(how="nothing", at=BEGAN), "it executes nothing"),
        (
            ProfileTrust(how="asked", by="ana", at=BEGAN, approved_by=KEYS, wanted=2),
            "approved by bo (SHA256:0123456789a…), cy (SHA256:zyx); first used here, confirmed by ana",
        ),
        (
            ProfileTrust(how="nothing", wanted=2, approved_by=KEYS[1:], unreviewed="it burns"),
            "without the 2 approvals asked for: it burns; approved by cy (SHA256:zyx); it executes nothing",
        ),
        (ProfileTrust(how="of a later version"), ""),
        (
            ProfileTrust(how="asked", by="ana", at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))),
            "trusted since an unknown time, confirmed by ana",
        ),
    ],
)
def test_it_is_one_line_about_who_did_what(trust: ProfileTrust, said: str) -> None:
    assert told_trust(trust, BEGAN) == said


def test_no_name_or_reason_in_it_acts() -> None:
    for name, text in ATTACKS.items():
        trust = ProfileTrust(how="asked", by=text, at=BEGAN, approved_by=(text,), wanted=1, unreviewed=text)
        told = told_trust(trust, None)
        assert told == visible(told), name
        assert "\n" not in told
