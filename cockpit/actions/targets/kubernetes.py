"""Kubernetes as a target: who the context leads to, and commands that can reach nothing else by mistake.

Invariant: kubectl never takes its context from whatever happens to be current. A `kubectl` of a step gets context and
namespace as arguments; whatever else runs against the target gets a private kubeconfig that knows this context alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from msgspec import Struct

from cockpit.actions.targets import Identity
from cockpit.errors import ActionError
from cockpit.probes.threads import in_own_thread
from cockpit.profile.elsewhere import is_here
from cockpit.profile.model import Target
from cockpit.text import shortened

_FLAGS = {"--context": "context", "--namespace": "namespace", "-n": "namespace", "--kubeconfig": "kubeconfig"}
_ELSEWHERE = ("--server", "-s", "--cluster", "--all-namespaces", "-A")
"""Flags that lead away from what the target declares."""
LIMIT_BYTES = 1 << 20
"""Of what kubectl prints."""
_CREDENTIALS = ("token", "password", "client-key-data")
_NONE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What comes of asking something for its parts that is no kubeconfig, or no version."""


class Kubeconfig(Struct, frozen=True):
    """One context alone. `secrets` are the credentials in it, for masks."""

    text: str
    secrets: dict[str, str]


def is_kubectl(argv: Sequence[str]) -> bool:
    """Whether the program is kubectl."""
    return bool(argv) and Path(argv[0]).name == "kubectl"


def with_target(argv: Sequence[str], target: Target, base_dir: Path) -> tuple[str, ...]:
    """A kubectl command line that names its context and namespace. Raises ActionError if it names others."""
    declared = {
        "context": target.context,
        "namespace": target.namespace,
        "kubeconfig": str(_kubeconfig_path(target, base_dir)) if target.kubeconfig else "",
    }
    given = set()
    for flag, value in _flags(argv[1:]):
        if flag in _ELSEWHERE:
            raise ActionError(f"`{flag}` leads away from target `{target.id}`", hint=f"leave `{flag}` out of the step")
        name = _FLAGS[flag]
        fits = {declared[name], target.kubeconfig} if name == "kubeconfig" else {declared[name]}
        if declared[name] and value not in fits:
            said = (
                f"`{flag}` says `{shortened(value, 60)}`, target `{target.id}` says `{shortened(declared[name], 60)}`"
            )
            raise ActionError(said, hint=f"leave `{flag}` out of the step")
        given.add(name)
    added = [f"--{name}={value}" for name, value in declared.items() if value and name not in given]
    return (argv[0], *added, *argv[1:])


