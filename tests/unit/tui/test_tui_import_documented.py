"""The page about imports: every key and sign of the preview, every field of the account, and a picture of it."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from pathlib import Path

import msgspec
import pytest

from cockpit.importing.account_json import AccountRecord, ProfileRecord, SourceRecord
from cockpit.importing.accounting import Counts, LineCounts
from cockpit.importing.ledger import Entry
from cockpit.importing.source import Note
from cockpit.tui.importing.keys import KEYS
from cockpit.tui.importing.sheets import GLYPHS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "import.md").read_text()
NAMED = {name for row in PAGE.splitlines() if row.startswith("|") for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.label)
def test_every_key_is_named(key):
    assert key.label in NAMED


@pytest.mark.parametrize("glyph", [glyph for glyph, _ in GLYPHS.values() if glyph.strip()])
def test_every_sign_has_its_line(glyph: str):
    assert f"\n| `{glyph}` |" in PAGE


@pytest.mark.parametrize("record", [AccountRecord, ProfileRecord, SourceRecord, Counts, LineCounts, Entry, Note])
def test_every_field_of_the_account_is_named(record: type[msgspec.Struct]):
    assert set(record.__struct_fields__) <= NAMED


def test_the_picture_is_of_this_screen():
    spec = importlib.util.spec_from_file_location("import_preview", DOCS / "import_preview.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    made, kept = asyncio.run(script.take_picture()), script.PICTURE.read_text()
    for words in ("IMPORT", "PRODUCTION", "kubectl", "replicas", "stop_the_writers"):
        assert words in made
        assert words in kept
