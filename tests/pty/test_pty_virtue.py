"""Virtue's failing validation on a real terminal: the way back opens by itself, and is walked by keys alone."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal
from virtue.app import OLD_IMAGE
from virtue.dumping import dumped
from virtue.system import FLAGS, System, guarded_server
from virtue.walking import Night
from virtue_operator import WHY, VirtueOperator


@pytest.fixture
def system() -> Iterator[System]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed here")
    with tempfile.TemporaryDirectory(prefix="virtue-pty-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        with guarded_server(Path(folder) / "data") as dsn:
            system = System(Path(folder), dsn)
            yield system
            system.close()


def test_a_validation_that_fails_is_rolled_back_by_keys_alone(system: System, tmp_path: Path):
    system.execute("update practitioner_assignments set sponsor_id = null where id = 1")
    before = dumped(system.dsn)
    night = Night(system, tmp_path)
    try:
        night.walk("migrate_indexes")
        env = {**os.environ, **system.environ(), "COCKPIT_RUNS": str(night.run_dir.parent)}
        env |= {"TMPDIR": str(tmp_path), "COLUMNS": "", "LINES": ""}
        with Terminal([sys.executable, "-m", "cockpit.cli", "resume", night.run_dir.name], env=env) as terminal:
            operator = VirtueOperator(terminal)
            assert operator.walk_to_the_end() == 0
        assert "Which way back?" in operator.questions
        chosen = night.bodies("rollback.chosen")
        assert [(body.plan, body.reason) for body in chosen] == [("emergency", WHY)]
        assert night.bodies("run.finished")
        assert night.problem() == ""
    finally:
        night.close()
    assert dumped(system.dsn) == before
    assert (system.cluster.image, system.cluster.replicas) == (OLD_IMAGE, 3)
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "false")
    assert system.cluster.data("app-config") == {"MAINTENANCE_MODE": "false"}
