"""Whether an action did what was expected: the conditions of `expect` on the facts that its runner hands back.

Invariant: `succeeded` stays only if every condition holds; one that is false or cannot be said makes it `failed`, and
nothing ever makes a failure a success. Pure.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.actions.runner import Ending
from cockpit.errors import CockpitError
from cockpit.masking.mask import Mask
from cockpit.profile.conditions import Environment, compile_condition
from cockpit.profile.kinds import StepKind
from cockpit.profile.model import Step
from cockpit.run.readings import ConditionVerdict
from cockpit.text import shortened

_LIMIT = 300


def expected(step: Step, kind: StepKind, ending: Ending, mask: Mask) -> tuple[Ending, tuple[ConditionVerdict, ...]]:
    """The ending as the conditions leave it, and what each of them says; of a success alone."""
    said = step.settings.get("expect", ())
    texts = [text for text in said if isinstance(text, str)] if isinstance(said, list | tuple) else []
    if ending.outcome != "succeeded" or not texts:
        return ending, ()
    environment = Environment({fact.name: fact.type for fact in kind.facts})
    verdicts = tuple(_verdict(text, environment, ending, mask) for text in texts)
    objection = next((verdict for verdict in verdicts if verdict.holds is not True), None)
    if objection is None:
        return ending, verdicts
    why = f"expected {objection.condition}"
    detail = f"{why}: {objection.detail}" if objection.detail else why
    return replace(ending, outcome="failed", detail=shortened(detail, _LIMIT)), verdicts


def _verdict(text: str, environment: Environment, ending: Ending, mask: Mask) -> ConditionVerdict:
    said: bool | str
    try:
        said = compile_condition(text, environment).evaluate(dict(ending.facts))
    except CockpitError as error:
        said = str(error)
    if isinstance(said, bool):
        return ConditionVerdict(condition=shortened(text, _LIMIT), holds=said, detail="")
    return ConditionVerdict(condition=shortened(text, _LIMIT), holds=None, detail=shortened(mask.text(said), _LIMIT))
