"""`command`: a program that looks at something and says so by exit code and output."""

from __future__ import annotations

from cockpit.profile.kinds import Fact, ProbeKind, Settings


class CommandSettings(Settings, frozen=True, kw_only=True):
    """A program: `argv`, or a `script` for `/bin/sh`. Exactly one of them."""

    argv: tuple[str, ...] = ()
    """Items may hold `${variable}`; each stays one argument, whatever its value. No secrets: all users see them."""
    script: str = ""
    """Run as written by `/bin/sh -c`; variables reach it through `env` only, never as text."""
    cwd: str = ""
    """Relative to the profile's folder; empty: that folder."""
    env: dict[str, str] = {}
    """Added to the keeper's environment; values may hold `${variable}`."""


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, CommandSettings)
    if bool(settings.argv) == bool(settings.script):
        return ("`argv` or `script` must be given, and not both",)
    return ("`script` holds a `${…}` reference; pass it through `env`",) if "${" in settings.script else ()


COMMAND = ProbeKind(
    name="command",
    doc="A program's exit code and output.",
    settings=CommandSettings,
    facts=(
        Fact("exit_code", "int", doc="negative: ended by that signal"),
        Fact("stdout", "string", doc="the first 64 KiB"),
        Fact("stderr", "string", doc="the first 64 KiB"),
        Fact("reason", "string", doc="the last line it printed, if it failed; else empty"),
        Fact("json", "dyn", doc="standard output as JSON; absent if it is none"),
        Fact("latency_ms", "double", "ms", "from start to end"),
    ),
    default_pass=("exit_code == 0",),
    default_value="exit_code",
    problems=_problems,
)
