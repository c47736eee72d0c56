"""Variables: where their values come from, and how they get into texts.

A secret's value never enters `resolve`'s answer; it is asked for separately, at use, by the keeper (`secret_values`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cockpit.errors import VariableError
from cockpit.masking.short import too_short
from cockpit.profile.model import Profile, Variable
from cockpit.profile.references import fill, fill_secret, references
from cockpit.text import shortened

__all__ = [
    "Values", "check_value", "fill", "fill_secret", "prompts", "references", "resolve", "secret_names", "secret_values",
    "shaped_like", "values", "weaknesses",
]  # fmt: skip


class Values(Struct, frozen=True):
    """What display needs: values that may be shown, and the names of those that may not."""

    shown: Mapping[str, str]
    secrets: frozenset[str]

    def fill(self, template: str) -> str:
        """Return `template` for display."""
        return fill(template, self.shown, secrets=self.secrets)


def values(profile: Profile, shown: Mapping[str, str]) -> Values:
    """Return the values of a run: `shown` are the ones its log keeps."""
    return Values(shown, secret_names(profile))


def secret_names(profile: Profile) -> frozenset[str]:
    """Return the names of the secret variables."""
    return frozenset(variable.name for variable in profile.variables if variable.secret)


def prompts(profile: Profile) -> tuple[Variable, ...]:
    """Return the variables that a person has to be asked for, in the profile's order."""
    return tuple(variable for variable in profile.variables if variable.prompt is not None)


def resolve(profile: Profile, environ: Mapping[str, str], prompted: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every variable that is not secret. Raises `VariableError` for the first that has none."""
    return {variable.name: _value(variable, environ, prompted) for variable in profile.variables if not variable.secret}


def secret_values(profile: Profile, environ: Mapping[str, str], prompted: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets themselves, for use only. Raises `VariableError` for the first that has none."""
    return {variable.name: _value(variable, environ, prompted) for variable in profile.variables if variable.secret}


def check_value(variable: Variable, value: str) -> None:
    """Raise `VariableError` if a value does not fit the variable. A secret's value is not quoted.

    It does not fit its pattern; it is a secret and it, or the password in it, is too short to be masked; or it is none
    and looks like one.
    """
    from cockpit.profile.conditions import matches_whole  # CEL is not needed for variables without patterns

    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise VariableError(f"variable `{variable.name}` has a value that is no text", hint="set it to UTF-8 text")
    if variable.pattern is not None and not matches_whole(variable.pattern, value):
        shown = "its value" if variable.secret else f"`{shortened(value, 60)}`"
        raise VariableError(
            f"variable `{variable.name}`: {shown} does not match `{shortened(variable.pattern, 100)}`",
            hint=f"correct {_origin(variable)}{_described(variable)}",
        )
    if variable.secret:
        if value and (short := too_short(variable.name, value) or _short_inside(variable.name, value)):
            raise VariableError(short, hint=f"choose a longer one and set {_origin(variable)}{_described(variable)}")
    elif what := shaped_like(value):
        raise VariableError(
            f"variable `{variable.name}` holds {what}, is not secret, and the log keeps its value",
            hint="mark it `secret = true` in the profile",
        )


def _short_inside(name: str, value: str) -> str:
    if not ("=" in value or "@" in value):
        return ""
    from cockpit.masking.weak import short_inside  # what parts a secret has: of those that have some

    return short_inside(name, value)


def weaknesses(profile: Profile, shown: Mapping[str, str], secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Which secrets of a run cannot be masked well, though they are taken: a warning each, which quotes none."""
    from cockpit.masking.weak import weak  # what parts a secret has: asked when a run begins, not before a first paint

    return weak(secrets, (profile.id, profile.environment, *shown.values()))


def shaped_like(text: str) -> str:
    """What secret a text holds, by its shape or place: `a GitHub token`; empty if none."""
    from cockpit.secret_shapes import secrets_in  # dozens of patterns, which most commands do not need

    return next((found.what for found in secrets_in(text) if found.rank < 2), "")


def _value(variable: Variable, environ: Mapping[str, str], prompted: Mapping[str, str]) -> str:
    value: str | None
    if variable.prompt is not None:
        value = prompted.get(variable.name)
    elif variable.env is not None:
        value = environ.get(variable.env, variable.default)
    else:
        value = variable.value
    if value is None:
        raise VariableError(
            f"variable `{variable.name}` has no value", hint=f"set {_origin(variable)}{_described(variable)}"
        )
    check_value(variable, value)
    return value


def _described(variable: Variable) -> str:
    """What the profile says of it, which is where to get it."""
    return f": {shortened(variable.description, 160)}" if variable.description else ""


def _origin(variable: Variable) -> str:
    if variable.env is not None:
        return f"the environment variable {shortened(variable.env, 100)}"
    if variable.prompt is not None:
        return f"it when asked: {shortened(variable.prompt, 100)}"
    return "`value` in the profile"
