"""The kind `message` as profiles meet it."""

from __future__ import annotations

from cockpit.actions.message.declaration import MESSAGE
from cockpit.profile.kinds import installed
from cockpit.profile.steps import MessageSettings


def test_it_is_installed_and_may_be_done_by_hand() -> None:
    assert installed().steps["message"] is MESSAGE
    assert (MESSAGE.behaviour, MESSAGE.settings) == ("message", MessageSettings)


def test_a_message_without_a_template_is_a_problem() -> None:
    (problem,) = MESSAGE.problems(MessageSettings(template=""))
    assert "`template` is empty" in problem
    assert MESSAGE.problems(MessageSettings(template="notice")) == ()
