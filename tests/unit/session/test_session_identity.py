"""Who sits here."""

from __future__ import annotations

import os
import pwd

from cockpit.session.identity import actor


def test_the_actor_is_the_user_of_the_process_on_this_host() -> None:
    who = actor({"USER": "somebody-else", "LOGNAME": "somebody-else"})
    assert who.user == pwd.getpwuid(os.getuid()).pw_name
    assert who.host == os.uname().nodename
    assert who.via == ""


def test_an_ssh_client_and_sudo_are_mentioned() -> None:
    environ = {"SSH_CONNECTION": "192.0.2.7 50311 198.51.100.2 22", "SUDO_USER": "ana"}
    assert actor(environ).via == "ssh 192.0.2.7, sudo by ana"
    assert actor({"SSH_CLIENT": "2001:db8::7 50311 22"}).via == "ssh 2001:db8::7"


def test_a_hostile_environment_is_shown_and_does_nothing() -> None:
    assert actor({"SUDO_USER": "\x1b[31mroot\n"}).via == "sudo by ␛[31mroot"
    assert len(actor({"SSH_CLIENT": "x" * 10_000}).via) < 80
