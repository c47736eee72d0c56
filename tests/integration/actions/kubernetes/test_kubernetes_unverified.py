"""A kubectl that says what it was given: contexts that nobody verifies, and answers without end."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from cockpit.actions.targets import identify
from cockpit.profile.model import Target

FLOOD = 'while :; do echo "{\\"gitVersion\\": \\"v1\\"}"; done'


def _kubectl(folder: Path, monkeypatch: pytest.MonkeyPatch, cluster: dict[str, object], then: str) -> None:
    config = {
        "contexts": [{"name": "prod", "context": {"cluster": "prod"}}],
        "clusters": [{"name": "prod", "cluster": cluster}],
    }
    (folder / "config.json").write_text(json.dumps(config))
    program = folder / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase "$*" in *"config view"*) cat {folder}/config.json;; *) {then};; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


VERSION = 'echo \'{"gitVersion": "v1.33.0"}\''


@pytest.mark.parametrize(
    ("cluster", "reason", "verdict", "said"),
    [
        ({"server": "https://k8s.example"}, "", "match", ""),
        (
            {"server": "https://k8s.example", "insecure-skip-tls-verify": True},
            "",
            "mismatch",
            "the kubeconfig says `insecure-skip-tls-verify`, so nobody verifies the API server",
        ),
        ({"server": "https://k8s.example", "insecure-skip-tls-verify": True}, "a lab", "match", ""),
        ({"server": "http://k8s.example:8080"}, "", "mismatch", "the way there is not encrypted"),
        ({"server": "http://k8s.example:8080"}, "a lab", "match", ""),
        ({"server": "http://127.0.0.1:8080"}, "", "match", ""),
    ],
    ids=["verified", "skipped", "skipped-for-a-reason", "open", "open-for-a-reason", "loopback"],
)
async def test_a_context_that_nobody_verifies_is_not_acted_on_without_a_reason(
    cluster: dict[str, object],
    reason: str,
    verdict: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _kubectl(tmp_path, monkeypatch, cluster, VERSION)
    found = await identify(Target(id="cluster", kind="kubernetes", context="prod", unverified=reason), 10.0, tmp_path)
    assert (found.verdict, said in found.detail) == (verdict, True), found


async def test_an_answer_without_end_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _kubectl(tmp_path, monkeypatch, {"server": "https://k8s.example"}, FLOOD)
    tracemalloc.start()
    try:
        found = await identify(Target(id="cluster", kind="kubernetes", context="prod"), 1.0, tmp_path)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.verdict == "unreachable"
    assert "no answer within" in found.detail
    assert peak_bytes < 8 << 20


@pytest.mark.parametrize(
    "said", ["[", "[" * 100_000, "null", "[]", '{"gitVersion": {}'], ids=["cut", "deep", "null", "list", "open"]
)
async def test_what_is_no_version_is_no_api_server(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "version").write_text(said)
    _kubectl(tmp_path, monkeypatch, {"server": "https://k8s.example"}, f"cat {tmp_path}/version")
    found = await identify(Target(id="k", kind="kubernetes", context="prod"), 10.0, tmp_path)
    assert found.verdict == "unreachable"
    assert "does not answer as a Kubernetes API server" in found.detail


@pytest.mark.parametrize("contexts", [[], [{"name": "prod", "context": "prod"}], {}, "prod"], ids=str)
async def test_what_is_no_kubeconfig_leads_nowhere(
    contexts: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kubectl(tmp_path, monkeypatch, {"server": "https://k8s.example"}, VERSION)
    (tmp_path / "config.json").write_text(json.dumps({"contexts": contexts, "clusters": []}))
    assert (await identify(Target(id="k", kind="kubernetes", context="prod"), 10.0, tmp_path)).verdict == "unreachable"
