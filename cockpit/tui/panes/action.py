"""What is done by the keeper: what it would do and where, how it goes, and how it ended. Output stands beside it."""

from __future__ import annotations

from cockpit.profile.model import Step
from cockpit.run.elapsed import elapsed_s
from cockpit.run.hands import other_hands
from cockpit.run.numbering import find_step
from cockpit.run.people import name_of
from cockpit.run.state_walk import ActionState, StepState
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, Span, duration, flowed, wrapped
from cockpit.tui.panes.gate import gate_lets, gate_vouches, verdict_rows
from cockpit.tui.panes.seen import Seen

MODES: dict[str, tuple[str, str]] = {
    "dry_run": ("DRY RUN", "its dry run is run"),
    "shown": ("SHOWN ONLY", "nothing is run"),
    "rolled_back": ("ROLLED BACK", "it is rolled back at its end"),
}
_ELSE: tuple[Line, ...] = (
    (("s", "key"), (" skip…", "plain")),
    (("h", "key"), (" hold…", "plain")),
    (("b", "key"), (" roll back…", "plain")),
)
_ENDS: dict[str, tuple[str, Ink]] = {
    "succeeded": ("✔ succeeded", "good"),
    "failed": ("✖ failed", "bad"),
    "timed_out": ("✖ timed out", "bad"),
    "cancelled": ("✖ cancelled", "bad"),
    "refused": ("✖ refused, nothing was done", "bad"),
    "lapsed": ("✖ lapsed, nothing was done", "bad"),
    "unknown": ("? UNKNOWN whether it was done", "unsure"),
}


def target(seen: Seen, step: Step, width: int) -> list[Line]:
    """`runs as ana@bastion → db (virtue, 7300…)`: who does it, and who the target proved to be."""
    state = seen.state
    known = state.steps[step.id].action
    runs_as = known.runs_as if known and known.runs_as else ""
    if not runs_as and state.keeper is not None:
        runs_as = f"{state.keeper.user}@{state.keeper.host}"
    name = known.target if known and known.target else str(step.settings.get("target") or "")
    spans: list[Span] = [(f"runs as {shortened(runs_as, 40) or 'whoever starts the keeper'}", "dim")]
    if name:
        spans += [(" → ", "dim"), *_proved(seen, name)]
    told = "".join(text for text, _ in spans)
    if len(told) <= width:
        return [tuple(spans)]
    ink = spans[-1][1]
    first, *rest = wrapped(told, width - 2)
    return [((first, ink),), *((("  " + text, ink),) for text in rest)]


def _proved(seen: Seen, name: str) -> list[Span]:
    found = seen.state.targets.get(name)
    shown = shortened(name, 40)
    if found is None:
        return [(f"{shown} (not looked at yet)", "dim")]
    identity = ", ".join(told for key, value in found.identity.items() if value and (told := _fact(key, value)))
    match found.verdict:
        case "match":
            return [(f"{shown} ({identity})" if identity else shown, "plain")]
        case "mismatch":
            return [(f"{shown}: NOT the target that the profile names: {shortened(found.detail, 200)}", "bad")]
        case "unreachable":
            return [(f"{shown} cannot be reached: {shortened(found.detail, 200)}", "bad")]


def _fact(key: str, value: str) -> str:
    """What a target said of itself; a bare `false` or `18.4` would say nothing."""
    if key == "standby":
        return "a standby" if value == "true" else ""
    said = {"user": "as ", "server_port": "port ", "server_version": "version "}.get(key, "")
    return f"{said}{shortened(value, 40)}"


def lines(seen: Seen, step: Step, known: StepState, width: int, *, offers: bool = True) -> list[Line]:
    """How it stands and, if it `offers` them, the keys that are next."""
    action = known.action
    if action is None:
        return [*_rehearsed(seen), *_offered(seen, step), *target(seen, step, width)]
    if action.is_under_way:
        return [*_mode(action), *_going(seen, action, width, offers=offers)]
    return _ended(seen, step, known, width, offers=offers)


