"""The last look at what a keeper says: whoever forgot to mask it, no secret goes into the log."""

from __future__ import annotations

from cockpit.keeper.backstop import without_secrets
from cockpit.masking.mask import Mask
from cockpit.run.events import ActionEnded, AlertSent

SECRET = 'Zq8#"two\\words'
MASK = Mask({"db": SECRET})


def test_a_body_that_holds_no_secret_is_the_same_body() -> None:
    body = AlertSent(about="trigger", channel="team", ok=True, detail="sent in 12 ms")
    assert without_secrets(body, MASK) is body


def test_every_text_of_a_body_is_masked_however_deep_it_stands() -> None:
    body = ActionEnded(action="a", step="s", outcome="failed", detail=f"it said {SECRET}", sent={"who": f"to {SECRET}"})
    assert without_secrets(body, MASK) == ActionEnded(
        action="a", step="s", outcome="failed", detail="it said ‹secret db›", sent={"who": "to ‹secret db›"}
    )


def test_what_nobody_told_is_masked_too() -> None:
    body = AlertSent(about="trigger", channel="team", ok=False, detail="postgresql://app:hunter2@db/x refused")
    assert "hunter2" not in without_secrets(body, MASK).detail  # type: ignore[attr-defined]


def test_the_words_that_the_log_is_folded_by_stay_though_a_secret_is_one_of_them() -> None:
    body = ActionEnded(action="a", step="cancelled", outcome="cancelled", detail="it was cancelled")
    masked = without_secrets(body, Mask({"weak": "cancelled"}))
    assert masked == ActionEnded(action="a", step="cancelled", outcome="cancelled", detail="it was ‹secret weak›")
