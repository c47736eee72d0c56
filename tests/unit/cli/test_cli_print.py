"""`cockpit print`: what is left of a run, whatever state its log and its disk are in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_desk import Cockpit, act

from cockpit.actions.shim.record import claim, own_status
from cockpit.audit.continuing import carry_on
from cockpit.audit.files import FileStore
from cockpit.audit.layout import action_log, action_status, continued_mark, keeper_beat, keeper_lock, poison_mark
from cockpit.audit.line import draft
from cockpit.audit.locks import HeldLock
from cockpit.cli import main
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.report.paper.page import WIDTH
from cockpit.run import events as e
from cockpit.run.commands import ChooseRollback, ConfirmStep, PlaceHold
from cockpit.session.creating import create_run
from cockpit.session.follower import Follower
from cockpit.session.identity import actor
from cockpit.session.stopping import under_way
from cockpit.text.cells import cells

LOGS = Path(__file__).parents[2] / "logs" / "v1"
PROFILE = """
id = "shop"
environment = "production"
production = true
title = "The shop"

[window]
start = "2026-11-21T22:00"
end = "2026-11-22T02:00"
timezone = "Europe/Madrid"
rollback_estimate = "30m"
reserve = "15m"

[variables.token]
env = "SHOP_TOKEN"
secret = true
description = "from the vault"
[variables.release]
value = "v42"

[[roles]]
id = "dba"
title = "Database administrator"
people = ["Bo"]

[[contacts]]
id = "boss"
title = "Who is called first"
reach = "+34 600"
order = 1

[[targets]]
id = "db"
kind = "postgres"
dsn = "postgres://shop:${token}@db/shop"
database = "shop"

[[channels]]
id = "chat"
webhook = "https://chat.example/${token}"
[[templates]]
id = "open_again"
title = "Open again"
body = "${release} is out."
to = "everybody"
channel = "chat"

[[probes]]
id = "errors"
kind = "http"
url = "https://shop.example/errors?release=${release}"
value = "int(json.count)"
title = "Errors in a minute"

[[phases]]
id = "one"
title = "Database"
[[phases.steps]]
id = "first"
title = "Deploy"
kind = "command"
argv = ["deploy", "--release", "${release}", "--message", "it's out"]
env = { TOKEN = "${token}" }
gate = ["errors < 3"]
risk = "irreversible"
owner = "dba"
estimate = "5m"
on_failure = "back"
instructions = "Deploys **${release}**."
[[phases.steps]]
id = "second"
title = "Migrate"
kind = "sql"
target = "db"
file = "migrate.sql"
[[phases.steps]]
id = "told"
title = "Tell everybody"
kind = "message"
template = "open_again"
[[phases.steps]]
id = "go"
title = "Go on?"
kind = "decision"

[[rollbacks]]
id = "back"
title = "All the way back"
data_loss = "Orders since 22:00 are lost."
[[rollbacks.phases]]
id = "undo"
title = "Undo"
[[rollbacks.phases.steps]]
id = "undeploy"
title = "Take the release back"
kind = "command"
argv = ["deploy", "--previous"]
undoes = ["first"]
[[rollbacks.phases.steps]]
id = "look"
title = "Look around"

[[triggers]]
id = "too_many"
title = "Too many errors"
when = ["errors > 100"]
for = "1m"
severity = "immediate"
plan = "back"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A run with something of everything."""
    (tmp_path / "migrate.sql").write_text("alter table orders add column état text;\n")
    (tmp_path / "shop.toml").write_text(PROFILE)
    return create_run(load(tmp_path / "shop.toml", installed()), {"release": "v42"}, folder=tmp_path / "runs")


def append(run_dir: Path, *bodies: e.Body) -> None:
    store = FileStore.open(run_dir)
    try:
        store.append(None, *(draft(body, e.Actor("ana", "here")) for body in bodies))
    finally:
        store.close()


def flat(told: str) -> str:
    """Without the page's line breaks."""
    return " ".join(told.split())


def begin_action(run_dir: Path) -> None:
    append(
        run_dir,
        e.KeeperStarted(epoch=1, pid=4711, version="0"),
        e.ActionRequested(action="A1", step="first", attempt=1, epoch=1),
        e.ActionStarted(
            action="A1", step="first", attempt=1, shown="deploy", runs_as="ana@here", timeout_s=600, output="A1.log"
        ),
        e.ActionOutput(action="A1", text="half of it\x1b[31m is there\n"),
    )
    action_log(run_dir, "A1").write_text("much\nhalf of it is there\n")
    action_log(run_dir, "A1").chmod(0o600)


