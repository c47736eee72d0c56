"""What opening a screen must not import: drivers, conditions, TOML positions; and before the first paint, Markdown."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("httpx", "psycopg", "cel_expr_python", "tree_sitter", "cryptography")
LATER = ("markdown_it", "pygments", "rich.markdown", "textual.widgets._markdown", "cockpit.tui.screens.dialogs")
"""After the first paint, where the step or a question needs them."""


def test_the_screen_imports_neither_drivers_nor_what_can_wait():
    code = (
        "import sys, cockpit.tui.app\n"
        f"unwanted = {HEAVY + LATER!r}\n"
        "print([m for m in sys.modules if any(m == name or m.startswith(name + '.') for name in unwanted)])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
