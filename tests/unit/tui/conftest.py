"""Hypothesis without a deadline: how long an example takes says nothing about a screen."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("screen", settings.get_profile("cockpit"), max_examples=150)
settings.load_profile("screen")
