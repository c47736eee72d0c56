"""Ids that must exist: roles, plans, templates, channels, targets, steps and phases that others name.

In a `partial` profile they may be missing, since heirs add them; that a thing of the wrong sort is named is always
wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cockpit.patterns import late
from cockpit.profile import durations
from cockpit.profile.cel_words import RESERVED
from cockpit.profile.model import Profile, Step
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.places import Path, PlacedStep, placed_phases, placed_steps
from cockpit.profile.problems import nearest, one_of
from cockpit.profile.recording import recorded_by

_DUE = late(r"(start|end)(?:([+-])(\w+))?")
_KUBECTL = late(r"(?<![\w./-])(?:[\w./-]*/)?kubectl\b")


def judge_links(profile: Profile, root: Node, findings: Findings, *, partial: bool) -> None:
    """Note every name that leads nowhere, or to the wrong sort of thing."""
    _Links(profile, root, findings, partial=partial).judge()


def calls_kubectl(step: Step) -> bool:
    """Whether an action starts kubectl."""
    argv, script = step.settings.get("argv"), step.settings.get("script")
    if isinstance(argv, list | tuple) and argv:
        return str(argv[0]).rsplit("/", 1)[-1] == "kubectl"
    return isinstance(script, str) and _KUBECTL.search(script) is not None


class _Links:
    def __init__(self, profile: Profile, root: Node, findings: Findings, *, partial: bool) -> None:
        self._profile = profile
        self._root = root
        self._findings = findings
        self._partial = partial
        self._roles = [role.id for role in profile.roles]
        self._plans = [plan.id for plan in profile.rollbacks]
        self._walk = [step.id for _, step in profile.steps()]
        self._targets = {target.id: target.kind for target in profile.targets}

    def judge(self) -> None:
        channels = [channel.id for channel in self._profile.channels]
        self._exists(("alerts",), self._profile.alerts, "channel", channels)
        for index, template in enumerate(self._profile.templates):
            self._exists(("templates", index, "channel"), template.channel, "channel", channels)
        for placed in placed_steps(self._profile):
            self._step(placed)
        self._triggers()
        self._recorded()

    def _exists(self, path: Path, name: object, what: str, valid: Collection[str]) -> bool:
        """Whether what is named is there; an empty name names nothing."""
        if not isinstance(name, str) or not name or name in valid:
            return bool(name)
        if not self._partial:
            near = nearest(name, valid)
            expected = "" if near else one_of(dict.fromkeys(valid)) or f"a {what} of this profile"
            self._wrong(path, f"there is no {what} `{name}`", expected, near)
        return False

    def _wrong(self, path: Path, said: str, expected: str = "", near: str = "") -> None:
        self._findings.add(self._root.find(*path), said, expected=expected, nearest=near)

    def _step(self, placed: PlacedStep) -> None:
        path, step = placed.path, placed.step
        self._exists((*path, "on_failure"), step.on_failure, "rollback plan", self._plans)
        for index, undone in enumerate(step.undoes):
            if placed.plan is None:
                self._wrong((*path, "undoes", index), "only a step of a rollback plan undoes others", "`[[rollbacks]]`")
            else:
                self._exists((*path, "undoes", index), undone, "step of the walk", self._walk)
        match step.behaviour:
            case "signoff" | "decision":
                self._exists((*path, "role"), step.settings.get("role"), "role", self._roles)
                self._people(placed)
            case "message":
                templates = [template.id for template in self._profile.templates]
                self._exists((*path, "template"), step.settings.get("template"), "template", templates)
                self._due((*path, "due"), step.settings.get("due"))
            case "checkpoint":
                self._since(placed, step.settings.get("since"))
            case "action":
                self._target((*path, "target"), step)

    def _people(self, placed: PlacedStep) -> None:
        """`not_by` of a sign-off, `rollback` of a decision's choices."""
        every = [step.id for _, step in self._profile.every_step()]
        for index, name in enumerate(_items(placed.step.settings.get("not_by"))):
            path = (*placed.path, "not_by", index)
            if self._exists(path, name, "step or role", [*every, *self._roles]):
                self._one_sort(path, name, {"step": every, "role": self._roles})
        for index, choice in enumerate(_items(placed.step.settings.get("choices"))):
            if isinstance(choice, dict):
                path = (*placed.path, "choices", index, "rollback")
                self._exists(path, choice.get("rollback"), "rollback plan", self._plans)

    def _one_sort(self, path: Path, name: object, sorts: dict[str, list[str]]) -> None:
        if sum(name in ids for ids in sorts.values()) > 1:
            said = " and ".join(f"a {sort}" for sort in sorts)
            self._wrong(path, f"`{name}` is {said}", "ids that differ")

    def _due(self, path: Path, due: object) -> None:
        if not isinstance(due, str) or not due:
            return
        found = _DUE.fullmatch(due.replace(" ", ""))
        if found is None or (found[3] and durations.seconds(found[3]) is None):
            self._wrong(path, f"`due` is `{due}`", "`start` or `end` of the window, such as `start-48h` or `end+30m`")
        elif self._profile.window is None and not self._partial:
            self._wrong(path, "`due` counts from the window, and there is none", "`[window]`")

    def _since(self, placed: PlacedStep, since: object) -> None:
        path = (*placed.path, "since")
        if since == "window":
            if self._profile.window is None and not self._partial:
                self._wrong(path, "`since` counts from the window, and there is none", "`[window]`")
        elif since != "start" and self._exists(path, since, "step of the walk", [*self._walk, "start", "window"]):
            own = placed.step.id
            if placed.plan is None and own in self._walk and isinstance(since, str):
                others = [] if placed.phase.order == "ordered" else [step.id for step in placed.phase.steps]
                if since == own or (since not in others and self._walk.index(since) > self._walk.index(own)):
                    self._wrong(path, f"`since` names step `{since}`, which is not done by then", "an earlier step")

    def _target(self, path: Path, step: Step) -> None:
        target = step.settings.get("target")
        if not self._exists(path, target, "target", self._targets) or not isinstance(target, str):
            return
        kind = self._targets.get(target)
        wanted = "postgres" if step.kind == "sql" else "kubernetes" if calls_kubectl(step) else kind
        if kind is not None and kind != wanted:
            what = "SQL" if step.kind == "sql" else "kubectl"
            ids = [name for name, sort in self._targets.items() if sort == wanted]
            self._wrong(path, f"{what} cannot act on `{target}`, a {kind} target", one_of(ids) or f"a {wanted} target")

    def _triggers(self) -> None:
        phases = [placed.phase.id for placed in placed_phases(self._profile)]
        steps = [step.id for _, step in self._profile.every_step()]
        for index, trigger in enumerate(self._profile.triggers):
            self._exists(("triggers", index, "plan"), trigger.plan, "rollback plan", self._plans)
            for key, names in (("armed", trigger.armed), ("suspended", trigger.suspended)):
                for nth, name in enumerate(names):
                    path = ("triggers", index, key, nth)
                    if self._exists(path, name, "phase or step", [*phases, *steps]):
                        self._one_sort(path, name, {"phase": phases, "step": steps})

    def _recorded(self) -> None:
        """Recorded names are each other's and the variables' neighbours: `${name}` reaches both."""
        first: dict[str, str] = {}
        variables = {variable.name for variable in self._profile.variables}
        for placed in placed_steps(self._profile):
            own = recorded_by(placed.step)
            if own is None or not own[0]:
                continue
            name = own[0]
            node = self._root.find(*placed.path)
            path = (*placed.path, "name" if "name" in node.table else "id")
            if name in variables:
                self._wrong(path, f"`{name}` is a variable already", "another name for what is recorded")
            elif first.setdefault(name, placed.step.id) != placed.step.id:
                self._wrong(path, f"`{name}` is recorded by step `{first[name]}` already", "another name")
            elif name in RESERVED:
                self._wrong(path, f"`{name}` is a word of the conditions' language", "another name")


def _items(setting: object) -> Iterator[object]:
    yield from setting if isinstance(setting, list | tuple) else ()
