"""Loading a profile: files to one frozen, typed, checked value, or everything that is wrong with it.

`examine` never raises for bad content, whatever it is; `load` is for those who need a profile to run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.profile.advice import advise
from cockpit.profile.conversion import convert
from cockpit.profile.counts import judge_counts
from cockpit.profile.fields import deceiving
from cockpit.profile.inherit import Layers
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Profile
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import Problem, ProfileError, problem
from cockpit.profile.secrecy import judge_named_files, judge_secrecy
from cockpit.profile.sharing import advise_sharing, judge_sharing
from cockpit.profile.soundness import judge
from cockpit.profile.sources import Unreadable
from cockpit.profile.trusting import advise_trust, judge_trust
from cockpit.profile.variables import resolve
from cockpit.text import visible

_FROZEN_LIMIT_BYTES = (2 << 20) - (64 << 10)
"""The log's first line holds the files and the profile, 2 MiB at most, beside a little else."""


class SourceText(Struct, frozen=True):
    """One file as it was read: `toml` is the whole text, `digest` the SHA-256 of its bytes, hex."""

    name: str
    digest: str
    toml: str


class Loaded(Struct, frozen=True, eq=False):
    """A profile that is right, with where it came from."""

    profile: Profile
    sources: tuple[SourceText, ...]
    """A base before what extends it; the file that was asked for is the last."""
    digest: str
    """SHA-256 over the digests of `sources`, in order, hex."""
    root: Node
    partial: bool = False
    """It only serves to be extended (`partial = true`)."""

    @property
    def path(self) -> Path:
        """The file that was asked for."""
        return Path(self.sources[-1].name)

    def place(self, *path: str | int, key: bool = False) -> tuple[str, int, int]:
        """Return file, line and column of the value at a path such as `"probes", "api_health", "pass", 0`.

        Items of arrays of tables go by their ids. What is not written has the place of what would hold it.
        """
        return self.root.find(*path).place(key=key)


def load(path: str | os.PathLike[str], kinds: Kinds, *, environ: Mapping[str, str] | None = None) -> Loaded:
    """Return the profile at `path`, ready to run.

    With `environ`, variables that come from the environment or the file must have values that fit. Raises
    `ProfileError` with every problem found, and `VariableError`.
    """
    loaded, problems = examine(path, kinds, advice=False)
    if loaded is None:
        raise ProfileError(problems, hint="correct the profile; `cockpit check` lists the same")
    if loaded.partial:
        name = loaded.sources[-1].name
        raise ProfileError(
            [problem((name, *loaded.place("partial")[1:]), "this is only a base", expected="a profile that extends it")]
        )
    if environ is not None:
        unprompted = tuple(variable for variable in loaded.profile.variables if variable.prompt is None)
        resolve(msgspec.structs.replace(loaded.profile, variables=unprompted), environ, {})
    return loaded


def examine(path: str | os.PathLike[str], kinds: Kinds, *, advice: bool = True) -> tuple[Loaded | None, list[Problem]]:
    """Return the profile, if there is no error in it, and every problem of it and of the files it extends.

    Without `advice`, warnings are left out.
    """
    findings = Findings()
    layers = Layers(findings)
    try:
        root = layers.read(os.fsdecode(path))
    except Unreadable as error:
        findings.note(error.problem)
        return None, findings.problems
    if layers.incomplete:
        return None, findings.problems
    deceiving(root, findings)
    judge_secrecy(layers.sources, root, findings)
    profile, partial = convert(root, kinds, findings)
    judge_counts(profile, root, findings)
    judge(profile, root, kinds, findings, partial=partial)
    judge_named_files(profile, layers.sources[-1].name, findings, advice=advice)
    beside = Path(os.path.abspath(layers.sources[-1].name)).parent
    judge_sharing(profile, root, findings)
    if not partial:
        judge_trust(profile, root, beside, findings)
    if advice:
        advise(profile, root, kinds, findings, partial=partial)
        if not partial:
            advise_trust(profile, root, beside, findings)
            advise_sharing(profile, root, findings)
    sources = tuple(SourceText(source.name, source.digest, source.text) for source in layers.sources)
    if not findings.failed:
        _size(profile, sources, root, findings)
    if findings.failed:
        return None, findings.problems
    digest = hashlib.sha256("".join(source.digest for source in sources).encode()).hexdigest()
    return Loaded(profile, sources, digest, root, partial), findings.problems


def _size(profile: Profile, sources: tuple[SourceText, ...], root: Node, findings: Findings) -> None:
    if sum(len(source.toml) for source in sources) < _FROZEN_LIMIT_BYTES // 8:
        return
    frozen_bytes = len(msgspec.json.encode(profile)) + len(msgspec.json.encode(sources))
    if frozen_bytes > _FROZEN_LIMIT_BYTES:
        said = f"too large: {frozen_bytes} bytes once frozen into the log's first line"
        findings.add(root, visible(said), expected=f"at most {_FROZEN_LIMIT_BYTES}")
