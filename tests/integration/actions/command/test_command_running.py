"""Commands under the shim: real processes that end, flood, hang, fork, ask for a terminal and ignore signals."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import resource
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from commanding import context_of, is_running, log_of, run, run_script, until
from msgspec.structs import replace

from cockpit.actions.command import runner
from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.runner import RUNNER
from cockpit.actions.runner import DETACH, Output

SECRET = "s3cr3t/pass word!"


async def test_what_a_command_prints_and_how_it_ends_are_told(tmp_path: Path):
    told: list[Output] = []
    settings = CommandSettings(argv=("sh", "-c", "echo scaled; echo careful >&2"))
    ending = await run(context_of(tmp_path, settings), told)
    assert (ending.outcome, ending.exit_code, ending.detail) == ("succeeded", 0, "scaled")
    assert (ending.facts["stdout"], ending.facts["stderr"], ending.facts["lines"]) == ("scaled\n", "careful\n", 1)
    assert sorted("".join(one.text for one in told).split()) == ["careful", "scaled"]
    log = tmp_path / "outputs" / ending.output
    assert ending.output_bytes == log.stat().st_size == 15
    assert ending.output_sha256 == hashlib.sha256(log.read_bytes()).hexdigest()
    assert {path.stat().st_mode & 0o777 for path in log.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("rehearsal", [False, True], ids=["real", "rehearsed"])
async def test_a_script_is_compared_again_just_before_it_is_started(tmp_path: Path, rehearsal: bool):
    script = tmp_path / "deploy.sh"
    script.write_text("touch was-run\n")
    fixed = {"deploy.sh": hashlib.sha256(script.read_bytes()).hexdigest()}
    settings = CommandSettings(argv=("sh", "deploy.sh"), dry_run=("sh", "deploy.sh", "--check"))
    context = replace(context_of(tmp_path, settings, rehearsal=rehearsal), fixed=fixed, scripts=("deploy.sh",))
    script.write_text("touch was-run; touch much-else\n")  # after the keeper looked: the shim is the last to look
    ending = await run(context)
    assert ending.outcome == "refused"
    assert re.search(r"`deploy.sh` has changed since the run began: [0-9a-f]{8} instead of [0-9a-f]{8}", ending.detail)
    assert ending.detail.endswith("put it back as it was, or do the step by hand: d")
    script.unlink()
    away = await run(replace(context, action="a2"))
    assert (away.outcome, "file `deploy.sh` cannot be read: No such file" in away.detail) == ("refused", True)
    assert not (tmp_path / "was-run").exists()
    script.write_text("touch was-run\n")
    assert (await run(replace(context, action="a3"))).outcome == "succeeded"
    assert (tmp_path / "was-run").exists()


async def test_a_number_that_counts_as_success_is_one_and_others_fail(tmp_path: Path):
    settings = CommandSettings(argv=("sh", "-c", "echo no >&2; exit 3"), exit_codes=(0, 3))
    assert (await run(context_of(tmp_path, settings, action="a1"))).outcome == "succeeded"
    ending = await run_script(tmp_path, "echo why >&2; exit 4", action="a2")
    assert (ending.outcome, ending.exit_code, ending.detail) == ("failed", 4, "exit code 4; why")


async def test_a_command_that_a_signal_ends_failed_by_its_name(tmp_path: Path):
    ending = await run_script(tmp_path, "kill -SEGV $$")
    assert (ending.outcome, ending.exit_code, ending.detail) == ("failed", None, "ended by SIGSEGV")
    assert "exit_code" not in ending.facts


async def test_output_in_json_is_a_fact(tmp_path: Path):
    ending = await run_script(tmp_path, """echo '{"replicas": 0}'""")
    assert ending.facts["json"] == {"replicas": 0}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (CommandSettings(argv=("no_such_program",)), "`no_such_program` cannot be started: No such file or directory"),
        (CommandSettings(argv=("true",), cwd="nowhere"), "nowhere`: No such file or directory"),
        (CommandSettings(argv=("./plain",)), "`./plain` cannot be started: Exec format error"),
        (CommandSettings(argv=("./closed",)), "`./closed` cannot be started: Permission denied"),
    ],
    ids=["program", "folder", "format", "permission"],
)
async def test_what_cannot_be_started_is_refused_in_one_sentence(tmp_path: Path, settings: CommandSettings, said: str):
    (tmp_path / "plain").write_bytes(b"\x01\x02")
    (tmp_path / "plain").chmod(0o755)
    (tmp_path / "closed").write_text("")
    ending = await run(context_of(tmp_path, settings))
    assert ending.outcome == "refused"
    assert ending.detail.endswith(said)
    assert "\n" not in ending.detail


async def test_files_that_a_command_makes_are_as_the_operator_has_them_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COCKPIT_UMASK", "27")
    assert (await run_script(tmp_path, "umask")).facts["stdout"] == "0027\n"


async def test_one_id_is_never_run_twice(tmp_path: Path):
    script = "echo once >> ran"
    assert (await run_script(tmp_path, script)).outcome == "succeeded"
    await run_script(tmp_path, script)
    assert (tmp_path / "ran").read_text() == "once\n"


async def test_escape_sequences_are_shown_and_never_act(tmp_path: Path):
    told: list[Output] = []
    settings = CommandSettings(script=r"printf '\033[2J\033]0;x\007red\n'")
    ending = await run(context_of(tmp_path, settings), told)
    assert "\x1b" not in "".join(one.text for one in told) + ending.detail
    assert "␛[2J" in told[0].text
    assert "\x1b[2J" in log_of(tmp_path)


async def test_a_flood_leaves_memory_alone_and_keeps_both_ends(tmp_path: Path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told: list[Output] = []
    script = "echo first; head -c 300000000 /dev/zero | tr '\\0' 'x'; echo; echo last"
    shims: list[int] = []

    def watch(output: Output) -> None:
        told.append(output)
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):  # it may end at this very moment
                if "shim" in " ".join(child.cmdline()):
                    shims.append(child.memory_info().rss)

    ending = await RUNNER.run(context_of(tmp_path, CommandSettings(script=script), timeout_s=90.0), watch)
    assert ending.outcome == "succeeded"
    assert ending.output_bytes < 70e6
    assert "are not in the output file" in ending.detail
    with (tmp_path / "outputs" / "a1.log").open("rb") as log:
        digest = hashlib.file_digest(log, "sha256").hexdigest()
        log.seek(0)
        assert log.read(6) == b"first\n"
        log.seek(-6, os.SEEK_END)
        assert log.read() == b"\nlast\n"
    assert digest == ending.output_sha256
    assert all(len(one.text.encode()) <= 4096 for one in told)
    assert sum(len(one.text) + one.skipped_bytes for one in told) >= 60e6
    assert max(shims) < 60e6
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 50e6


async def test_a_command_that_wants_a_terminal_has_none(tmp_path: Path):
    ending = await run_script(tmp_path, "read -r answer < /dev/tty")
    assert ending.outcome == "failed"
    assert "/dev/tty: No such device or address" in ending.detail
    ending = await run_script(tmp_path, "read -r answer", action="a2")
    assert (ending.outcome, ending.exit_code) == ("failed", 1)


async def test_at_the_timeout_everything_is_ended_also_what_left_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runner, "GRACE_S", 1.0)
    script = """
        setsid sh -c 'trap "" TERM; echo $$ > escaped; while :; do sleep 0.1; done' &
        (setsid setsid sh -c 'echo $$ > orphan; exec sleep 600' &)
        trap '' TERM
        until [ -s escaped ] && [ -s orphan ]; do sleep 0.05; done
        echo both
        while :; do sleep 0.1; done
    """
    ending = await run_script(tmp_path, script, timeout_s=2.0)
    assert (ending.outcome, ending.detail) == ("timed_out", "not over within 2 s; both")
    pids = [int((tmp_path / name).read_text()) for name in ("escaped", "orphan")]
    assert not any(is_running(pid) for pid in pids)


async def test_what_forks_faster_than_one_can_look_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner, "GRACE_S", 1.0)  # it takes all that this host has, and does not end by itself
    script = "f() { sleep 0.02; setsid bash -c 'f' & setsid bash -c 'f' & wait; }; export -f f; trap '' TERM\n"
    forked = f": forked in {tmp_path}"  # whoever else runs these tests here has forks of their own
    script += f"for _ in 1 2 3 4; do (while :; do setsid sh -c '{forked}; sleep 0.2' & sleep 0.01; done) & done; wait"
    ending = await run_script(tmp_path, script, timeout_s=1.0)
    assert ending.outcome == "timed_out"
    assert "left running" not in ending.detail
    left = [p.pid for p in psutil.process_iter(["cmdline"]) if any(forked in part for part in p.info["cmdline"] or ())]
    assert left == []


async def test_what_a_command_leaves_behind_lives_on_and_is_named(tmp_path: Path):
    ending = await run_script(tmp_path, "sleep 600 & echo $! > left; echo done")
    pid = int((tmp_path / "left").read_text())
    try:
        assert (ending.outcome, ending.detail) == ("succeeded", f"done; left running: {pid} sleep")
        assert is_running(pid)
    finally:
        os.kill(pid, 9)


async def test_cancelling_stops_the_command_and_says_so(tmp_path: Path):
    told: list[Output] = []
    context = context_of(tmp_path, CommandSettings(script="echo $$ > pid; echo on; sleep 600"))
    task = asyncio.create_task(run(context, told))
    await until(lambda: any("on" in one.text for one in told))
    task.cancel()
    ending = await task
    assert (ending.outcome, ending.detail) == ("cancelled", "stopped; on")
    assert not is_running(int((tmp_path / "pid").read_text()))


async def test_a_keeper_that_lets_go_leaves_it_running_and_the_next_one_gets_its_end(tmp_path: Path):
    told: list[Output] = []
    script = "echo on; until [ -e go ]; do sleep 0.05; done; echo over; exit 5"
    context = context_of(tmp_path, CommandSettings(script=script))
    task = asyncio.create_task(run(context, told))
    await until(lambda: bool(told))
    task.cancel(DETACH)
    with pytest.raises(asyncio.CancelledError):
        await task
    adopted = asyncio.create_task(RUNNER.adopt(context, told.append))
    await asyncio.sleep(0)
    (tmp_path / "go").touch()
    ending = await adopted
    assert ending is not None
    assert (ending.outcome, ending.exit_code, ending.facts["stdout"]) == ("failed", 5, "on\nover\n")
    again = await RUNNER.adopt(context, told.append)
    assert again == ending


@pytest.mark.parametrize(
    "script",
    [
        'printf %s "$token"',
        'printf %s "${token:0:5}"; sleep 0.3; printf %s "${token:5}"',
        'printf %s "user:$token" | base64',
        'printf %s "ab$token and more and more and more and more and more and more" | base64 -w 20',
        "printf 's3cr3t%%2Fpass%%20word%%21'",
        'printf %s "$token" | fold -w 1 | while IFS= read -r c; do printf %s "${c:- }"; done',
        'printf %s "${token:0:9}"',
        'set -x; : "$token"',
    ],
    ids=["plain", "split", "base64", "wrapped", "url", "by_letter", "beginning", "traced"],
)
async def test_secrets_stay_out_of_files_screen_and_facts(tmp_path: Path, script: str):
    told: list[Output] = []
    settings = CommandSettings(script=script, env={"token": "${password}"})
    ending = await run(context_of(tmp_path, settings, secrets={"password": SECRET}), told)
    assert ending.outcome == "succeeded"
    files = "".join(path.read_text() for path in (tmp_path / "outputs").iterdir())
    everything = files + repr(told) + repr(ending)
    assert SECRET not in everything
    assert SECRET[:6] not in everything
    unbroken = "".join(everything.split())
    assert not any(base64.b64encode(b"x" * k + SECRET.encode()).decode()[k + 3 : 16] in unbroken for k in range(3))
    assert "‹secret password›" in log_of(tmp_path)


async def test_values_never_act_in_a_script(tmp_path: Path):
    hostile = '\'; touch broken; "$(touch broken)" `touch broken` $HOME'
    settings = CommandSettings(script='printf "%s|" "${note}" "${run.id}" "$${#note}"')
    ending = await run(context_of(tmp_path, settings, values={"note": hostile, "run.id": "R1"}))
    assert ending.facts["stdout"] == f"{hostile}|R1|{len(hostile)}|"
    assert not (tmp_path / "broken").exists()


async def test_a_value_in_an_argument_stays_one_argument(tmp_path: Path):
    settings = CommandSettings(argv=("printf", "%s|", "a ${note} b", "$${x}"))
    ending = await run(context_of(tmp_path, settings, values={"note": "1 '$(2)' ${3}"}))
    assert ending.facts["stdout"] == "a 1 '$(2)' ${3} b|${x}|"


async def test_a_script_stops_at_its_first_fault(tmp_path: Path):
    ending = await run_script(tmp_path, "false | true\necho on")
    assert (ending.outcome, ending.facts["stdout"]) == ("failed", "")
    ending = await run_script(tmp_path, 'echo "$unset"', action="a2")
    assert ending.detail == "exit code 1; cockpit: line 1: unset: unbound variable"


async def test_a_rehearsal_runs_the_dry_run_or_nothing(tmp_path: Path):
    settings = CommandSettings(script="touch real", dry_run=("echo", "dry"))
    ending = await run(context_of(tmp_path, settings, rehearsal=True))
    assert (ending.outcome, ending.detail) == ("succeeded", "dry")
    ending = await run(context_of(tmp_path, CommandSettings(script="touch real"), rehearsal=True, action="a2"))
    assert (ending.outcome, ending.detail) == ("succeeded", "shown only")
    assert not (tmp_path / "real").exists()
