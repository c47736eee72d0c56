"""Secrets that a server, a driver or a program quoted, taken out of what is shown.

Runners do not show secrets themselves; this is for what others say. Invariant: no secret of four or more characters is
left in the texts of a judgement, whole or as it is quoted in a URL; shorter ones stand in ordinary words too, and
masking those would tell them by their places.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from msgspec.structs import replace

from cockpit.probes.reading import Judgement
from cockpit.run.readings import ConditionVerdict, Reading

_FROM = 4
"""Characters."""


class Mask:
    """Knows the secrets of one profile, by name."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        forms = {
            form: f"‹secret {name}›"
            for name, secret in secrets.items()
            for form in {secret, secret.strip(), quote(secret, safe=""), quote_plus(secret)}
            if len(form) >= _FROM
        }
        # The longest first: one secret may be a part of another.
        self._forms = sorted(forms.items(), key=lambda pair: -len(pair[0]))

    def text(self, text: str) -> str:
        """The text without secrets."""
        for form, name in self._forms:
            if form in text:
                text = text.replace(form, name)
        return self._end(text) if text.endswith("…") else text

    def _end(self, text: str) -> str:
        """The end of a text that was cut, perhaps in the midst of a secret."""
        for form, name in self._forms:
            for length in range(min(len(form), len(text)) - 1, _FROM - 1, -1):
                if text.endswith(form[:length], 0, -1):
                    return text[: -1 - length] + name
        return text

    def judgement(self, judgement: Judgement) -> Judgement:
        """The judgement without secrets; the same one if it held none."""
        if not self._forms:
            return judgement
        reading = self._reading(judgement.reading)
        conditions = tuple(self._verdict(verdict) for verdict in judgement.conditions)
        if reading is judgement.reading and conditions == judgement.conditions:
            return judgement
        return replace(judgement, reading=reading, conditions=conditions)

    def _reading(self, reading: Reading) -> Reading:
        value = self.text(reading.value) if isinstance(reading.value, str) else reading.value
        detail = self.text(reading.detail)
        if (detail, value) == (reading.detail, reading.value):
            return reading
        return replace(reading, detail=detail, value=value)

    def _verdict(self, verdict: ConditionVerdict) -> ConditionVerdict:
        detail = self.text(verdict.detail)
        return verdict if detail == verdict.detail else replace(verdict, detail=detail)
