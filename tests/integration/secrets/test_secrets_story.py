"""After a night with secrets everywhere there is none anywhere: no file, no table, no byte sent to a terminal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from canaries import MAKERS, Hit, Hunt, require
from psycopg.conninfo import make_conninfo
from secret_scene import Scene
from secret_story import Story, walk

from cockpit.audit.postgres.installing import install

pytestmark = [pytest.mark.xdist_group("secrets"), pytest.mark.timeout(300)]


@contextmanager
def walked(postgres_dsn: str, *, kind: str = "", whole: bool = False) -> Iterator[Story]:
    """A night that is over, kept in a database; whatever is left of it is gone afterwards."""
    require("curl", "xxd", "base64")
    name = f"secrets_of_{kind or 'all'}" if whole else "secrets"  # the short night's is there as long as its tests
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(f"create database {name}")
    store = make_conninfo(postgres_dsn, dbname=name)
    install(store)
    with tempfile.TemporaryDirectory(prefix="cockpit-secrets-") as folder:
        scene = Scene(Path(folder), postgres_dsn, kind, has_cluster=whole and shutil.which("kubectl") is not None)
        story = Story(scene, store)
        try:
            with story.watch:
                walk(story, whole=whole)
            yield story
        finally:
            story.end()
            scene.close()
            with psycopg.connect(postgres_dsn, autocommit=True) as admin:
                admin.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def story(postgres_dsn: str) -> Iterator[Story]:
    with walked(postgres_dsn) as story:
        yield story


def said(hits: list[Hit]) -> str:
    return "\n".join(map(str, hits))


def everywhere(story: Story, hunt: Hunt) -> list[Hit]:
    """Where a secret was found at all."""
    folder = story.scene.folder
    return [
        *hunt.in_folder(folder, but=[story.scene.runbook_path]),
        *hunt.in_open_files([folder]),
        *hunt.in_database(story.dsn),
        *hunt.in_bytes(story.sent, "what terminals were sent"),
        *hunt.in_bytes(story.printed, "what commands printed"),
        *story.watch.hits(hunt),
    ]


def test_no_file_holds_a_secret(story: Story) -> None:
    assert story.run_dir.joinpath("audit.jsonl").stat().st_size > 50_000, "little was told"
    assert "‹secret ".encode() in story.run_dir.joinpath("audit.jsonl").read_bytes(), "what is masked is named"
    assert said(story.scene.hunt.in_folder(story.scene.folder)) == ""
    assert said(story.scene.hunt.in_open_files([story.scene.folder])) == ""


def test_no_table_holds_a_secret(story: Story) -> None:
    assert said(story.scene.hunt.in_database(story.dsn)) == ""


def test_no_terminal_was_sent_a_secret(story: Story) -> None:
    assert said(story.scene.hunt.in_bytes(story.sent, "what terminals were sent")) == ""


def test_no_command_printed_a_secret(story: Story) -> None:
    assert said(story.scene.hunt.in_bytes(story.printed, "what commands printed")) == ""


def test_no_process_showed_a_secret(story: Story) -> None:
    for program in ("cockpit.keeper", "cockpit.actions.shim", "curl"):
        assert story.watch.saw(program), f"{program} was not seen: nobody looked"
    assert said(story.watch.hits(story.scene.hunt)) == ""


def test_tokens_that_nobody_told_cockpit_of_are_nowhere_either(story: Story) -> None:
    assert said(everywhere(story, story.scene.untold_hunt)) == ""


def test_the_secrets_were_at_work(story: Story) -> None:
    """Else there would be nothing to find."""
    sent = b"\n".join(
        b"\n".join((asked.body, *map(str.encode, asked.headers.values()))) for asked in story.scene.server.asked
    )
    reached = {hit.canary for hit in story.scene.hunt.in_bytes(sent, "what the server was sent")}
    assert {"bearer", "jwt", "cookie", "basic_auth", "several_lines", "kubeconfig", "slack_token", "typed"} <= reached
    outcomes = {event.body.step: event.body.outcome for event in story.events if event.type == "action.ended"}  # type: ignore[attr-defined]
    assert outcomes == {
        "tells": "failed",
        "notices": "failed",
        "raises": "failed",
        "message": "failed",
        "faulty": "unknown",
        "lasts": "succeeded",
        "lasts_too": "unknown",
    }
    assert story.scene.untrusted.asked, "nobody came to the server that nobody trusts"
    assert story.scene.untrusted.heard == b""


@pytest.mark.many
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["", *MAKERS])
def test_a_whole_night_leaves_no_secret_of_any_kind_anywhere(postgres_dsn: str, kind: str) -> None:
    with walked(postgres_dsn, kind=kind, whole=True) as story:
        assert said(everywhere(story, story.scene.hunt)) == ""
        assert said(everywhere(story, story.scene.untold_hunt)) == ""
        if story.scene.cluster:
            outputs = [path.read_bytes() for path in story.run_dir.glob("outputs/*.log")]
            assert any("‹secret kubeconfig token›".encode() in output for output in outputs), "kubectl told nothing"