def test_paper_holds_all_that_a_person_needs_to_go_on(cockpit: Cockpit, shop: Path) -> None:
    ended = cockpit("print", str(shop), SHOP_TOKEN="hunter2")
    assert (ended.returncode, ended.stderr) == (0, "")
    for wanted in (
        f"run           {shop.name}", "environment   PRODUCTION", "no return     after 2026-11-22 01:15",
        "window        2026-11-21 22:00 to 2026-11-22 02:00", "head          1  ", "written       20",
        "[ ] 1.1 Deploy   <== THE RUN STANDS HERE", "command, IRREVERSIBLE, owner Database administrator (Bo), 5m plan",
        "Deploys **v42**.", "| deploy --release v42 --message 'it'\"'\"'s",
        "it is done only if all of this holds:\n      - errors < 3", "if it fails: roll back by All the way back",
        "dsn postgres://shop:‹secret token›@db/shop", "| alter table orders add column état text;",
        "message to everybody, through chat (https://chat.example/‹secret token›)", "| v42 is out.", "( ) No-go",
        "[ ] Too many errors (immediate)\n    when all of this holds for 1m:\n      - errors > 100",
        "WAY BACK: All the way back   <== PROPOSED", "DATA LOSS: Orders since 22:00 are lost.", "R1.2 Look around",
        "| url = https://shop.example/errors?release=v42", "1. Who is called first: +34 600",
        "token: secret, from the environment variable SHOP_TOKEN: from the vault", "keeper        none has begun",
    ):  # fmt: skip
        assert wanted in ended.stdout, wanted
    started = next(iter(re.findall(r"SHA-256 fixed at the start:\s+([0-9a-f]{64})", ended.stdout)))
    assert started
    assert "hunter2" not in ended.stdout
    assert max(map(cells, ended.stdout.split("\n"))) <= WIDTH
    assert "WHAT WAS DONE" not in ended.stdout


def test_what_runs_since_before_the_log_went_on_elsewhere_is_looked_for_where_it_left_its_files(
    cockpit: Cockpit, shop: Path, tmp_path: Path
) -> None:
    begin_action(shop)
    assert claim(str(action_status(shop, "A1")), own_status())  # this process stands in for its shim
    new_dir = tmp_path / "spare" / shop.name
    carry_on(shop, new_dir, actor(), trouble="the disk is full")
    ended = cockpit("print", str(new_dir))
    said = " ".join(ended.stdout.split())
    assert f"under shim {os.getpid()}, which lives" in said
    assert "no shim left a trace" not in said
    assert "its whole output: outputs/A1.log in " in said
    assert str(shop) in "".join(ended.stdout.split())
    follower = Follower(new_dir)
    (sentence,) = under_way(follower.view.state, new_dir)
    follower.close()
    assert f"under its shim {os.getpid()}" in sentence


@pytest.mark.parametrize("path", sorted(LOGS.glob("*.jsonl")), ids=lambda path: path.name)
def test_every_golden_log_can_be_put_on_paper(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["print", "--done", str(path)])
    told = capsys.readouterr().out
    assert (ended.value.code, "end of the paper of run" in told) == (0, True)
    assert max(map(cells, told.split("\n"))) <= WIDTH


def test_what_runs_stands_on_top_with_what_its_files_tell(cockpit: Cockpit, shop: Path) -> None:
    begin_action(shop)
    told = flat(cockpit("print", str(shop)).stdout)
    assert "!! RUNNING: 1.1 Deploy, attempt 1" in told
    assert "as ana@here, " in told
    assert "no shim left a trace of it here" in told
    assert "| half of it␛[31m is there" in told
    assert "it last wrote at 20" in told
    assert "NONE lives here that can be seen: nothing is probed; the last was epoch 1, process" in told
    append(shop, e.ActionEnded(action="A1", step="first", outcome="unknown", detail="its shim ended without a word"))
    told = cockpit("print", str(shop)).stdout
    assert "!! UNKNOWN how it ended: 1.1 Deploy, attempt 1" in told
    assert "it may have been done, wholly or in part" in told
    assert "what it would walk now, in this order:\n  - R1.1 Take the release back\n  - R1.2 Look around" in told


def test_of_a_keeper_that_lives_here_its_last_beat_is_told_once_there_was_one(cockpit: Cockpit, run_dir: Path) -> None:
    append(run_dir, e.KeeperStarted(epoch=1, pid=4711, version="0"))
    lock = HeldLock.take(keeper_lock(run_dir))
    assert lock is not None
    try:
        starting = flat(cockpit("print", str(run_dir)).stdout)
        keeper_beat(run_dir).write_text(f"1 4711 {time.monotonic() - 60}")
        silent = flat(cockpit("print", str(run_dir)).stdout)
    finally:
        lock.release()
    assert "one lives here: epoch 1, process 4711, no beat of it yet" in starting
    assert re.search(r"one lives here: epoch 1, process 4711, last beat 6\d s ago", silent)


def test_on_the_way_back_its_steps_are_what_is_left(cockpit: Cockpit, shop: Path) -> None:
    begin_action(shop)
    append(shop, e.ActionEnded(action="A1", step="first", outcome="failed", exit_code=1))
    act(shop, ChooseRollback, plan="back", reason="it failed", typed="back")
    act(shop, PlaceHold, reason="wait for Bo")
    told = cockpit("print", str(shop), "--done").stdout
    assert "WHAT IS LEFT, ON THE WAY BACK" in told
    assert "[ ] R1.1 Take the release back   <== THE RUN STANDS HERE" in told
    assert "the way forward, left where the way back began:\n  - 1.1 Deploy\n  - 1.2 Migrate" in told
    assert "ROLLING BACK  by All the way back, chosen by" in told
    assert "wait for Bo" in told
    assert "deviations from the plan:\n  - rollback" in told


