"""`cockpit runs init`: a folder of runs that a group shares, and what its people need beside it.

Invariant: it makes one folder (and what is missing above it), and changes nothing else on the host: everything that
only an administrator decides is printed, as lines to be run.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import click

from cockpit.audit.sharing import Group, group_called, share
from cockpit.cli.ending import say
from cockpit.exits import Exit
from cockpit.text import visible


@click.command()
@click.option("--group", "group_", metavar="GROUP", required=True, help="Who shares the runs: its name or number.")
@click.option("--readable", is_flag=True, help="Whoever gets to DIR may read its runs, and only read.")
@click.argument("named", metavar="DIR")
def init(group_: str, readable: bool, named: str) -> int:
    """Make DIR, a folder of runs that GROUP shares, and say what its people have to set.

    It may be said again: a folder that is as it should be is left alone. Everything else is printed, and nothing is
    changed: what to export, who is in the group, and how logs are made append-only (chattr +a).
    """
    if not named.strip():  # it would mean the current folder, as to every program that is given nothing
        raise click.UsageError("no folder is named: DIR is empty")
    group = group_called(group_)
    folder = Path(os.path.abspath(Path(named).expanduser()))
    became = share(folder, group, is_readable=readable)
    name = shlex.quote(visible(str(folder)))
    how = {"made": "was made", "mended": "was empty, and is mended", "ready": "is as it should be"}[became]
    mode = "2775" if readable else "2770"
    say(f"{visible(str(folder))} {how}: group {group.name}, mode {mode}")
    click.echo(
        "\n".join([*_settings(name, group), "", *_people(group), "", *_others(readable), "", *_append_only(name)])
    )
    return Exit.OK


def _settings(name: str, group: Group) -> list[str]:
    return [
        "# 1. For everybody who is to use it, in /etc/profile.d/cockpit.sh (and, for sessions without a login shell,",
        "#    as SetEnv in sshd_config):",
        f"export COCKPIT_RUNS={name}",
        f"export COCKPIT_GROUP={shlex.quote(group.name)}",
    ]


def _people(group: Group) -> list[str]:
    mine = "You are root, who may write to every run." if os.geteuid() == 0 else "You are in it."
    people = ", ".join(group.people) or "nobody yet"
    return [
        f"# 2. In the group {group.name}: {people}. {mine}",
        f"#    Somebody more: sudo gpasswd -a NAME {group.name}; it counts from their next login.",
    ]


def _others(readable: bool) -> list[str]:
    if readable:
        return [
            "# 3. Whoever is not in the group and gets to this folder may read the logs of new runs: cockpit join",
            "#    shows them a run, and they can write nothing, open no lock and see no output file. Of a run that is",
            "#    there already: chmod o+rx RUN && chmod o+r RUN/audit.jsonl",
        ]
    return ["# 3. Nobody else may read runs here; with --readable, others may look (cockpit join) and not write."]


def _append_only(name: str) -> list[str]:
    has = shutil.which("chattr") is not None
    in_crontab = name.replace("%", r"\%")  # crontab(5): a bare one ends the command
    return [
        "# 4. If no member is to rewrite a log: root makes it append-only once its run has begun (cockpit never needs",
        "#    more), for example every few minutes from /etc/cron.d/cockpit. Only the logs: locks/ and outputs/ must",
        "#    stay as they are." + ("" if has else " (chattr is not installed here.)"),
        f"*/5 * * * * root find {in_crontab} -name audit.jsonl -exec chattr +a {{}} +",
        "#    Before such a log is moved away, compressed or removed: sudo chattr -a RUN/audit.jsonl",
    ]
