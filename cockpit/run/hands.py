"""Whose hands a keeper has, and how they differ from those that acted before: user, host, environment, targets.

Invariant: pure. Names are told, never values: of an environment the log keeps keyed digests alone. What cannot be
compared is a difference, since nobody can say that there is none.

A keeper that differs probes and judges, and does nothing else before a person has seen how it differs and confirmed it.
It is compared with the last one that could act (`RunState.trusted`), not with the one just before it: a wrong keeper
that came and went changes nothing for the right one. Another version of cockpit is told and stops nobody: the hands
are the same, and whoever mends a night by an update needs no further question. A keeper that keeps no digests (an older
cockpit, a demo) differs from nothing, and nobody is asked in a rehearsal, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.settled import deviate
from cockpit.run.state import RunState
from cockpit.run.state_watch import KeeperState
from cockpit.text import counted, shortened, visible

REST = "=rest"
"""In `keeper.started`: one digest of all variables that have no line of their own. No variable can be called so."""
_STATES = ("server_version", "version", "standby")
"""What a target says of itself that changes in the course of a deployment, and not by whose hands ask."""
_PLACES = ("server_address", "server_port")
"""Of a database cluster that names itself (`system_identifier`) it does not matter by which door it was reached."""
_OF_THE_USER = ("HOME", "LOGNAME", "MAIL", "SHELL", "USER")
"""What differs with every user, and says nothing more."""
_NAMED = 2


class Differences(Struct, frozen=True):
    """How keeper `now` differs from keeper `before`, in visible words. Of variables the names.

    Both are the same keeper where it might act, and then found a target for the first time, and another than before.
    """

    before: int = 0
    now: int = 0
    user: str = ""
    """`bo for ana`"""
    host: str = ""
    targets: tuple[str, ...] = ()
    """`db: user admin for app`"""
    changed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    read: frozenset[str] = frozenset()
    """Which of them the profile reads: they are named first."""
    unknown: str = ""
    """Why the environments cannot be compared."""
    version: str = ""
    """Told beside the rest; alone it is no difference."""

    @property
    def are_there(self) -> bool:
        """Whether there is any that stops a keeper from acting."""
        return any((self.user, self.host, self.targets, self.changed, self.new, self.gone, self.unknown))

    def brief(self) -> str:
        """`bo for ana, KUBECONFIG, PATH and 3 more variables`: for one line."""
        told = [each for each in (self.user, self.host) if each]
        told += [f"target {each.partition(':')[0]}" for each in self.targets[:_NAMED]]
        told += ["its environment is not known"] if self.unknown else []
        names = [_shown(name) for name in _in_order((*self.changed, *self.new, *self.gone), self.read)]
        more = len(names) - _NAMED
        told += names[:_NAMED]
        return ", ".join(told) + (f" and {counted(more, 'more variable')}" if more > 0 else "")

    def told(self) -> tuple[str, ...]:
        """All of it, a line each."""
        return tuple(self._told())

    def _told(self) -> Iterator[str]:
        if self.user:
            yield f"user: {self.user}"
        if self.host:
            yield f"host: {self.host}"
        for target in self.targets:
            yield f"target {target}"
        if self.unknown:
            yield f"environment: it cannot be compared, since {self.unknown}"
        for what, names in (("changed", self.changed), ("new", self.new), ("not set any more", self.gone)):
            if names:
                yield f"{what}: {', '.join(map(_shown, _in_order(names, self.read)))}"
        if self.version:
            yield f"version: {self.version}, which alone would stop nothing"


NONE = Differences()


def _shown(name: str) -> str:
    return "variables beyond those that are told one by one" if name == REST else shortened(name, 100)


def _in_order(names: Iterable[str], read: Collection[str]) -> list[str]:
    return sorted(names, key=lambda name: (name not in read, name in _OF_THE_USER, name))


# ---- comparing ---------------------------------------------------------------------------------------------------


def differences(before: KeeperState | None, now: KeeperState, read: frozenset[str] = frozenset()) -> Differences:
    """How `now` differs from `before`; `read`: the variables that the profile reads."""
    if before is None or now.environment is None:
        return NONE
    # Itself, once it may act: only what it finds of a target for the first time can still be other than before.
    is_itself = (before.epoch, before.started) == (now.epoch, now.started)
    unknown = "" if is_itself else _incomparable(before, now)
    earlier = {} if unknown else before.environment or {}
    ours = {} if unknown else now.environment
    return Differences(
        before=before.epoch,
        now=now.epoch,
        user=_instead(now.user, before.user),
        host=_instead(now.host, before.host),
        targets=tuple(
            f"{shortened(name, 40)}: {other}"
            for name, identity in now.seen.items()
            if (other := other_target(before.seen.get(name), identity))
        ),
        changed=tuple(name for name in earlier if name in ours and ours[name] != earlier[name]),
        new=tuple(name for name in ours if name not in earlier),
        gone=tuple(name for name in earlier if name not in ours),
        read=read,
        unknown=unknown,
        version=_instead(now.version, before.version),
    )


def _incomparable(before: KeeperState, now: KeeperState) -> str:
    if before.environment is None:
        return f"keeper {before.epoch} was of a cockpit that did not note its own"
    if not now.environment_key:
        return f"keeper {now.epoch} could not read or make the run's key"
    if not before.environment_key:
        return f"keeper {before.epoch} could not read or make the run's key"
    if before.environment_key != now.environment_key:
        return "the run's key is another one: it was lost, or this is another folder"
    return ""


def _instead(now: str, before: str) -> str:
    return f"{shortened(now, 40)} for {shortened(before, 40)}" if now != before else ""


def other_target(before: Mapping[str, str] | None, now: Mapping[str, str]) -> str:
    """How a target is another one than it was; empty: it is the same, or nobody has seen it before."""
    if before is None:
        return ""
    names_itself = bool(before.get("system_identifier")) and bool(now.get("system_identifier"))
    passed = (*_STATES, *(_PLACES if names_itself else ()))
    told = (
        f"{visible(name).replace('_', ' ')} {shortened(now.get(name) or 'not told', 60)}"
        f" for {shortened(before.get(name) or 'not told', 60)}"
        for name in dict.fromkeys((*before, *now))
        if name not in passed and before.get(name, "") != now.get(name, "")
    )
    return ", ".join(told)


# ---- of a run ----------------------------------------------------------------------------------------------------


def other_hands(state: RunState) -> Differences:
    """How the run's keeper differs from the last one that could act; none if it acts itself."""
    if state.keeper is None or state.is_rehearsal:
        return NONE
    variables = state.profile.variables if state.started is not None else ()
    read = frozenset(variable.env for variable in variables if variable.env)
    return differences(state.trusted, state.keeper, read)


