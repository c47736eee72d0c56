"""The systems that stand in for real ones: what each of them is, and the one way in which all of them are opened.

A stand-in listens on loopback, works in a folder and a database of its own, and is the system as it is *before* the
deployment. Each lives in `cockpit/demo/<package>/`: `system.py` with `open_system`, and `demo.toml`, which is laid
beside the shipped profile so that its night can be played through in minutes.

Nothing here imports a stand-in before it is opened: listing costs nothing, and what is not there is not listed.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from msgspec import Struct


class StandIn(Protocol):
    """A system that was opened."""

    @property
    def environ(self) -> dict[str, str]:
        """Every environment variable that the profile's variables are read from; also PATH, where programs stand in."""

    def close(self) -> None:
        """End everything that was started and take the database away. A second time it does nothing."""


class Kind(Struct, frozen=True):
    """A system that can stand in."""

    name: str
    """As people type it: also the name of its folder of profiles."""
    doc: str
    programs: tuple[str, ...] = ()
    """Programs that must be installed on this host, for example `kubectl`."""

    @property
    def package(self) -> str:
        """Where it lives."""
        return f"cockpit.demo.{self.name.replace('-', '_')}"

    @property
    def is_here(self) -> bool:
        """Whether it was installed."""
        try:
            return find_spec(f"{self.package}.system") is not None and (self.folder / "demo.toml").exists()
        except ModuleNotFoundError:  # nor is its package
            return False

    @property
    def folder(self) -> Path:
        """Where its `demo.toml` is."""
        return Path(__file__).parent / self.name.replace("-", "_")


_KINDS = (
    Kind("virtue", "a migration with its application on Kubernetes, two ways back", programs=("kubectl",)),
    Kind("bn-aura", "a migration of a hosted database, with its fallback and four certifications"),
    Kind("ppm", "a synchronization of users, on four platforms", programs=("curl", "jq")),
    Kind("go-live", "a checklist before a launch, in free order, with four sign-offs"),
    Kind("scheduler", "a first launch in three stages", programs=("docker", "npm")),
)


def kinds() -> dict[str, Kind]:
    """The systems that can be opened here, by name."""
    return {kind.name: kind for kind in _KINDS if kind.is_here}


def open_system(kind: Kind, folder: Path, admin_dsn: str) -> StandIn:
    """Start a system (about 1 s, blocking) in `folder`, with a database of its own on the server of a superuser."""
    opened: StandIn = import_module(f"{kind.package}.system").open_system(folder, admin_dsn)
    return opened