@pytest.mark.parametrize("spoil", ["cut", "edited"])
def test_of_a_damaged_log_what_counts_is_printed_and_the_damage_said_first(
    cockpit: Cockpit, run_dir: Path, spoil: str
) -> None:
    act(run_dir, ConfirmStep, step="first")
    append(run_dir, e.NoteAdded(text="the last"), e.NoteAdded(text="and one more"))
    log = run_dir / "audit.jsonl"
    lines = log.read_bytes().split(b"\n")
    if spoil == "edited":
        lines[2] = lines[2].replace(b"the last", b"the LAST")
    else:
        del lines[2]
    log.write_bytes(b"\n".join(lines))
    ended = cockpit("print", str(run_dir))
    assert ended.returncode == 1
    assert ended.stdout.startswith("!" * 80)
    assert "SOMETHING IS WRONG WITH THE LOG" in ended.stdout
    assert "[ ] 1.2 Second   <== THE RUN STANDS HERE" in ended.stdout
    assert "1.1 First" not in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_poisoned_log_is_printed_and_why_it_is_not_written_any_more_said(cockpit: Cockpit, run_dir: Path) -> None:
    poison_mark(run_dir).write_text("the disk is full\n")
    ended = cockpit("print", str(run_dir))
    assert ended.returncode == 1
    assert "it is not written any more: the disk is full" in ended.stdout
    assert "[ ] 1.1 First   <== THE RUN STANDS HERE" in ended.stdout


def test_a_run_that_went_on_elsewhere_says_where_first(cockpit: Cockpit, run_dir: Path) -> None:
    continued_mark(run_dir).symlink_to("/mnt/spare/runs/X")
    ended = cockpit("print", str(run_dir))
    assert (ended.returncode, ended.stdout.startswith("!" * 80)) == (1, True)
    assert "the run goes on elsewhere, print that one: /mnt/spare/runs/X" in flat(ended.stdout)


def test_a_file_that_changed_or_is_gone_is_named(cockpit: Cockpit, shop: Path) -> None:
    sql = shop.parents[1] / "migrate.sql"
    sql.write_text("drop table orders;\n")
    assert "IT HAS CHANGED since" in flat(cockpit("print", str(shop)).stdout)
    sql.unlink()
    assert "its text is not here: " in flat(cockpit("print", str(shop)).stdout)


def test_nothing_to_print_is_said_in_a_sentence(cockpit: Cockpit, run_dir: Path) -> None:
    ended = cockpit("print", "NONE")
    assert (ended.returncode, "there is no run NONE" in ended.stderr) == (3, True)
    (run_dir / "audit.jsonl").write_text("nonsense\n")
    ended = cockpit("print", str(run_dir))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "no run began in" in ended.stderr


def test_a_full_disk_takes_no_paper_and_says_so(run_dir: Path) -> None:
    with open("/dev/full", "wb") as full:
        argv = [sys.executable, "-P", "-m", "cockpit.cli", "print", str(run_dir)]
        ended = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert ended.returncode == 5
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_printer_that_knows_few_characters_gets_what_it_can_print(cockpit: Cockpit, run_dir: Path) -> None:
    append(run_dir, e.NoteAdded(text="é"))
    ended = cockpit("print", str(run_dir), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ended.returncode == 0
    assert "1.1 First" in ended.stdout


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_nothing_is_opened_for_writing_and_nothing_is_changed(shop: Path, tmp_path: Path) -> None:
    begin_action(shop)
    trace = tmp_path / "trace"
    changing = "openat,open,creat,mkdir,mkdirat,rename,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,truncate"
    argv = ["strace", "-f", "-o", str(trace), "-e", f"trace={changing},ftruncate,fallocate,chmod,fchmodat,flock"]
    command = [sys.executable, "-P", "-m", "cockpit.cli", "print", str(shop)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    ended = subprocess.run([*argv, *command], capture_output=True, text=True, env=env, timeout=60, check=False)
    if not trace.exists() or "ptrace" in ended.stderr:
        pytest.skip("strace may not trace here")
    calls = [line for line in trace.read_text().splitlines() if "+++" not in line and "---" not in line]
    assert any("audit.jsonl" in call for call in calls)
    acting = [call for call in calls if not re.search(r"\bopen(at)?\(", call)]
    writing = [call for call in calls if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", call)]
    # What Python's start leaves in its cache is made before any command runs, once.
    assert [call for call in [*acting, *writing] if "__pycache__" not in call] == []
    assert not [call for call in writing if "cockpit/report" in call or "cockpit/run/" in call]
    assert actor().user not in ended.stderr
