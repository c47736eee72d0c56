"""What lies outside of the keeper, wired to it: the runners of steps, the targets, and the channels of alerts.

Invariant: a driver is imported only when something of its kind is done. Nothing is decided here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cockpit.actions.message.channels import send
from cockpit.actions.runner import find_runner
from cockpit.actions.targets import identify
from cockpit.audit.clock import now
from cockpit.keeper.acting import Workshop, public_values, resolved
from cockpit.keeper.alerts import Alerts, is_attended
from cockpit.keeper.identities import LOOK_S, Identities, Seen
from cockpit.keeper.messaging import resolved_channel
from cockpit.keeper.resting import is_resting
from cockpit.keeper.room import Starting
from cockpit.keeper.values import RunValues
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Channel, Target
from cockpit.run.hands import target_objection

_MARGIN_S = 2.0
"""A look ends by itself, with its own sentence, before it is cut off."""


def workshop_of(run_dir: Path, base_dir: Path, values: RunValues, kinds: Kinds) -> Workshop:
    """What makes the actions of a run; a kind's runner is looked for once."""
    return Workshop(run_dir, base_dir, values, kinds.steps, cache(find_runner))


def identities_of(keeper: Starting) -> Identities:
    """The targets of a run."""

    def resolve(target: Target) -> Target:
        return resolved(target, public_values(keeper.state, keeper.values), keeper.values)

    return Identities(
        keeper.state.profile.targets, look_at, resolve, lambda text: keeper.values.mask.text(text), keeper.tell,
        rests=lambda: is_resting(keeper.state, now().at),
        other=lambda target, identity: target_objection(keeper.state, target, identity),
    )  # fmt: skip


async def look_at(target: Target) -> Seen:
    """Who the target proves to be."""
    return await identify(target, LOOK_S - _MARGIN_S)


def alerts_of(keeper: Starting, run_dir: Path) -> Alerts:
    """Who is called when nobody looks; nobody in a rehearsal."""
    state = keeper.state

    def resolve(channel: Channel) -> Channel:
        return resolved_channel(channel, public_values(keeper.state, keeper.values), keeper.values)

    return Alerts(
        state.profile, run_dir.name, resolve, send, lambda: state.is_rehearsal or is_attended(run_dir),
        lambda text: keeper.values.mask.text(text), keeper.tell,
    )  # fmt: skip
