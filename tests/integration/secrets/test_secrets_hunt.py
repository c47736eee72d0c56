"""The hunt finds what it is to find: each canary, in each way in which it may be written, and half of it too."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from canaries import Canary, Hunt, ProcessWatch, made
from writing import WRITTEN


@pytest.fixture(scope="module")
def canaries() -> dict[str, Canary]:
    return made()


@pytest.fixture(scope="module")
def hunt(canaries: dict[str, Canary]) -> Hunt:
    return Hunt(canaries.values())


@pytest.mark.parametrize("written", WRITTEN)
def test_every_canary_is_found_however_it_is_written(written: str, canaries: dict[str, Canary], hunt: Hunt) -> None:
    for canary in canaries.values():
        text = f"some text before {WRITTEN[written](canary.cores[0])} and after it".encode()
        assert {hit.canary for hit in hunt.in_bytes(text, "here")} == {canary.name}


def test_every_twelve_characters_in_a_row_are_found(canaries: dict[str, Canary], hunt: Hunt) -> None:
    for canary in (canaries["github_token"], canaries["slack_token"]):
        (core,) = canary.cores
        for start in range(len(core) - 11):
            assert hunt.in_bytes(f"<{core[start : start + 12]}>".encode(), "here"), (canary.name, start)


def test_what_is_no_canary_is_not_found(hunt: Hunt) -> None:
    harmless = [Path(path).read_bytes() for path in (json.__file__, __file__, sys.executable)]
    others = " ".join(canary.value for canary in made().values()).encode()
    assert [hit for text in (*harmless, others) for hit in hunt.in_bytes(text, "here")] == []
    shown = (
        "‹secret password› ‹secret: private key› -----BEGIN OPENSSH PRIVATE KEY----- ghp_… https://canary:…@127.0.0.1:1"
    )
    assert hunt.in_bytes(shown.encode(), "here") == []


def test_a_folder_is_searched_to_its_last_file(tmp_path: Path, canaries: dict[str, Canary], hunt: Hunt) -> None:
    assert hunt.in_folder(tmp_path) == []
    (tmp_path / ".deep" / "er").mkdir(parents=True)
    (tmp_path / ".deep" / "er" / ".hidden").write_text(canaries["password"].value)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(canaries["jwt"].value.encode()))
    (tmp_path / canaries["gitlab_token"].value).touch()
    (tmp_path / "link").symlink_to(canaries["stripe_key"].value)
    meant = tmp_path / "meant"
    meant.write_text(canaries["spiky"].value)
    found = {hit.canary for hit in hunt.in_folder(tmp_path, but=[meant])}
    assert found == {"password", "jwt", "gitlab_token", "stripe_key"}


def test_a_file_that_is_deleted_and_still_open_is_searched(
    tmp_path: Path, canaries: dict[str, Canary], hunt: Hunt
) -> None:
    path = tmp_path / "gone"
    with path.open("w+") as file:
        file.write(canaries["cookie"].value)
        file.flush()
        path.unlink()
        assert {hit.canary for hit in hunt.in_open_files([tmp_path])} == {"cookie"}
    assert hunt.in_open_files([tmp_path]) == []


def test_a_database_is_searched_in_texts_in_bytes_and_in_its_comments(
    postgres_dsn: str, canaries: dict[str, Canary], hunt: Hunt
) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as there:
        there.execute("create schema canary_cage")
        try:
            there.execute("create table canary_cage.told (line bytea, note text, data jsonb)")
            assert [hit for hit in hunt.in_database(postgres_dsn) if "cage" in hit.where] == []
            quoted = json.dumps({"said": canaries["spiky"].value}).encode()
            there.execute(
                "insert into canary_cage.told values (%s, %s, %s)",
                (quoted, canaries["password"].value, json.dumps(canaries["several_lines"].value)),
            )
            there.execute(f"comment on table canary_cage.told is '{canaries['github_token'].value}'")
            found = {hit.canary for hit in hunt.in_database(postgres_dsn)}
            assert found == {"spiky", "password", "several_lines", "github_token"}
        finally:
            there.execute("drop schema canary_cage cascade")


def test_a_process_that_shows_one_is_seen(canaries: dict[str, Canary], hunt: Hunt) -> None:
    with ProcessWatch("sleep") as watch:
        subprocess.run(
            ["sh", "-c", "sleep 0.1", canaries["jwt"].value], check=True, env={"A": canaries["bearer"].value}
        )
    assert watch.saw("sleep")
    assert {(hit.canary, hit.where) for hit in watch.hits(hunt)} == {
        ("jwt", "the process list"),
        ("bearer", "the environment of sleep"),
    }
