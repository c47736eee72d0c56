"""Which files and folders of this account, of cockpit and of a profile are looked at, and what each should be.

Invariant: owners and modes only; nothing is opened but policies.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import cockpit
from cockpit.doctor.findings import Finding, Level, advice, at_home, error, ok, quoted
from cockpit.doctor.paths import Way, Wish, judge, look
from cockpit.errors import TrustError
from cockpit.session.trust_policy import MACHINE, policy, user_policy_path

_MOST = 500
"""Files in one folder of cockpit's own that are looked at."""
_FEW = 3
_RUNS_IT = "who can change it decides what your cockpit does"


def config_folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/cockpit`, else `~/.config/cockpit`."""
    return _based(environ, "XDG_CONFIG_HOME", ".config") / "cockpit"


def state_folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/cockpit`, else `~/.local/state/cockpit`."""
    return _based(environ, "XDG_STATE_HOME", ".local/state") / "cockpit"


def home(environ: Mapping[str, str]) -> Path:
    """The home folder, as programs find it."""
    return Path(environ.get("HOME") or os.path.expanduser("~"))


def of_account(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Files of this account that hold secrets, or by which somebody else could change what is done with them."""
    yield from judge(_of_account(environ))
    yield from of_policy(environ)


def of_policy(environ: Mapping[str, str], machine: Path = MACHINE) -> Iterator[Finding]:
    """What says which profiles must be reviewed: whose it is, and whether it can be used."""
    why = "who can change it decides what must be reviewed"
    wishes = [
        Wish(look(machine, is_of_root=True), "files.policy", why_own=why, is_of_root=True),
        Wish(look(user_policy_path(environ)), "files.policy", why_own=why),
    ]
    try:
        found = policy(environ, machine)
    except TrustError as failed:
        if all(each.level is not Level.ERROR for each in judge(wishes)):  # else its mode or owner is told below
            unusable = "no profile is run while it cannot be used"
            yield error("files.policy", "policy", failed.message, unusable, f"# {failed.hint or 'correct it'}")
    else:
        named = (path for path in (found.allowed_signers, found.revoked_keys) if path is not None)
        absent = "the policy names it, and no approval counts without"
        wishes += [Wish(look(path), "files.policy", why_own=why, why_missing=absent) for path in named]
    yield from judge(wishes)


def _of_account(environ: Mapping[str, str]) -> Iterator[Wish]:
    at = home(environ)
    yield Wish(look(at), "files.home", why_own="who can write to your home folder is you")
    passwords = Path(environ.get("PGPASSFILE") or at / ".pgpass")
    ignored = "libpq then ignores it, and its passwords lie open"
    yield Wish(look(passwords), "files.pgpass", is_private=True, why_private=ignored)
    services = Path(environ.get("PGSERVICEFILE") or at / ".pg_service.conf")
    yield Wish(look(services), "files.pg_service", why_own="who can change it sends your SQL to another server")
    for name in (environ.get("KUBECONFIG") or str(at / ".kube/config")).split(":"):
        if name:
            open_ = "whoever reads it acts on the cluster as you"
            yield Wish(look(name), "files.kubeconfig", is_private=True, why_private=open_)
    yield Wish(look(at / ".netrc"), "files.netrc", is_private=True, why_private="its passwords lie open")
    for name in (".bashrc", ".bash_profile", ".profile", ".zshrc", ".tmux.conf"):
        yield Wish(
            look(at / name), "files.startup", why_own="who can change it runs commands as you at your next login"
        )
    for path in _entries(_based(environ, "XDG_CONFIG_HOME", ".config") / "systemd" / "user"):
        if path.name.startswith("cockpit-"):
            yield Wish(look(path), "files.unit", why_own="who can change it starts programs as you")
    yield from _of_cockpit(environ)


def _of_cockpit(environ: Mapping[str, str]) -> Iterator[Wish]:
    config, state = config_folder(environ), state_folder(environ)
    yield Wish(look(config), "files.config")
    open_ = "it is where secrets of a keeper's unit stand"
    for path in _entries(config):
        if path.suffix == ".env":
            yield Wish(look(path), "files.env", is_private=True, why_private=open_)
    yield Wish(look(state), "files.state")
    for name, why in (
        ("trusted", "it remembers which profiles you have seen and trusted"),
        ("heads", "it remembers what you saw of logs, so that a rewritten one is noticed"),
        ("errors", "what stands there may name more than others should read"),
    ):
        yield Wish(look(state / name), f"files.{name}", is_private=True, why_private=why, why_own=why)
        for path in _entries(state / name):
            if (found := look(path)).is_whole and found.nodes[-1].others:
                yield Wish(found, f"files.{name}", why_own=why)


def of_installation(environ: Mapping[str, str], program: str | None) -> Iterator[Finding]:
    """The code that runs here. `program`: the `cockpit` that PATH finds."""
    package = Path(cockpit.__file__).parent
    paths = [sys.executable, str(package), *(each for each in sys.path if each and os.path.exists(each))]
    ways = [*(look(path) for path in dict.fromkeys(paths)), *_open_modules(package)]
    wishes = [Wish(way, "files.installation", why_own=_RUNS_IT) for way in ways]
    bad = [each for each in judge(wishes) if each.level is not Level.OK]
    yield from bad or [
        ok("files.installation", "cockpit's own code", f"only you and root can change {at_home(package)}")
    ]
    if program is None:
        yield advice(
            "files.on_path",
            "cockpit on PATH",
            "PATH finds none",
            "the lines that cockpit prints for you begin with `cockpit`",
            f"ln -s {quoted(Path(sys.executable).with_name('cockpit'))} ~/.local/bin/cockpit",
        )
    else:
        yield from judge([Wish(look(program), "files.on_path", why_own=_RUNS_IT)])


def _open_modules(package: Path) -> Iterator[Way]:
    """The first few files and folders of the package that somebody else may write to."""
    found = 0
    for folder, _, names in os.walk(package):
        for path in (folder, *(os.path.join(folder, name) for name in names if name.endswith((".py", ".so")))):
            with suppress(FileNotFoundError):  # an editor's, gone meanwhile
                if os.lstat(path).st_mode & 0o022 and (way := look(path)).is_whole and way.nodes[-1].others:
                    yield way
                    found += 1
            if found == _FEW:
                return


def of_profile(files: Iterable[str | Path], programs: Mapping[str, str]) -> Iterator[Finding]:
    """The files of a profile, and the programs that it starts: by the way to each, who else decides what is run."""
    what_runs = "who can change it decides what is run tonight"
    absent = "it is named by the profile"
    wishes = [Wish(look(path), "profile.file", why_own=what_runs, why_missing=absent) for path in dict.fromkeys(files)]
    wishes += [Wish(look(path), "profile.program", why_own=what_runs) for path in dict.fromkeys(programs.values())]
    yield from judge(wishes)


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return sorted(Path(entry.path) for _, entry in zip(range(_MOST), found, strict=False))
    except OSError:
        return []


def _based(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    # The XDG base directory specification: a relative path is to be ignored.
    named = environ.get(variable, "")
    return Path(named) if os.path.isabs(named) else home(environ) / otherwise