def _offered(seen: Seen, step: Step) -> list[Line]:
    if not seen.is_at(step.id) or not seen.acts or seen.is_stopped:
        return []
    if not gate_lets(seen):
        return [(("its gate has to pass before it is run", "plain"),)]
    if other_hands(seen.state).are_there:
        return [(("r", "key"), (" shows how its keeper differs", "bold"))]
    word = "sends it" if step.behaviour == "message" else "runs it"
    return [(("r", "key"), (f" {word}", "bold"), (_for_long(step), "dim"))]


def _for_long(step: Step) -> str:
    timeout = step.settings.get("timeout")
    return f", for at most {duration(timeout)}" if isinstance(timeout, int | float) else ""


def _rehearsed(seen: Seen) -> list[Line]:
    return [(("REHEARSAL", "rehearsal"), (" nothing outside is changed", "plain"))] if seen.state.is_rehearsal else []


def _mode(action: ActionState) -> list[Line]:
    if action.mode == "real":
        return []
    word, means = MODES[action.mode]
    return [((word, "rehearsal"), (f" {means}", "plain"))]


def _going(seen: Seen, action: ActionState, width: int, *, offers: bool) -> list[Line]:
    by = shortened(name_of(action.by), 20)
    if action.started is None:
        return [((f"» asked for by {by} at {seen.local(action.requested.at)}; the keeper begins it", "accent"),)]
    if seen.keeper_trouble and not seen.keeper.alive:
        told = f"? it ran when its keeper went, begun at {seen.local(action.started.at)}: "
        host = shortened(seen.state.keeper.host, 40) if seen.state.keeper is not None else ""
        told += f"look on {host}" if seen.keeper.is_elsewhere and host else "the next one says how it is"
        return [((text, "unsure"),) for text in wrapped(told, width)]
    took = elapsed_s(action.started, seen.now)
    limit = f" of at most {duration(action.timeout_s)}" if action.timeout_s else ""
    spans: Line = (("» running", "accent"), (f"  {_took(took)}{limit}", "plain"), (_attempt(action), "dim"))
    lines: list[Line] = [spans]
    if action.cancel_reason:
        lines.append(((f"! being cancelled: {shortened(action.cancel_reason, 160)}", "warn"),))
    elif offers and seen.acts:
        lines = flowed((spans, (("K", "key"), (" cancels", "plain"))), width)
    # Who holds it up is read whole: a line here is never cut.
    for each in action.progress[:6]:
        first, *rest = wrapped(shortened(each, 400), max(8, width - 4))
        lines += [((f"  {first}", "accent"),), *(((f"    {text}", "accent"),) for text in rest)]
    return lines


def _took(seconds: float) -> str:
    """Seconds for the first two minutes, then minutes: so that it rests."""
    return f"{int(seconds)}s" if seconds < 120 else duration(seconds)


def _attempt(action: ActionState) -> str:
    return f"  attempt {action.attempt}" if action.attempt > 1 else ""


def _ended(seen: Seen, step: Step, known: StepState, width: int, *, offers: bool) -> list[Line]:
    action = known.action
    assert action is not None
    word, ink = _ENDS.get(action.status, (action.status, "plain"))
    facts = [f"exit {action.exit_code}"] if action.exit_code is not None else []
    # How long nobody knew is not how long it took.
    if action.started is not None and action.ended is not None and action.status != "unknown":
        facts.append(_took(elapsed_s(action.started, action.ended)))
    facts += [f"attempt {action.attempt}"] if action.attempt > 1 else []
    facts += [f"said by {shortened(action.settled_by, 20)}"] if action.settled_by else []
    lines: list[Line] = [*_mode(action), ((word, ink), (f"  {', '.join(facts)}" if facts else "", "plain"))]
    if offers and seen.is_at(step.id) and seen.acts:
        lines += next_after(seen, action, width)  # before the details, which may not all be in sight
    if action.detail:
        detail: Ink = "plain" if action.status == "succeeded" else ink
        lines += [((f"  {text}", detail),) for text in wrapped(shortened(action.detail, 400), width - 2)]
    if action.status == "unknown":
        lines += _what_is_known(seen, action, width)
    lines += verdict_rows(action.conditions, width)
    if sent := (action.sent or known.sent):
        lines += sent_lines(sent, width)
    return lines


