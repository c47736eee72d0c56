"""What a keeper says of itself when it starts: who it is, what it reaches, and what may go wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

import cockpit
from cockpit.audit.clock import now
from cockpit.keeper.room import Starting
from cockpit.keeper.surroundings import Surroundings
from cockpit.logind import logout_warning
from cockpit.masking.closing import not_followed
from cockpit.probes.watch import targets
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Profile
from cockpit.run.events import KeeperStarted
from cockpit.run.hands import other_hands
from cockpit.run.state_watch import KeeperState
from cockpit.text import shortened

_TARGETS = 300
_WARNINGS = 50


def started(keeper: Starting, kinds: Kinds, warnings: tuple[str, ...], around: Surroundings) -> KeeperStarted:
    """The first fact of a keeper; `warnings` are what it found while it got ready, `around` is its environment."""
    values, profile = keeper.values, keeper.state.profile
    reached = islice(targets(profile, kinds, values.for_show).items(), _TARGETS)
    found = (
        *warnings,
        *values.problems,
        *values.weak,
        *not_followed(),
        logout_warning(keeper.actor.user, keeper.state.run),
        *_unknown_kinds(profile, kinds),
    )
    told = tuple(shortened(values.mask.text(warning), 300) for warning in found if warning)
    body = KeeperStarted(
        epoch=keeper.epoch,
        pid=os.getpid(),
        version=cockpit.__version__,
        targets={probe: shortened(target, 100) for probe, target in reached},
        warnings=told[:_WARNINGS],
        environment=around.environment,
        environment_key=around.key,
    )
    return replace(body, warnings=(*_difference(keeper, body), *body.warnings))


def _difference(keeper: Starting, body: KeeperStarted) -> Iterator[str]:
    """For whoever reads the log without a screen; what follows from it is found by whoever folds the log."""
    mine = KeeperState(
        epoch=body.epoch,
        user=keeper.actor.user,
        host=keeper.actor.host,
        pid=body.pid,
        version=body.version,
        started=now(),
        environment=body.environment,
        environment_key=body.environment_key,
    )
    found = other_hands(replace(keeper.state, keeper=mine))
    if found.are_there:
        yield f"it differs from keeper {found.before} ({found.brief()}) and runs nothing before that is confirmed"


def _unknown_kinds(profile: Profile, kinds: Kinds) -> Iterator[str]:
    """Steps that cannot be carried out here, said before anybody presses the key."""
    wanted = dict.fromkeys(step.kind for _, step in profile.every_step() if step.behaviour in ("action", "message"))
    for kind in wanted:
        if kind not in kinds.steps:
            yield f"no plug-in for kind `{shortened(kind, 60)}` is installed here: its steps cannot be run"
