"""Who sits where is what the system knows of them: by real accounts, real logins, real keys."""

from __future__ import annotations

import re
import shlex

import pytest
from seated import until
from signers import Agent
from ssh_host import FROM, SshHost
from ssh_nights import PRODUCTION, Shared, agrees, answers, leave, past_return, press, shared
from terminal import Terminal

from cockpit.run.events import Actor, OperatorAttached, OperatorIdentified, StepConfirmed, StepCountersigned
from cockpit.run.people import name_of

PHASES = """
[[roles]]
id = "dba"
people = ["ana", "bo"]
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
[[phases.steps]]
id = "drop"
title = "Drop"
risk = "irreversible"
[[phases.steps]]
id = "approve"
title = "Approve"
kind = "signoff"
role = "dba"
four_eyes = true
"""


def attached(it: Shared) -> list[Actor]:
    return [event.actor for event in it.of(OperatorAttached)]


def test_the_log_tells_of_each_session_who_came_how_and_what_of_it_is_proven(ssh_host: SshHost) -> None:
    keys = ssh_host.signers
    with shared(ssh_host, PHASES, PRODUCTION) as it, it.sits("ana", "resume", columns=120, lines=40) as ana:
        ana.wait_for(r"watching \(epoch 1")
        forged = {"SSH_CONNECTION": "192.0.2.99 1 192.0.2.1 22", "SUDO_USER": "carl", "SSH_USER_AUTH": "/etc/passwd"}
        with it.sits("bo", "join") as bo, it.sits("bo", "join", **forged) as liar:
            for screen in (bo, liar):
                screen.wait_for("WATCHING")
            until(lambda: len(attached(it)) == 3, "three seats in the log")
            known = {"tty", "client"} if ssh_host.keeps_utmp else {"tty"}
            told = {(actor.user, actor.sudo): actor for actor in attached(it)}
            for name in ("ana", "bo"):
                actor = told[name, ""]
                assert actor.client == FROM[name]
                assert actor.key == keys.fingerprint(keys.key(name))
                assert re.fullmatch(r"pts/\d+", actor.tty)
                assert set(actor.proven) == known, "the key is the user's own word"
            assert told["ana", ""].tty != told["bo", ""].tty
            actor = told["bo", "carl"]
            assert actor.key == ""
            assert set(actor.proven) == known
            if ssh_host.keeps_utmp:
                assert actor.client == FROM["bo"], "root's records count for more than the environment"
            press(ana, "i", rf"key {re.escape(keys.fingerprint(keys.key('bo')))} \(claimed\)")
            ana.wait_for(r"by sudo from carl \(claimed\)")
            ana.wait_for(rf"from {FROM['bo']} ")
            ana.send("escape")
            for screen in (bo, liar):
                leave(screen)
        leave(ana)


def test_on_a_shared_account_who_logged_in_is_known_and_four_eyes_are_two_people(ssh_host: SshHost) -> None:
    if not ssh_host.knows_logins:
        pytest.skip("the kernel is told of no logins here (pam_loginuid(8), su(1))")
    with shared(ssh_host, PHASES, PRODUCTION + past_return(), starter="") as it:

        def goes_on(who: str, *words: str) -> Terminal:
            """Somebody logs in as themselves, and goes on as the account that all share."""
            return it.host.ssh(who, "su", "deploy", "-c", f"COCKPIT_RUNS={it.runs} cockpit {shlex.join(words)}")

        with goes_on("ana", "run", str(it.profile)) as ana:
            ana.wait_for(r"watching \(epoch 1")
            it.begun()
            with goes_on("bo", "join") as bo, goes_on("ana", "join") as again:
                bo.wait_for("WATCHING")
                again.wait_for("WATCHING")
                press(ana, "c", "confirmed 1.1 First")
                press(again, "a", "✖ ana .*holds the pen")
                agrees(bo, "Agree to 1.2 Drop as the second person", "a", opened_by="a")
                ana.wait_for("✔ bo.* agrees")
                answers(ana, "type drop to go on", "drop", opened_by="c")
                bo.wait_for("confirmed 1.2 Drop")
                press(again, "a", "✖ ana .*did")
                agrees(bo, r"Approve 1\.3 Approve\?", "a", opened_by="a")
                ana.wait_for("signed off 1.3 Approve")
        assert {event.actor.user for event in it.events()} == {"deploy"}
        assert [name_of(event.actor) for event in it.of(StepConfirmed, StepCountersigned)] == ["ana", "bo", "ana", "bo"]
        for actor in attached(it):
            assert {"login", "sudo", "tty"} <= set(actor.proven)
            assert actor.client == FROM[actor.login]


def test_on_a_shared_account_people_pick_their_name_and_only_their_key_makes_them_two(ssh_host: SshHost) -> None:
    keys = ssh_host.signers
    hers, his, nobodys = ssh_host.agent("ana"), ssh_host.agent("bo"), ssh_host.agent()
    ssh_host.file("profiles/people", "".join(f"{name} {keys.public(keys.key(name))}\n" for name in ("ana", "bo")))
    head = PRODUCTION + 'shared_accounts = ["deploy"]\nallowed_signers = "people"\n' + past_return()
    with shared(ssh_host, PHASES, head, starter="") as it:

        def comes(key: str, agent: Agent, *words: str) -> Terminal:
            return it.host.ssh("deploy", "cockpit", *words, key=key, agent=agent, COCKPIT_RUNS=str(it.runs))

        with comes("ana", hers, "run", str(it.profile)) as ana:
            ana.wait_for("several people use deploy; who are you")
            ana.wait_for(r"number or name")
            ana.type("1")
            press(ana, "enter", r"watching \(epoch 1")
            it.begun()
            ana.wait_for(r"pen: ana \(deploy\)")
            press(ana, "c", "confirmed 1.1 First")
            # who only says so, or signs with another's key, is nobody else than whoever acts
            for key, agent in (("bo", nobodys), ("ana", hers)):
                with comes(key, agent, "join", "--as", "bo") as liar:
                    liar.wait_for("WATCHING")
                    press(liar, "a", r"nothing proves who you are \(you say: bo\)")
                    leave(liar)
            assert it.bodies(StepCountersigned) == []
            with comes("bo", his, "join", it.run_dir.name) as bo:
                bo.wait_for(r"number or name \[2\]")
                press(bo, "enter", "WATCHING")
                agrees(bo, "Agree to 1.2 Drop as the second person", "a", opened_by="a")
                ana.wait_for("✔ bo.* agrees")
                answers(ana, "type drop to go on", "drop", opened_by="c")
                press(ana, "a", "✖ ana .*did")
                agrees(bo, r"Approve 1\.3 Approve\?", "a", opened_by="a")
                ana.wait_for("signed off 1.3 Approve")
                leave(bo)
        assert [name_of(event.actor) for event in it.of(StepConfirmed, StepCountersigned)] == ["ana", "bo", "ana", "bo"]
        assert [event.body.person for event in it.of(OperatorIdentified)] == ["ana", "bo"]
        assert it.host.run("bo", "cockpit", "verify", str(it.run_dir)).returncode == 0
