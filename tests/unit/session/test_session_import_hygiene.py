"""A screen's first paint is mostly imports: what a session must not bring along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("textual", "rich", "httpx", "psycopg", "cel_expr_python", "asyncio", "tree_sitter", "tomllib", "dataclasses")


@pytest.mark.parametrize("room", ["run.decide", "run.wording", "session.seat", "session.runs", "session.spawn"])
def test_a_session_imports_no_screen_no_driver_and_no_conditions(room: str) -> None:
    code = f"import sys, cockpit.{room}; print([name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
