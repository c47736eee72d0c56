"""Which rollback plans fit now: their conditions, judged like a gate's, told when a verdict changes.

Invariant: a plan without conditions always fits; one whose conditions cannot be said is `unknown`, never `pass`. Pure:
it is told the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.keeper.gates import Gate, Known
from cockpit.profile.conditions import Environment
from cockpit.profile.model import RollbackPlan
from cockpit.run.events import PlansJudged
from cockpit.run.readings import ConditionVerdict, Verdict

FIRST_S = 2.0
"""After the start of a keeper, the longest that it waits for readings before it says anything of plans."""


class Plans:
    """The rollback plans of a profile."""

    def __init__(
        self, plans: Iterable[RollbackPlan], environment: Environment, told: Mapping[str, Verdict], now_mono: float
    ) -> None:
        """`told`: what an earlier keeper said last."""
        self._gates = {plan.id: Gate(plan.when, environment) for plan in plans}
        self._told = dict(told)
        self._began_mono = now_mono
        self.probes = tuple(dict.fromkeys(probe for gate in self._gates.values() for probe in gate.probes))
        """What they read."""

    def look(self, known: Mapping[str, Known], recorded: Mapping[str, object], now_mono: float) -> PlansJudged | None:
        """What is to be told now, if anything."""
        if not self._gates:
            return None
        judged = {plan: gate.judge(known, recorded) for plan, gate in self._gates.items()}
        verdicts = {plan: verdict for plan, (verdict, _) in judged.items()}
        if verdicts == self._told:
            return None
        if "pending" in verdicts.values() and now_mono - self._began_mono < FIRST_S:
            return None
        self._told = verdicts
        details = {plan: said for plan, (_, conditions) in judged.items() if (said := _why(conditions))}
        return PlansJudged(verdicts=verdicts, details=details)


def _why(conditions: tuple[ConditionVerdict, ...]) -> str:
    """Of a plan that does not fit: the first condition that says so."""
    against = sorted((c for c in conditions if c.holds is not True), key=lambda c: c.holds is None)
    if not against:
        return ""
    return f"{against[0].condition}: {against[0].detail}" if against[0].detail else against[0].condition