def _flags(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The flags that say where a command goes, each with its value; what follows `--` is somebody else's."""
    for index, argument in enumerate(arguments):
        if argument == "--":
            return
        following = arguments[index + 1] if index + 1 < len(arguments) else ""
        name, has_value, value = argument.partition("=")
        if name in _FLAGS or name in _ELSEWHERE:
            yield name, value if has_value else following
        elif argument.startswith("-n") and not argument.startswith("--"):
            yield "-n", argument[2:]


async def private_kubeconfig(target: Target, base_dir: Path, timeout_s: float) -> Kubeconfig:
    """A kubeconfig of the target's context alone, which is current in it. Raises ActionError."""
    arguments = ["config", "view", "--minify", "--flatten", "--raw", "--output=json"]
    said = await _kubectl(target, base_dir, arguments, timeout_s)
    try:
        config = json.loads(said)
        for context in config["contexts"]:
            if target.namespace:
                context["context"]["namespace"] = target.namespace
        config["current-context"] = config["contexts"][0]["name"]
        secrets = {
            f"kubeconfig {key}": user["user"][key]
            for user in config.get("users") or ()
            for key in _CREDENTIALS
            if isinstance((user.get("user") or {}).get(key), str)
        }
    except _NONE as error:
        raise ActionError(f"context `{shortened(target.context, 60)}`: kubectl gave no kubeconfig of it") from error
    return Kubeconfig(json.dumps(config), secrets)


async def identify(target: Target, timeout_s: float, base_dir: Path | None = None) -> Identity:
    """Ask the kubeconfig where the context leads and the API server whether it is there; compare what is declared."""
    give_up = time.monotonic() + timeout_s
    identity = {"context": target.context} if target.context else {}
    here = base_dir or Path()
    try:
        said = await _kubectl(target, here, ["config", "view", "--minify", "--output=json"], timeout_s)
        identity |= _places(said, target)
        if target.server and identity["server"].rstrip("/") != target.server.rstrip("/"):
            leads = f"context `{shortened(target.context, 60)}` leads to {shortened(identity['server'], 100)}"
            detail = f"{leads}, the profile declares {shortened(target.server, 100)}"
            return Identity(identity=identity, verdict="mismatch", detail=detail)
        if objection := _objection(said, target):
            return Identity(identity=identity, verdict="mismatch", detail=objection)
        left_s = max(0.1, give_up - time.monotonic())
        version = json.loads(await _kubectl(target, here, ["get", "--raw", "/version"], left_s))
        identity["version"] = shortened(str(version["gitVersion"]), 60)
    except ActionError as error:
        return Identity(identity=identity, verdict="unreachable", detail=str(error))
    except _NONE:
        detail = f"{identity.get('server', 'what answers')} does not answer as a Kubernetes API server"
        return Identity(identity=identity, verdict="unreachable", detail=shortened(detail, 200))
    return Identity(identity=identity, verdict="match")


def _places(said: str, target: Target) -> dict[str, str]:
    """Where the context leads. Raises ValueError, KeyError or TypeError if that is no kubeconfig."""
    config = json.loads(said)
    context = config["contexts"][0]
    namespace = target.namespace or context["context"].get("namespace") or "default"
    server = _without_user(str(config["clusters"][0]["cluster"]["server"]))
    return {
        "context": shortened(str(context["name"]), 200),
        "server": shortened(server, 200),
        "namespace": shortened(str(namespace), 100),
    }


def _objection(said: str, target: Target) -> str:
    """Why nobody could tell the API server from somebody else; empty: it is verified, or the profile says why not."""
    cluster = json.loads(said)["clusters"][0]["cluster"]
    parts = urlsplit(str(cluster["server"]))
    skips = cluster.get("insecure-skip-tls-verify") is True
    if target.unverified or not (skips or (parts.scheme == "http" and not is_here(parts.hostname or ""))):
        return ""
    how = "the kubeconfig says `insecure-skip-tls-verify`" if skips else "the way there is not encrypted"
    return (
        f"context `{shortened(target.context, 60)}`: {how}, so nobody verifies the API server: "
        'correct that, or say in the profile why not: `unverified = "…"`'
    )


def _without_user(url: str) -> str:
    return re.sub(r"(?<=//)[^/@]*@", "", url)


def _kubeconfig_path(target: Target, base_dir: Path) -> Path:
    return (base_dir / Path(target.kubeconfig).expanduser()).absolute()


async def _kubectl(target: Target, base_dir: Path, arguments: Sequence[str], timeout_s: float) -> str:
    """What kubectl prints, asked with the target's context. Raises ActionError."""
    argv = with_target(("kubectl", *arguments), target, base_dir)
    try:
        code, out, err = await asyncio.wait_for(in_own_thread(lambda: _ask(argv, timeout_s)), timeout_s + 1.0)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise ActionError(f"kubectl {arguments[0]}: no answer within {timeout_s:g} s") from error
    except OSError as error:
        raise ActionError(f"kubectl cannot be started: {error.strerror}", hint="install it, or correct PATH") from error
    if code != 0:
        lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
        raise ActionError(f"kubectl {arguments[0]}: {shortened(lines[-1] if lines else f'exit code {code}', 200)}")
    return out.decode("utf-8", "replace")


def _ask(argv: Sequence[str], timeout_s: float) -> tuple[int, bytes, bytes]:
    """Exit code and the beginning of what it prints: an API server, or a plug-in, may never stop talking.

    Raises OSError, and subprocess.TimeoutExpired once the time is over.
    """
    give_up = time.monotonic() + timeout_s
    # A session of its own: a plug-in that asks for credentials finds no terminal, and goes with it.
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        kept = {process.stdout: bytearray(), process.stderr: bytearray()}
        try:
            with selectors.DefaultSelector() as selector:
                for pipe in kept:
                    selector.register(pipe, selectors.EVENT_READ)
                while selector.get_map():
                    _read(selector, kept, give_up - time.monotonic(), argv, timeout_s)
            process.wait(max(0.0, give_up - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        out, err = kept.values()
        return process.returncode, bytes(out), bytes(err)


def _read(
    selector: selectors.BaseSelector,
    kept: Mapping[IO[bytes], bytearray],
    left_s: float,
    argv: Sequence[str],
    timeout_s: float,
) -> None:
    """Take what there is; beyond the limit it is thrown away."""
    ready = selector.select(left_s) if left_s > 0 else []
    if not ready:
        raise subprocess.TimeoutExpired(list(argv), timeout_s)
    for key, _ in ready:
        pipe = next(each for each in kept if each is key.fileobj)
        part = os.read(pipe.fileno(), 65536)
        if not part:
            selector.unregister(pipe)
        kept[pipe].extend(part[: max(0, LIMIT_BYTES - len(kept[pipe]))])
