"""What a command may be told, what is planned of it, and which files it may count on."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from cockpit.actions.command.declaration import COMMAND, CommandSettings
from cockpit.actions.command.planning import environment
from cockpit.actions.command.runner import RUNNER
from cockpit.actions.files import changed, digests
from cockpit.actions.runner import ActionContext, Planned, typed_settings
from cockpit.errors import ActionError
from cockpit.masking.mask import Mask
from cockpit.profile.model import Step, Target


def _planned(settings: CommandSettings, *, rehearsal: bool = False, target: Target | None = None) -> Planned:
    context = ActionContext(
        action="a1",
        run_dir=Path("/nowhere"),
        base_dir=Path("/profile"),
        rehearsal=rehearsal,
        settings=settings,
        values={"note": "it's $HOME", "run.id": "R1"},
        secrets={"password": "hunter22"},
        target=target,
        mask=Mask({"password": "hunter22"}),
    )
    return RUNNER.plan(context)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "`argv` or `script`"),
        ({"argv": ["a"], "script": "b"}, "`argv` or `script`"),
        ({"argv": [""]}, "`argv` begins"),
        ({"argv": ["a"], "timeout": 0}, "`timeout`"),
        ({"argv": ["a"], "exit_codes": []}, "`exit_codes`"),
        ({"argv": ["a"], "exit_codes": [256]}, "`exit_codes`"),
        ({"argv": ["a"], "dry_run": [""]}, "`dry_run`"),
        ({"argv": ["a"], "undo": [""]}, "`undo`"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings: dict[str, object], named: str):
    problems = COMMAND.problems(msgspec.convert(settings, CommandSettings))
    assert len(problems) == 1
    assert problems[0].startswith(named)


def test_a_command_is_shown_as_a_shell_would_need_it():
    assert COMMAND.shown(CommandSettings(argv=("echo", "a b", "c"))) == "echo 'a b' c"
    assert COMMAND.shown(CommandSettings(script="a\nb")) == "a\nb"
    assert _planned(CommandSettings(argv=("echo", "${note}"))) == Planned(
        shown="""echo 'it'"'"'s $HOME'""", mode="real"
    )


def test_the_settings_of_a_command_stay_as_written_for_its_runner():
    step = Step(id="s", title="S", kind="command", settings={"script": "echo ${note}", "future": 1})
    assert typed_settings(step, CommandSettings, {"note": "x"}).script == "echo ${note}"


def test_a_secret_among_the_arguments_is_refused():
    plan = _planned(CommandSettings(argv=("psql", "${password}")))
    assert plan.refusal.startswith("`argv` refers to the secret `password`")
    assert "hunter22" not in plan.shown


@pytest.mark.parametrize(
    "settings",
    [
        CommandSettings(argv=("echo", "${x}")),
        CommandSettings(script="echo ${x}"),
        CommandSettings(argv=("a",), cwd="${x}"),
        CommandSettings(argv=("a",), env={"A": "${x}"}),
    ],
)
def test_a_reference_without_a_value_is_refused(settings: CommandSettings):
    assert "refers to `x`, which has no value" in _planned(settings).refusal


def test_what_is_bashs_own_in_a_script_is_left_to_bash():
    settings = CommandSettings(script="echo ${HOME} ${1:-x} $${run} ${run.id} ${given}", env={"given": "1"})
    assert _planned(settings) == Planned(shown="echo ${HOME} ${1:-x} ${run} ${run_id} ${given}")


def test_a_name_that_no_variable_can_have_is_refused():
    assert "no name of a variable" in _planned(CommandSettings(argv=("a",), env={"A=B": "1"})).refusal


def test_a_null_character_is_refused():
    assert "null character" in _planned(CommandSettings(argv=("a\0b",))).refusal


def test_a_rehearsal_plans_the_dry_run_or_only_shows():
    assert _planned(CommandSettings(argv=("a",), dry_run=("b",)), rehearsal=True) == Planned(shown="b", mode="dry_run")
    assert _planned(CommandSettings(argv=("a",)), rehearsal=True) == Planned(shown="a", mode="shown")


def test_what_is_shown_fits_and_cannot_act():
    plan = _planned(CommandSettings(script="\x1b[2J" + "é" * 5000))
    assert plan.shown.startswith("␛[2J")
    assert len(plan.shown.encode()) <= 4096


def test_a_command_gets_the_operators_environment_but_no_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COCKPIT_UMASK", "022")
    found = environment({"A": "1"})
    assert (found["TERM"], found["A"], found["PATH"]) == ("dumb", "1", os.environ["PATH"])
    assert "COCKPIT_UMASK" not in found


CLUSTER = Target(id="cluster", kind="kubernetes", context="prod", namespace="virtue")


def test_kubectl_gets_its_context_and_namespace_explicitly():
    argv = ("kubectl", "exec", "pod", "--", "sh", "-n", "x")
    assert _planned(CommandSettings(argv=argv), target=CLUSTER).shown == (
        "kubectl --context=prod --namespace=virtue exec pod -- sh -n x"
    )
    named = ("kubectl", "get", "pods", "-n", "virtue", "--context=prod")
    assert _planned(CommandSettings(argv=named), target=CLUSTER) == Planned(shown=" ".join(named))


@pytest.mark.parametrize(
    "flags", [("--context=other",), ("--context", "other"), ("-n", "other"), ("-nother",), ("-A",), ("--server=x",)]
)
def test_kubectl_that_names_another_place_is_refused(flags: tuple[str, ...]):
    plan = _planned(CommandSettings(argv=("kubectl", "get", "pods", *flags)), target=CLUSTER)
    assert "target `cluster`" in plan.refusal


def test_a_file_that_changed_or_went_away_is_named(tmp_path: Path):
    (tmp_path / "a.sql").write_text("select 1")
    (tmp_path / "b.sql").write_text("select 2")
    frozen = digests(("a.sql", "b.sql"), tmp_path)
    assert changed(("a.sql", "b.sql"), tmp_path, frozen) == ""
    (tmp_path / "a.sql").write_text("select 3")
    (tmp_path / "b.sql").unlink()
    said = changed(("a.sql", "b.sql", "c.sql"), tmp_path, frozen)
    assert "`a.sql` has changed since the run began" in said
    assert "file `b.sql` cannot be read: No such file or directory" in said
    assert "`c.sql` was not fixed" in said


def test_only_regular_files_can_be_fixed(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", ".", "absent", "a\0b"):
        with pytest.raises(ActionError, match=r"cannot be read|not a regular file"):
            digests((name,), tmp_path)
