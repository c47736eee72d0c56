"""Whether every `${name}` names something, that is known by then, and that may stand there.

A secret never gets into an argument, SQL, a title or a message; no value at all is pasted into a program's text.
"""

from __future__ import annotations

from cockpit.patterns import late
from cockpit.profile.model import Profile, Variable
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.places import known_before, placed_steps
from cockpit.profile.problems import nearest
from cockpit.profile.recording import RUN_NAMES, Recorded, recorded
from cockpit.profile.references import references
from cockpit.profile.texts import LOGGED, Text, referring_texts

_NAME = late(r"[A-Za-z_][\w.]*")
_PROFILE_NAME = late(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")
"""In a script: a name of ours. `${HOME}` and `${count:-1}` are the shell's own."""


def judge_references(profile: Profile, root: Node, findings: Findings, *, partial: bool) -> None:
    """Note every reference that cannot stand. A `partial` profile may name what only its heirs define."""
    variables = {variable.name: variable for variable in profile.variables}
    known = recorded(profile)
    needs_window = profile.window is None and not partial
    for text in referring_texts(profile):
        for name, offset in references(text.text):
            if findings.full:
                return
            said = _fault(name, text, variables, known, partial=partial)
            if said is None and needs_window and name.startswith("run.window_"):
                said = f"`{name}` has no value: there is no window", "`[window]`", ""
            if said is not None:
                message, expected, near = said
                node = root.find(*text.path)
                findings.add(node, message, inside=_place(text.text, offset), expected=expected, nearest=near)
    _templates(profile, root, known, findings)


def _fault(
    name: str, text: Text, variables: dict[str, Variable], known: Recorded, *, partial: bool
) -> tuple[str, str, str] | None:
    """What is wrong with a reference, what was expected, the nearest name."""
    exists = name in variables or name in known.steps or name in RUN_NAMES
    if text.language == "sql":
        wanted = f'`%({name})s`, and `params = {{ {name} = "${{…}}" }}`'
        if text.path[0] == "probes":
            wanted = f'`%s`, and `params = ["${{{name}}}"]`'
        return (f"`{name}` would be pasted into SQL", wanted, "") if _NAME.fullmatch(name) else None
    if text.language == "path":
        return f"`{name}` is not filled in: files are fixed before the run begins", "the file's name as it is", ""
    if text.language == "shell" and text.path[-1] != "script" and isinstance(text.path[-1], int):
        return (f"`{name}` would be pasted into shell text", "`script`, which reads it from the environment", "")
    if text.language and (name in text.own or not _PROFILE_NAME.fullmatch(name)):
        return None
    if not exists:
        if partial:
            return None
        run_names = RUN_NAMES if text.known is not None else ()
        near = nearest(name, [*variables, *(text.known or ()), *run_names])
        return f"there is no variable `{name}`", "" if near else _SOME, near
    if name in variables:
        return _secret(name, text) if variables[name].secret else None
    if text.known is None:
        return f"`{name}` is known only during the run", "it in texts and settings of steps, or in templates", ""
    if name in known.steps and name not in text.known:
        return _later(name, known)
    return None


_SOME = "a name under `[variables]`, or `$${` for a literal `${`"


def _secret(name: str, text: Text) -> tuple[str, str, str] | None:
    if not text.public:
        return None
    if text.public == LOGGED:
        return f"`{name}` is secret, and {LOGGED}", "secrets in settings, instructions or commands only", ""
    wanted = "it in `env`" if isinstance(text.path[-1], int) else "what people may read"
    return f"`{name}` is secret, and {text.public}", wanted, ""


def _later(name: str, known: Recorded) -> tuple[str, str, str]:
    said = f"`{name}` is not known yet: step `{known.steps[name][0]}` records it"
    return said, "what was recorded earlier in the walk", ""


def _templates(profile: Profile, root: Node, known: Recorded, findings: Findings) -> None:
    """A template is filled where its step is: what it names must be known there."""
    named = {
        template.id: [name for text in (template.title, template.body, template.to) for name, _ in references(text)]
        for template in profile.templates
    }
    for placed in placed_steps(profile):
        if placed.step.behaviour != "message":
            continue
        template = placed.step.settings.get("template")
        before = known_before(placed, known)
        for name in dict.fromkeys(named.get(template, ()) if isinstance(template, str) else ()):
            if name in known.steps and name not in before:
                message, expected, _ = _later(name, known)
                said = f"template `{template}` names `{name}`, which{message.removeprefix(f'`{name}`')}"
                findings.add(root.find(*placed.path, "template"), said, expected=expected)


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
