"""A seat that acts at the very moment it is told to: run as somebody of an SSH host, against others of its kind.

    python ssh_racer.py RUN_DIR ROLE [keeper]

Each line of its input is `WHAT AT STEP`: what to ask for, when, in seconds of CLOCK_MONOTONIC, which all processes of a
host share, and at which step the run is (`-`: it does not matter); for the pen, which fact has to have been seen. Each
is answered by a line of JSON: {"done": [types of the events]} or {"code": …, "why": …}.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from cockpit.run import commands as c
from cockpit.run.handover import standing
from cockpit.run.holding import others_here
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
from cockpit.session.spawn import start_keeper

PATIENCE_S = 60.0


def main() -> None:
    seat = Seat.open(Path(sys.argv[1]), actor(), sys.argv[2])
    if "keeper" in sys.argv:
        start_keeper(seat.run_dir)
    seat.follow(lambda view: None)
    tell(ready=True)
    try:
        for line in sys.stdin:
            what, at, step = line.split()
            race(seat, what, float(at), step)
    finally:
        seat.close()


def race(seat: Seat, what: str, at: float, step: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not sees(seat, what, step):
        if time.monotonic() > give_up:
            tell(code="never_seen", why=f"{what} at {step} never made sense; the cursor: {seat.view.state.cursor}")
            return
        time.sleep(0.001)
    command = asked(seat, what, step)
    time.sleep(max(0.0, at - 0.002 - time.monotonic()))
    while time.monotonic() < at:  # for two milliseconds, so that all of them start in the same one
        pass
    outcome = seat.submit(command)
    if isinstance(outcome, Done):
        tell(done=[event.type for event in outcome.events])
    else:
        tell(code=getattr(outcome, "code", type(outcome).__name__), why=getattr(outcome, "why", str(outcome)))


def sees(seat: Seat, what: str, step: str) -> bool:
    """Whether what is asked for makes sense already, by what this seat has read."""
    state = seat.view.state
    if what == "offer":
        return bool(others_here(state, [each.seat for each in seat.view.here]))
    if what in ("accept", "withdraw"):
        return state.last_fact_seq >= int(step)
    if step == "-" or (state.cursor is not None and state.cursor.step == step):
        return True
    return state.steps[step].status != "open"  # it is told so late that another one was sooner: it may still ask


def asked(seat: Seat, what: str, step: str) -> Any:
    """The command, on what this seat has seen."""
    cursor = seat.view.state.cursor
    if what == "hold":
        return seat.command(c.PlaceHold, reason="stop")
    if what == "release":
        return seat.command(c.ReleaseHold, reason="go on")
    if what == "offer":
        here = [each.seat for each in seat.view.here]
        return seat.command(c.OfferPen, to=others_here(seat.view.state, here)[0].seat)
    if what == "withdraw":
        return seat.command(c.WithdrawPen)
    if what in ("accept", "take"):
        card: dict[str, Any] = {"card": ("read",), "read": standing(seat.view.state)}
        return seat.command(c.AcceptPen, **card) if what == "accept" else seat.command(c.TakePen, reason="gone", **card)
    kind = {"confirm": c.ConfirmStep, "approve": c.SignOff, "agree": c.Countersign}[what]
    painted = cursor.opened_seq if cursor is not None and cursor.step == step else 0
    typed = {"typed": step} if kind is c.ConfirmStep else {}  # the word that is asked for before what is irreversible
    return seat.command(kind, step=step, painted_seq=painted, **typed)


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
