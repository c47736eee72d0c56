"""The real kubectl against a stand-in of the API server: who a context leads to, and commands that go nowhere else."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.private import kubeconfig_path, private_folder
from cockpit.actions.command.runner import RUNNER
from cockpit.actions.runner import ActionContext
from cockpit.actions.targets import identify
from cockpit.demo.kube.api_server import ApiServer
from cockpit.demo.kube.cluster import Cluster
from cockpit.masking.mask import Mask
from cockpit.profile.model import Target

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
NAMESPACE = "virtue"
TOKEN = "tok3n-of-the-deployer"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(NAMESPACE, "virtue-app", image="registry/app:1", replicas=2, config={})
    yield cluster
    cluster.close()


@pytest.fixture
def kubeconfig(cluster: Cluster, tmp_path: Path) -> Iterator[Path]:
    """Two contexts: `prod`, which the target means, and `other`, which is current and leads to nothing."""
    server = ApiServer(cluster)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    path = tmp_path / "kubeconfig"
    contexts = {"prod": server.url, "other": closed}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "other",
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in contexts.items()],
        "users": [{"name": name, "user": {"token": TOKEN}} for name in contexts],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in contexts],
    }
    path.write_text(json.dumps(config))
    yield path
    server.close()


def _target(kubeconfig: Path, context: str = "prod", server: str = "") -> Target:
    return Target(
        id="cluster", kind="kubernetes", context=context, namespace=NAMESPACE, kubeconfig=str(kubeconfig), server=server
    )


def _url(kubeconfig: Path, context: str = "prod") -> str:
    clusters = json.loads(kubeconfig.read_text())["clusters"]
    return str(next(one["cluster"]["server"] for one in clusters if one["name"] == context))


def _lead(kubeconfig: Path, url: str) -> None:
    config = json.loads(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = url
    kubeconfig.write_text(json.dumps(config))


def _context(folder: Path, settings: CommandSettings, target: Target, *, rehearsal: bool = False) -> ActionContext:
    return ActionContext(
        action="a1",
        run_dir=folder,
        base_dir=folder,
        rehearsal=rehearsal,
        settings=settings,
        target=target,
        mask=Mask({}),
    )


async def test_a_context_that_leads_where_it_should_is_a_match(kubeconfig: Path):
    found = await identify(_target(kubeconfig, server=_url(kubeconfig) + "/"), 10.0)
    assert (found.verdict, found.detail) == ("match", "")
    assert {**found.identity, "version": ""} == {
        "context": "prod",
        "server": _url(kubeconfig),
        "namespace": NAMESPACE,
        "version": "",
    }


async def test_a_context_that_leads_elsewhere_is_a_mismatch_and_nobody_is_asked(kubeconfig: Path):
    found = await identify(_target(kubeconfig, server="https://elsewhere.example:6443"), 10.0)
    assert found.verdict == "mismatch"
    assert found.detail == (
        f"context `prod` leads to {_url(kubeconfig)}, the profile declares https://elsewhere.example:6443"
    )


async def test_a_server_that_is_not_there_or_a_context_that_is_not_is_unreachable(kubeconfig: Path):
    found = await identify(_target(kubeconfig, "other"), 10.0)
    assert found.verdict == "unreachable"
    assert "refused" in found.detail
    found = await identify(_target(kubeconfig, "absent"), 10.0)
    assert found.verdict == "unreachable"
    assert "absent" in found.detail


async def test_a_server_that_never_answers_is_given_up_in_time(kubeconfig: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _lead(kubeconfig, f"http://127.0.0.1:{silent.getsockname()[1]}")
        found = await identify(_target(kubeconfig), 1.0)
    assert found.verdict == "unreachable"
    assert "no answer within" in found.detail


async def test_without_kubectl_there_is_a_sentence(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(kubeconfig.parent))
    found = await identify(_target(kubeconfig), 5.0)
    assert found.verdict == "unreachable"
    assert found.detail.startswith("kubectl cannot be started: No such file or directory")


async def test_kubectl_of_a_step_reaches_its_target_whatever_is_current(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path
):
    settings = CommandSettings(argv=("kubectl", "scale", "deployment/virtue-app", "--replicas=0"))
    ending = await RUNNER.run(_context(tmp_path, settings, _target(kubeconfig)), lambda _: None)
    assert (ending.outcome, ending.detail) == ("succeeded", "deployment.apps/virtue-app scaled")
    assert cluster.replicas == 0


async def test_a_rehearsal_leaves_the_cluster_as_it_is(cluster: Cluster, kubeconfig: Path, tmp_path: Path):
    scale = ("kubectl", "scale", "deployment/virtue-app", "--replicas=0")
    settings = CommandSettings(argv=scale, dry_run=(*scale, "--dry-run=server"))
    ending = await RUNNER.run(_context(tmp_path, settings, _target(kubeconfig), rehearsal=True), lambda _: None)
    assert ending.outcome == "succeeded"
    assert cluster.replicas == 2


async def test_a_script_gets_a_private_kubeconfig_of_this_context_alone(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path
):
    script = """
        stat -c '%a %n' "$KUBECONFIG"; kubectl config get-contexts -o name; kubectl config view --raw -o json
        kubectl scale deployment/virtue-app --replicas=1
    """
    ending = await RUNNER.run(_context(tmp_path, CommandSettings(script=script), _target(kubeconfig)), lambda _: None)
    assert ending.outcome == "succeeded", ending.detail
    said = str(ending.facts["stdout"])
    assert said.split()[:3] == ["600", str(kubeconfig_path(tmp_path, "a1")), "prod"]
    assert TOKEN not in said
    assert "‹secret kubeconfig token›" in said
    assert cluster.replicas == 1
    assert not list((tmp_path / "outputs").glob("*.kubeconfig"))
    assert not kubeconfig_path(tmp_path, "a1").exists()


async def test_a_private_kubeconfig_lies_where_nobody_else_can_put_another(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    settings = CommandSettings(script="stat -c %a $(dirname $KUBECONFIG)")
    ending = await RUNNER.run(_context(tmp_path, settings, _target(kubeconfig)), lambda _: None)
    assert ending.facts["stdout"] == "700\n"
    private_folder().chmod(0o770)
    ending = await RUNNER.run(_context(tmp_path, settings, _target(kubeconfig)), lambda _: None)
    assert ending.outcome == "refused"
    assert "is not a folder of this user alone" in ending.detail


async def test_a_script_whose_kubeconfig_cannot_be_had_is_refused(kubeconfig: Path, tmp_path: Path):
    settings = CommandSettings(script="touch ran")
    ending = await RUNNER.run(_context(tmp_path, settings, _target(kubeconfig, "absent")), lambda _: None)
    assert ending.outcome == "refused"
    assert "absent" in ending.detail
    assert not (tmp_path / "ran").exists()
