"""What was found."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """One secret in a text. The value is `text[start:end]`, and nowhere else."""

    start: int
    end: int
    what: str
    """For people: `a GitHub token`."""
    name: str
    """For an environment variable, in capitals: `GITHUB_TOKEN`; of what is assigned, after its own name."""
    rank: int
    """0: a shape that is used for nothing else. 1: a place that holds a secret. 2: something assigned to a name."""


def merged(found: list[Found]) -> tuple[Found, ...]:
    """In order; what overlaps is one: the surest of them says what it is, the name that people gave it stays."""
    whole: list[Found] = []
    for each in sorted(found, key=lambda one: (one.start, one.rank)):
        if not whole or each.start >= whole[-1].end:
            whole.append(each)
            continue
        last = whole.pop()
        surest = min(last, each, key=lambda one: one.rank)
        named = next((one for one in (each, last) if one.rank == 2), surest)
        whole.append(
            Found(
                start=last.start,
                end=max(last.end, each.end),
                what=surest.what,
                name=named.name,
                rank=surest.rank,
            )
        )
    return tuple(whole)