def may_not_act(state: RunState, epoch: int) -> str:
    """Why keeper `epoch` does nothing for now, in words; empty: it may."""
    keeper = state.keeper
    if epoch > 1 and (keeper is None or keeper.epoch != epoch) and state.trusted is not None:
        return f"keeper {epoch} has not said yet as whom it acts: press again"
    found = other_hands(state)
    return f"{sentence(found)}: press r to see it, and to confirm it" if found.are_there else ""


def sentence(found: Differences) -> str:
    """`keeper 2 differs from keeper 1: bo for ana, KUBECONFIG`"""
    return f"{headline(found)}: {found.brief()}"


def headline(found: Differences) -> str:
    """`keeper 2 differs from keeper 1`"""
    if found.before == found.now:
        return f"keeper {found.now} finds another target than before"
    return f"keeper {found.now} differs from keeper {found.before}"


def target_objection(state: RunState, target: str, identity: Mapping[str, str]) -> str:
    """Why a target that was just looked at must not be acted on by this keeper: it saw another one than the last."""
    keeper, trusted = state.keeper, state.trusted
    if keeper is None or trusted is None or keeper.environment is None or state.is_rehearsal:
        return ""
    if target in keeper.seen and not other_hands(state).are_there:
        return ""  # it saw it before and may act: what changed since changed under its own eyes
    other = other_target(trusted.seen.get(target), identity)
    told = f"target {shortened(target, 40)} is another one than was seen before, {other}"
    return f"{told}: press r to see it, and to confirm it" if other else ""


# ---- what events change: a part of `evolve` ------------------------------------------------------------------------


def started(state: RunState, keeper: KeeperState) -> RunState:
    """A keeper is there: it acts at once if its hands are those of the last one."""
    return _taken_if_same(replace(state, keeper=keeper))


def seen(state: RunState, target: str, identity: dict[str, str]) -> RunState:
    """The keeper found a target to be what is declared."""
    keeper = state.keeper
    if keeper is None:
        return state
    is_first = target not in keeper.seen
    may_act = not other_hands(state).are_there
    state = replace(state, keeper=replace(keeper, seen={**keeper.seen, target: identity}))
    if may_act and not is_first and state.trusted is not None:
        # It changed under the eyes of one who may act: that is no difference of hands.
        return replace(state, trusted=replace(state.trusted, seen={**state.trusted.seen, target: identity}))
    return _taken_if_same(state)


def accepted(state: RunState, event: e.Event, body: e.KeeperAccepted) -> RunState:
    """A person saw how the keeper differs, and confirmed that it acts."""
    if state.keeper is None or state.keeper.epoch != body.epoch:
        return state
    told = "; ".join((*body.shown, *([body.reason] if body.reason else [])))
    return deviate(_taken(state, state.keeper), event, "hands", f"keeper {body.epoch}", told)


def _taken_if_same(state: RunState) -> RunState:
    assert state.keeper is not None
    return state if other_hands(state).are_there else _taken(state, state.keeper)


def _taken(state: RunState, keeper: KeeperState) -> RunState:
    """From here on, others are compared with this one; of targets that it has not seen, with what was seen before."""
    before = state.trusted.seen if state.trusted is not None else {}
    return replace(state, trusted=replace(keeper, seen={**before, **keeper.seen}))
