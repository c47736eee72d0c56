"""Values of variables as the keeper holds them: the run's own, those of its environment, and secrets typed by people.

Invariant: a secret's value leaves this object only for a runner's use (filled settings, `secrets`); whatever is to be
shown passes its `mask`. It is never stored, and a new keeper starts without what was typed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from cockpit.errors import ProbeError, VariableError
from cockpit.masking import told
from cockpit.masking.mask import Mask
from cockpit.probes.masking import masked
from cockpit.probes.reading import Judgement
from cockpit.probes.runner import filled_settings
from cockpit.profile.kinds import ProbeKind, Settings
from cockpit.profile.model import Probe, Profile
from cockpit.profile.variables import check_value, references, secret_names, secret_values, weaknesses


class RunValues:
    """Every variable that has a value, and why the others have none."""

    def __init__(self, profile: Profile, shown: Mapping[str, str], environ: Mapping[str, str]) -> None:
        """`shown` are the values that the log keeps; secrets come from `environ` or, later, from a person."""
        self._profile = profile
        self._shown = dict(shown)
        self._secrets: dict[str, str] = {}
        self._why_not: dict[str, str] = {}
        self._asked = {v.name: v for v in profile.variables if v.secret and v.prompt is not None}
        for variable in profile.variables:
            if variable.secret and variable.prompt is None:
                try:
                    self._secrets |= secret_values(replace(profile, variables=(variable,)), environ, {})
                except VariableError as error:
                    self._why_not[variable.name] = str(error)
        told.tell(self._secrets)
        self.mask = Mask(self._secrets)
        """Takes every secret known so far out of what others say; replaced when another one comes in."""

    @property
    def is_production(self) -> bool:
        """Whether these are of a run in production."""
        return self._profile.production

    @property
    def wanted(self) -> tuple[str, ...]:
        """Secrets that a person has to type, and has not yet."""
        return tuple(name for name in self._asked if name not in self._secrets)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why some secrets of the environment have no value, a sentence each."""
        return tuple(self._why_not.values())

    @property
    def weak(self) -> tuple[str, ...]:
        """Which secrets cannot be masked well, a sentence each."""
        return weaknesses(self._profile, self._shown, self._secrets)

    def take(self, name: str, value: str) -> str:
        """Keep a typed secret; why it cannot be taken, or an empty text."""
        variable = self._asked.get(name)
        if variable is None:
            return "the profile asks for no such secret"
        try:
            check_value(variable, value)
        except VariableError as error:
            return str(error)
        self._secrets[name] = value
        told.tell({name: value})
        self.mask = Mask(self._secrets)
        return ""

    def settings(self, probe: Probe, kind: ProbeKind) -> Settings:
        """The probe's settings for use, secrets filled in. Raises ProbeError, saying what is missing."""
        for name in references_in(probe.settings):
            if missing := self.missing(name):
                raise ProbeError(missing)
        return filled_settings(probe, kind, self._shown | self._secrets)

    def missing(self, name: str) -> str:
        """Why the secret `name` has no value yet, and what to do; empty for anything else."""
        if name in self._asked and name not in self._secrets:
            return f"waiting for the secret `{name}`; type it when `cockpit resume` asks"
        return self._why_not.get(name, "")

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets themselves, by name, as far as they are known: for use only."""
        return dict(self._secrets)

    @property
    def shown(self) -> Mapping[str, str]:
        """The variables that are no secrets."""
        return self._shown

    @property
    def for_show(self) -> Mapping[str, str]:
        """Every value as it may be shown: a secret as its name."""
        return self._shown | {name: f"‹secret {name}›" for name in secret_names(self._profile)}

    def masked(self, judgement: Judgement) -> Judgement:
        """The judgement, should a server or a driver have quoted a secret in it."""
        return masked(judgement, self.mask)


def references_in(settings: object) -> Collection[str]:
    """The variables that settings refer to, anywhere in them."""
    if isinstance(settings, str):
        return {name for name, _ in references(settings)}
    if isinstance(settings, Mapping):
        return {name for below in settings.values() for name in references_in(below)}
    if isinstance(settings, list | tuple):
        return {name for below in settings for name in references_in(below)}
    return ()
