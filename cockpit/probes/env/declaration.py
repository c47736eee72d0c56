"""`env`: an environment variable of the keeper: whether it is set and how strong it looks; never its value."""

from __future__ import annotations

from cockpit.profile.kinds import Fact, ProbeKind, Settings


class EnvSettings(Settings, frozen=True, kw_only=True):
    """Which variable, and what it must not be."""

    name: str
    pattern: str = ""
    """RE2, whole value; gives the fact `matches`."""
    forbidden: tuple[str, ...] = ()
    """Values it must not have, such as `changeme`, compared without regard to case."""


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, EnvSettings)
    from cockpit.profile.conditions import pattern_error  # CEL is not needed to know the kind

    found = [] if settings.name and "=" not in settings.name else ["`name` is no name of a variable"]
    if settings.pattern and (error := pattern_error(settings.pattern)):
        found.append(f"`pattern` is no RE2 pattern: {error}")
    return tuple(found)


ENV = ProbeKind(
    name="env",
    doc="An environment variable, without its value.",
    settings=EnvSettings,
    facts=(
        Fact("set", "bool", doc="it exists, even if empty"),
        Fact("length", "int", "characters", "0 if not set"),
        Fact("entropy_bits", "double", "bit", "Shannon entropy of its characters times its length"),
        Fact("forbidden", "bool", doc="it has one of the forbidden values"),
        Fact("matches", "bool", doc="it matches `pattern`; true without one, false if not set"),
    ),
    default_pass=("set", "length > 0", "!forbidden", "matches"),
    default_value="length",
    default_unit="characters",
    problems=_problems,
)
