"""A story over the whole profile: what people and the keeper do at each kind of step, until a place is reached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from run_story import BO, KEEPER_EPOCH, Story
from whole_profile import CY, WHOLE

from cockpit.profile.model import Profile
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.numbering import find_step
from cockpit.run.state_walk import ActionState


class WholeStory(Story):
    """Walks every kind of step. `choice` is what is decided at `go`."""

    def __init__(self, profile: Profile = WHOLE, *, choice: str = "go", **started: Any) -> None:
        super().__init__(profile, **started)
        self.choice = choice
        self.actions = 0
        self.happens(e.KeeperStarted(epoch=KEEPER_EPOCH, pid=1, version="0"))

    @property
    def action(self) -> ActionState:
        """The latest try at the cursor."""
        assert self.state.action is not None
        return self.state.action

    def opens(self) -> None:
        """The keeper lets the gate at the cursor pass, if there is one."""
        if self.state.cursor is not None and self.state.cursor.gate in self.state.gates:
            self.judges("pass")

    def asks_to_run(self, step_id: str, **fields: Any) -> e.ActionRequested:
        """Somebody presses r; the request."""
        self.opens()
        self.actions += 1
        body = self.does(c.RunAction, step=step_id, action=f"A{self.actions}", **fields)
        assert isinstance(body, e.ActionRequested)
        return body

    def ends(self, outcome: str, **fields: Any) -> None:
        """The keeper tells how the action at the cursor ended."""
        self.happens(e.ActionEnded(action=self.action.action, step=self.action.step, outcome=outcome, **fields))

    def acts(self, step_id: str, outcome: str = "succeeded", **fields: Any) -> None:
        """Asked for, begun, ended."""
        self.asks_to_run(step_id, **fields)
        shown = {"action": self.action.action, "step": step_id, "attempt": self.action.attempt}
        self.happens(e.ActionStarted(shown="do it", runs_as="ana@bastion-1", **shown))
        self.ends(outcome)

    def waits(self, step_id: str, seconds: float = 300) -> None:
        """The keeper begins the wait's clock."""
        until = self.now().at + timedelta(seconds=seconds)
        self.happens(e.WaitBegan(step=step_id, attempt=self.state.steps[step_id].attempt, until=until))

    def settles(self, step_id: str) -> None:
        """Whatever the step at the cursor takes."""
        found = find_step(self.profile, step_id)
        assert found is not None
        match found[1].behaviour:
            case "record":
                self.does(c.ConfirmStep, step=step_id, value="7" if step_id == "count" else "b-77")
                return
            case "decision":
                self.does(c.ConfirmStep, step=step_id, value=self.choice)
                return
            case "action":
                self.acts(step_id, typed=step_id)
            case "wait":
                self.waits(step_id)
                self.happens(e.WaitCompleted(step=step_id, attempt=self.state.steps[step_id].attempt))
            case "message" | "checkpoint":
                self.happens(e.StepDue(step=step_id))
            case "signoff":
                self.opens()
                self.does(c.SignOff, step=step_id, actor=CY, role="watching")
                return
        self.opens()
        self.does(c.ConfirmStep, step=step_id, typed=step_id)

    def goes_to(self, step_id: str) -> None:
        """Walk until `step_id` is current; an empty id: until nothing is left."""
        while (cursor := self.state.cursor) and cursor.step != step_id:
            if cursor.step is not None and not cursor.is_considering:
                self.settles(cursor.step)
            elif cursor.is_considering:
                self.judges("pass" if self.choice == "later" else "blocked")
            else:
                self.opens()
                self.does(c.LeavePhase if cursor.is_leaving else c.EnterPhase, phase=cursor.phase)
        assert self.state.cursor is not None or step_id == ""


__all__ = ["BO", "CY", "WHOLE", "WholeStory"]
