"""Writes the generated part of `docs/dependencies.md`: what the packages that we name bring along.

    .uv/bin/uv run python docs/dependencies.py

Read from the metadata of what is installed here. `tests/unit/test_docs_dependencies.py` holds the page to it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

TOP = Path(__file__).resolve().parents[1]
PAGE = TOP / "docs" / "dependencies.md"
BEGIN, END = "<!-- brought: written by docs/dependencies.py -->", "<!-- /brought -->"
_FAMILIES = ("MIT", "BSD", "Apache", "LGPL", "MPL", "Mozilla", "PSF", "ISC", "Unlicense", "Zlib")
_APART = ("audit", "sbom", "fuzz")
"""Groups that are never installed beside the others."""


class Declared(NamedTuple):
    """The names of pyproject, as all tools write them, each with the extras that are asked of it."""

    runtime: dict[str, frozenset[str]]
    extras: dict[str, frozenset[str]]
    development: dict[str, frozenset[str]]
    apart: dict[str, frozenset[str]]
    """Of groups that one script installs for itself."""


def named(name: str) -> str:
    """As all tools write it (PyPA, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(requirements: Iterable[str]) -> dict[str, frozenset[str]]:
    parsed = map(Requirement, requirements)
    return {named(each.name): frozenset(each.extras) for each in parsed}


def declared() -> Declared:
    """What pyproject asks for."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    extras = [text for texts in project["project"]["optional-dependencies"].values() for text in texts]
    usual = [text for name, texts in groups.items() if name not in _APART for text in texts]
    return Declared(
        _names(project["project"]["dependencies"]),
        _names(extras),
        _names([*usual, *project["build-system"]["requires"]]),
        _names(text for name in _APART for text in groups[name]),
    )


def licence(name: str) -> str:
    """The families of its licence, as its metadata tell them: `MIT`, `Apache or BSD`."""
    told = metadata.distribution(name).metadata
    classified = [each for each in told.get_all("Classifier") or () if each.startswith("License ::")]
    text = " ".join([told.get("License-Expression") or "", *classified]).strip() or str(told.get("License") or "")
    found = [family for family in _FAMILIES if re.search(rf"(?<![A-Za-z]){family}", text)]
    families = {"MPL" if family == "Mozilla" else family for family in found}
    return " or ".join(sorted(families)) or "unknown"


def is_native(name: str) -> bool:
    """Whether compiled code is in it that Python loads."""
    return any(re.search(r"\.so(\.\d+)*$", str(file)) for file in metadata.distribution(name).files or ())


def brought(named_here: dict[str, frozenset[str]]) -> dict[str, set[str]]:
    """Who brings each package that is installed, is needed here, and was not named: by name."""
    found: dict[str, set[str]] = {}
    ahead, seen = list(named_here.items()), set[tuple[str, frozenset[str]]]()
    while ahead:
        name, extras = ahead.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            needs = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue  # of another system, or of a group that is installed apart
        for need in map(Requirement, needs):
            if need.marker is not None and not any(need.marker.evaluate({"extra": one}) for one in extras or {""}):
                continue
            found.setdefault(named(need.name), set()).add(name)
            ahead.append((named(need.name), frozenset(need.extras)))
    return {name: by for name, by in found.items() if name not in named_here}


def table() -> str:
    """The generated part."""
    asked = declared()
    runs = brought(asked.runtime)
    everything = brought({**asked.runtime, **asked.extras, **asked.development})
    lines = ["| package | brought by | licence | native | where |", "|---|---|---|---|---|"]
    for name, by in sorted(everything.items(), key=lambda pair: (pair[0] not in runs, pair[0])):
        where = "where it runs" if name in runs else "extras and tests"
        native = "yes" if is_native(name) else "no"
        lines.append(f"| {name} | {', '.join(sorted(by))} | {licence(name)} | {native} | {where} |")
    return "\n".join(lines)


def main() -> None:
    """Write it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
