"""The command line: the only place that wires the rooms together.

Invariant: starting costs click and nothing else; a command's module, and all that it needs, is imported when that
command runs. Data goes to stdout, everything else to stderr; bad input never shows a traceback.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

import cockpit
from cockpit.text.streams import guard

NAME = "cockpit"
COMPLETE = "_COCKPIT_COMPLETE"
"""Set by the shell while it completes a command line."""
_GARBAGE_AFTER = 50_000
"""Objects, between looks for garbage: what a command imports is none, and looking for some at every 700 objects costs
a twentieth of its start."""
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("beginning", "Start a run of a profile and open its screen."),
    "rehearse": ("rehearsing", "Rehearse a profile: the same screens, nothing outside changes."),
    "resume": ("coming_back", "Come back to a run, exactly where it stood."),
    "join": ("coming_back", "Watch a run: note and hold, but not act."),
    "runs": ("listing", "List the runs on this host."),
    "print": ("printing", "Print what is left of a run, and its ways back, for paper."),
    "stop": ("stopping", "End a run's keeper, with a reason; the run stays live."),
    "unit": ("unit", "Print a systemd unit that keeps a run's keeper over reboots."),
    "new": ("new", "Copy a shipped profile, as a start for your own."),
    "import": ("importing", "Turn a runbook in Markdown into a profile."),
    "enable": ("enabling", "Turn on what an import only shows: commands, SQL."),
    "check": ("profiles", "Report every problem of profiles, and what they may execute."),
    "trust": ("trusting", "Show what a profile may execute, and trust it on this machine."),
    "approve": ("approving", "Sign that a profile was read: what it executes, and nothing else."),
    "show": ("profiles", "Print a profile, resolved, as TOML."),
    "schema": ("profiles", "Print the JSON Schema of profiles."),
    "ready": ("readying", "Say what is still missing before the window."),
    "doctor": ("doctoring", "Say what of account, host and terminal is not fit, and its cure."),
    "tasks": ("tasks", "Print a profile's later tasks, as a checklist or a calendar."),
    "probe": ("probing", "Read a profile's probes once, without a run."),
    "log": ("logs", "Print what happened in runs, in sentences, or search them."),
    "compare": ("comparing", "Compare runs: times, deviations, probes, estimates."),
    "export": ("exporting", "Export the lines of logs that are asked for, byte by byte."),
    "verify": ("verifying", "Verify the chains of logs, and heads noted elsewhere."),
    "checkpoint": ("verifying", "Print a log's head, to be kept elsewhere or signed."),
    "replay": ("replaying", "Replay a run's log on its screen."),
    "report": ("reporting", "Tell a run after the night: a page, a document, or data."),
    "store": ("storing", "Keep runs in PostgreSQL: make it, judge it, move runs."),
    "demo": ("demo", "Deploy a small real system, to try it all."),
}
"""By name: the module of `cockpit.cli` that holds the command, and its line in the help."""


class Lazy(click.Group):
    """A group that knows its commands by name and imports one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name == "print":
            sys.dont_write_bytecode = True  # it promises to write nothing, on a disk that may be full
        attribute = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name][0]}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does; a name that is nearly a command is answered with that command."""
        name = args[0] if args else ""
        if name not in COMMANDS:
            from cockpit.cli.ending import no_such_command

            raise no_such_command(name, COMMANDS, ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(cockpit.__version__, message="cockpit %(version)s")
def cockpit_group() -> None:
    """A terminal cockpit for production deployments."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit (see `cockpit.exits`)."""
    undo = guard()
    thresholds = gc.get_threshold()
    gc.set_threshold(_GARBAGE_AFTER, *thresholds[1:])
    try:
        _main(sys.argv[1:] if arguments is None else arguments)
    finally:
        gc.set_threshold(*thresholds)
        undo()


def _main(arguments: list[str]) -> None:
    try:
        if COMPLETE in os.environ:
            cockpit_group.main(prog_name=NAME, complete_var=COMPLETE)
        # Not `cockpit_group.main`: it answers a closed pipe and Ctrl+C in ways of its own.
        with cockpit_group.make_context(NAME, arguments) as context:
            answer = cockpit_group.invoke(context)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where every way to end is told apart
        from cockpit.cli.ending import ended

        sys.exit(ended(error))
    sys.exit(answer if isinstance(answer, int) else 0)