def _what_is_known(seen: Seen, action: ActionState, width: int) -> list[Line]:
    asked = f"asked for at {seen.local(action.requested.at)} by {shortened(name_of(action.by), 20)}"
    began = f", begun at {seen.local(action.started.at)}" if action.started else ", not known to have begun"
    last = next((each for each in reversed(action.tail) if each.strip()), "")
    told = f"{asked}{began}; {f'it last said: {shortened(last, 160)}' if last else 'it said nothing'}"
    return [((f"  {text}", "plain"),) for text in wrapped(told, width - 2)]


def sent_lines(sent: dict[str, str], width: int) -> list[Line]:
    """What went where, and what of."""
    to, channel = (shortened(sent.get(key, ""), 60) for key in ("to", "channel"))
    where = f"{to or 'people'} through {channel}" if channel else to or "people"
    digest = f", digest {visible(sent['digest'][:8])}" if sent.get("digest") else ""
    return [((text, "dim"),) for text in wrapped(f"sent to {where}{digest}", width)]


def next_after(seen: Seen, action: ActionState, width: int) -> list[Line]:
    """The ways on, each with its key, from an action that ended."""
    if seen.is_stopped:
        return []
    again = action.attempt + 1
    match action.status:
        case "succeeded":
            if not gate_lets(seen):
                return [(("its gate has to pass before it is confirmed", "plain"),)]
            return [(("c", "key"), (" confirms, it succeeded", "bold"))]
        case "unknown":
            settles: Line = (("u", "key"), (" says how it ended", "bold"))
            found = find_step(seen.state.profile, action.step)
            # What has conditions is run again only once somebody said how it ended: then they are read.
            reruns: Line = (("r", "key"), (f" attempt {again}, why", "plain"))
            ways = (settles,) if found is not None and found[1].requires else (settles, reruns)
            confirms: Line = (("c", "key"), (" confirms, its gate passes", "bold"))
            return flowed((*([confirms] if gate_vouches(seen, action.step) else []), *ways, *_ELSE), width)
        case _:
            return flowed(((("r", "key"), (f" again: attempt {again}", "bold")), *_ELSE), width)


def output(action: ActionState, rows: int) -> list[Line]:
    """The last rows of what it wrote; what it is and where it is done follows further down."""
    tail = action.tail[:-1] if action.tail and not action.tail[-1] else action.tail
    if not tail or rows <= 0:
        return []
    return [(("│ ", "dim"), (visible(text), "plain")) for text in tail[-rows:]]


def whole(seen: Seen, step: Step, width: int) -> list[Line]:
    """Everything that the screen holds of it, long lines broken, and where the rest is: for a screen of its own."""
    known = seen.state.steps[step.id]
    action = known.action
    if action is None:
        return [(("it has not been run", "dim"),)]
    told = [*lines(seen, step, known, width, offers=False), *target(seen, step, width), ()]
    if action.output:
        size = f", {action.output_bytes} bytes" if action.output_bytes else ""
        digest = f", SHA-256 {action.output_sha256[:16]}…" if action.output_sha256 else ""
        where = f"{visible(action.home)}/" if action.home else ""
        told.append(((f"whole in {where}outputs/{visible(action.output)}{size}{digest}", "dim"),))
    if action.skipped_bytes:
        told.append(((f"{action.skipped_bytes} bytes of it are not shown here", "warn"),))
    told.append(())
    if not action.tail:
        return [*told, (("it wrote nothing yet" if action.is_under_way else "it wrote nothing", "dim"),)]
    return [*told, *(((part, "plain"),) for text in action.tail for part in wrapped(visible(text), width))]
