"""What `cockpit doctor` says to somebody who came by SSH: a real server, real accounts, a forwarded agent."""

from __future__ import annotations

import os

import msgspec
from signers import Agent
from ssh_host import SshHost


def told(host: SshHost, account: str, *before: str, agent: Agent | None = None) -> dict[str, dict[str, object]]:
    """By id: what the command finds for somebody who just logged in."""
    answer = host.folder / "home" / account / "doctor.json"
    script = f"umask 022; cockpit doctor --format json > {answer}"
    with host.ssh(account, *before, "sh", "-c", script, agent=agent) as terminal:
        assert terminal.wait_for_exit(40) in (0, 1), terminal.text
    found = msgspec.json.decode(answer.read_bytes(), type=list[dict[str, object]])
    os.unlink(answer)
    return {str(each["id"]): each for each in found}


def test_a_forwarded_agent_is_told_with_its_key_and_the_key_that_sshd_told(ssh_host: SshHost) -> None:
    found = told(ssh_host, "ana", agent=ssh_host.agent("ana"))
    assert found["ssh.forwarding"]["level"] == "warning"
    assert str(found["ssh.forwarding"]["found"]).endswith("whether it asks before it uses ana")
    assert found["ssh.auth_info"]["level"] == "ok"
    key = ssh_host.signers.fingerprint(ssh_host.signers.key("ana"))
    assert key[:20] in str(found["ssh.auth_info"]["found"])
    assert found["ssh.tty"]["level"] in ("ok", "advice")


def test_who_comes_without_an_agent_and_without_what_sshd_told_hears_of_both(ssh_host: SshHost) -> None:
    found = told(ssh_host, "bo", "env", "-u", "SSH_USER_AUTH")
    assert found["ssh.agent"]["found"] == "there is none, so no key of yours can be used from here"
    assert "ssh.forwarding" not in found
    assert found["ssh.auth_info"]["level"] == "warning"
