"""Laws of what is kept of an answer, whatever its parts are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.probes.http.exchange import _body
from cockpit.probes.postgres.runner import _capped
from cockpit.probes.postgres.values import MAX_CHARACTERS


class _Parts(httpx.AsyncByteStream):
    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(min_value=1, max_value=100))
def test_of_a_body_in_any_parts_its_beginning_is_kept_and_no_byte_more(parts: list[bytes], limit: int) -> None:
    whole = b"".join(parts)
    kept, truncated = asyncio.run(_body(httpx.Response(200, stream=_Parts(parts)), limit))
    assert (kept, truncated) == (whole[:limit], len(whole) > limit)


_CELLS = st.one_of(st.none(), st.integers(), st.text(max_size=50), st.integers(1, 90_000).map(lambda n: "x" * n))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_CELLS, _CELLS), max_size=12))
def test_of_rows_the_first_are_kept_and_no_more_text_than_the_limit(rows: list[tuple[object, ...]]) -> None:
    kept = _capped(["a", "b"], rows)
    assert sum(len(cell) for row in kept for cell in row.values() if isinstance(cell, str)) <= MAX_CHARACTERS
    for row, found in zip(rows, kept, strict=False):
        told = found["a"]
        assert row[0] is None or told is not None
