"""What a value could turn into: errors where it would choose what is run, warnings where it might be more than a value.

The same rules refuse such values where they are filled in (`cockpit.actions.command.planning`,
`cockpit.probes.runner`): a warning tells before the night what would be refused in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cockpit.patterns import late
from cockpit.profile.arguments import may_begin_with_dash, slips
from cockpit.profile.executing_kinds import runs
from cockpit.profile.model import Profile, Step
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.places import Path, placed_steps
from cockpit.profile.recording import recorded_by
from cockpit.profile.references import references

_OPTION = "is an option"


def judge_values(profile: Profile, root: Node, findings: Findings) -> None:
    """Note every value from outside that would decide what a program loads or runs."""
    fixed = {variable.name for variable in profile.variables if variable.value is not None}
    for path, settings in _acting(profile):
        env = settings.get("env")
        for name, text in env.items() if isinstance(env, Mapping) else ():
            from_outside = [used for used, _ in references(str(text)) if used not in fixed]
            if runs(str(name)) and from_outside:
                said = f"`{name}` makes programs load or run what it says, and `{from_outside[0]}` is not known here"
                findings.add(root.find(*path, "env", str(name)), said, expected="a text that stands in the profile")


def advise_values(profile: Profile, root: Node, findings: Findings) -> None:
    """Note where a value may be taken for an option, a word of a program, or several words."""
    safe = _safe(profile)
    for path, settings in _acting(profile):
        for key in ("argv", "dry_run", "undo"):
            items = settings.get(key)
            if isinstance(items, list | tuple) and all(isinstance(item, str) for item in items):
                _argv(root, (*path, key), [str(item) for item in items], safe, findings)
        _scripts(root, path, settings, findings)


def _acting(profile: Profile) -> Iterator[tuple[Path, Mapping[str, object]]]:
    for index, probe in enumerate(profile.probes):
        if probe.kind == "command":
            yield ("probes", index), probe.settings
    for placed in placed_steps(profile):
        if placed.step.kind == "command" and placed.step.behaviour == "action":
            yield placed.path, placed.step.settings


def _argv(root: Node, path: Path, items: list[str], safe: Collection[str], findings: Findings) -> None:
    for slip in slips(items):
        if slip.said.startswith(_OPTION) and slip.name in safe:
            continue
        node = root.find(*path, slip.index)
        said = f"`{items[slip.index]}` {slip.said}"
        findings.add(node, said, severity="warning", expected=slip.instead)


def _scripts(root: Node, path: Path, settings: Mapping[str, object], findings: Findings) -> None:
    scripts = [(key, text) for key in ("script", "dry_run", "undo") if isinstance(text := settings.get(key), str)]
    names = script_names(settings, *(text for _, text in scripts))
    if not names:
        return
    from cockpit.profile.shell_values import SAID, uses  # bash's grammar, which profiles without scripts never need

    for key, text in scripts:
        for use in uses(_as_bash_has_it(text), names):
            said, expected = SAID[use.way]
            node = root.find(*path, key)
            told = expected.replace("name", use.name)
            findings.add(node, f"`{use.name}` {said}", inside=(use.line, use.column), severity="warning", expected=told)


_DOTTED = late(r"(?<=\$\{)([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)(?=\})")


def _as_bash_has_it(script: str) -> str:
    """The script with our own references as bash gets them, every character at its place: `$${x}`, `${run.id}`."""
    return _DOTTED.sub(r"\1_\2", script.replace("$${", " ${"))


def script_names(settings: Mapping[str, object], *scripts: str) -> set[str]:
    """The shell variables of scripts that hold values: references, and names under `env` whose text has one."""
    env = settings.get("env")
    given = env.items() if isinstance(env, Mapping) else ()
    own = {str(name) for name, _ in given}
    names = {str(name) for name, text in given if any(references(str(text)))}
    used = {name for script in scripts for name, _ in references(script) if name not in own and name.islower()}
    return names | {name.replace(".", "_") for name in used}


def _safe(profile: Profile) -> set[str]:
    """The names whose values begin with no dash, as far as the profile says."""
    patterns: dict[str, str] = {}
    for _, step in profile.every_step():
        known = recorded_by(step)
        if known is not None:
            patterns[known[0]] = _pattern(step)
    found = {name for name, pattern in patterns.items() if pattern and not may_begin_with_dash(pattern)}
    for variable in profile.variables:
        if variable.value is not None:
            safe = not variable.value.startswith("-")
        else:
            safe = bool(variable.pattern) and not may_begin_with_dash(variable.pattern or "-")
        found |= {variable.name} if safe else set()
    return found | {"run.id", "run.started", "run.window_date", "run.window_start", "run.window_end"}


def _pattern(step: Step) -> str:
    if step.behaviour == "decision":
        return "[a-z][a-z0-9_]*"  # an id
    pattern = step.settings.get("pattern")
    return pattern if isinstance(pattern, str) else ""
