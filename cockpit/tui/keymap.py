"""Every key in one place: bindings, the hints at the bottom, help and the command palette are all made from this.

A key that acts is bound to `act`, which waits for it to come alone; the others only show things.
"""

from __future__ import annotations

from msgspec import Struct
from textual.binding import Binding, BindingType


class Key(Struct, frozen=True):
    """One key: Textual's name for it, the action, the word in the hints (`…` if a question follows), what it does."""

    name: str
    action: str
    word: str
    does: str
    shown: str = ""
    """How the key is written; empty: as its name."""

    @property
    def label(self) -> str:
        """The key as people read it."""
        return self.shown or self.name


LIVE: dict[str, Key] = {
    "run": Key("r", "act('run')", "run", "run the step, send its message, or try it again"),
    "confirm": Key("c", "act('confirm')", "confirm", "confirm the step, enter or leave the phase"),
    "cancel": Key("K", "act('cancel')", "cancel…", "cancel what is running, with a reason"),
    "settle": Key("u", "act('settle')", "how it ended…", "say how it ended, or which of two sides counts, if unknown"),
    "end_wait": Key("e", "act('end_wait')", "end early…", "end a wait early, or begin a stopped one again"),
    "approve": Key("a", "act('approve')", "approve", "approve, or agree as the second person; from any seat"),
    "waive": Key("w", "act('waive')", "waive…", "go on without the second person, or a signature, with a reason"),
    "sign": Key("S", "act('sign')", "sign", "sign what waits for a signature of yours, or try again"),
    "rollback": Key("b", "act('rollback')", "roll back…", "the ways back, and which one fits; or forward again"),
    "answer": Key("g", "act('answer')", "go on…", "go on in spite of what fired, with a reason"),
    "raise": Key("exclamation_mark", "act('raise')", "raise…", "say that something is wrong that no probe sees", "!"),
    "skip": Key("s", "act('skip')", "skip…", "skip the step, with a reason"),
    "override": Key("o", "act('override')", "override…", "override the gate, with a reason"),
    "outside": Key("d", "act('outside')", "outside…", "record that it was done outside, with a reason"),
    "note": Key("n", "act('note')", "note…", "write a note"),
    "hold": Key("h", "act('hold')", "hold…", "hold the line, or release it, with a reason"),
    "jump": Key("j", "act('jump')", "jump…", "jump to another step, with a reason"),
    "reopen": Key("x", "act('reopen')", "reopen…", "reopen a settled step, with a reason"),
    "probe": Key("full_stop", "act('probe')", "probe now", "read the probes now; or start the keeper again", "."),
    "pen": Key("P", "act('pen')", "pen…", "offer the pen, or accept it, ask for it, act here again: what fits now"),
    "take": Key("T", "act('take')", "take pen…", "take the pen from who is gone or silent; who has it keeps it"),
    "elsewhere": Key("W", "act('elsewhere')", "elsewhere…", "go on elsewhere or offline, if nothing can be written"),
    "finish": Key("F", "act('finish')", "finish…", "finish the run"),
    "abort": Key("A", "act('abort')", "abort…", "abort the run, with a reason"),
    "copy": Key("y", "copy", "copy", "send the command or the message to your terminal's clipboard"),
    "plain": Key("Y", "print_plain", "plain", "show the command or the message on the plain screen"),
    "output": Key("v", "read('output')", "output", "what the step's action wrote, as far back as the screen holds it"),
    "probes": Key("p", "read('probes')", "probes", "all probes, with why they are not well"),
    "log": Key("l", "read('log')", "log", "the log, as far back as the screen holds it"),
    "company": Key("i", "read('company')", "who is here", "who is here and where they look; who left lately"),
    "contacts": Key("C", "read('contacts')", "contacts", "whom to reach, in the order of escalation"),
    "ready": Key("R", "read('ready')", "ready", "what is missing before the window"),
    "theme": Key("t", "theme", "theme", "dark or light"),
    "help": Key("question_mark", "read('help')", "help", "all keys", "?"),
    "leave": Key("q,ctrl+q", "leave", "detach", "close the screen; the run goes on", "q"),
}
"""Of a live run, by what they do."""

READING: dict[str, Key] = {
    "next": Key("down", "select(1)", "steps", "show the next step, without acting", "↓"),
    "before": Key("up", "select(-1)", "steps", "show the step before, without acting", "↑"),
    "now": Key("home", "select(0)", "back to now", "back to the step that is due", "Home"),
    "read_on": Key("pagedown", "scroll_step(5)", "read on", "read on in the step", "PgDn"),
    "read_back": Key("pageup", "scroll_step(-5)", "read back", "read back in the step", "PgUp"),
}
"""Of every run's screen."""

REPLAY: dict[str, Key] = {
    "play": Key("space", "play", "play", "play, or pause", "Space"),
    "faster": Key("plus,equals_sign", "speed(1)", "speed", "faster, up to 600x", "+"),
    "slower": Key("minus", "speed(-1)", "speed", "slower, down to 1x", "-"),
    "back": Key("left", "step(-1)", "event", "event before", "←"),
    "on": Key("right", "step(1)", "event", "next event", "→"),
    "ten_back": Key("shift+left,less_than_sign", "step(-10)", "ten", "ten events back", "⇧← <"),
    "ten_on": Key("shift+right,greater_than_sign", "step(10)", "ten", "ten events on", "⇧→ >"),
    "move_back": Key("left_square_bracket", "turn('step', -1)", "step", "to where the run last came to a step", "["),
    "move_on": Key("right_square_bracket", "turn('step', 1)", "step", "to where the run came to the next step", "]"),
    "phase_back": Key("left_curly_bracket", "turn('phase', -1)", "phase", "to where the run last came to a phase", "{"),
    "phase_on": Key("right_curly_bracket", "turn('phase', 1)", "phase", "to where the run came to the next phase", "}"),
    "mark_back": Key("comma", "mark(-1)", "mark", "to the mark before", ","),
    "mark_on": Key("full_stop", "mark(1)", "mark", "to the next mark", "."),
    "first": Key("home", "end(0)", "first", "to the first event", "Home"),
    "last": Key("end", "end(1)", "last", "to the end; of a live run, follow it", "End"),
    "go": Key("g", "app.jump('')", "go to…", "go to a time, a step, @person, #seq, !mark, or /words"),
    "find": Key("slash", "app.jump('/')", "find…", "look for words in what happened", "/"),
    "again": Key("n", "app.again(1)", "again", "the next that was looked for"),
    "again_back": Key("N", "app.again(-1)", "again", "the last before that was looked for"),
    "note": Key("m", "note", "note", "note this moment, to tell the difference from it"),
    "difference": Key("d", "app.difference", "difference", "what is otherwise than at the moment that was noted"),
    "skips": Key("S", "skip", "skip idle", "skip what is idle while playing, or do not"),
    "stops": Key("M", "stop_at_marks", "stop at marks", "pause at marks while playing, or do not"),
    "zone": Key("z", "zone", "zone", "times in UTC, in the window's zone, or in yours"),
    "probes": Key("p", "app.read('probes')", "probes", "all probes, as they were"),
    "output": Key("v", "app.read('output')", "output", "what the step's action had written"),
    "log": Key("l", "app.read('log')", "log", "the log up to here"),
    "company": Key("i", "app.read('company')", "who was here", "who was here, and where they looked"),
    "contacts": Key("C", "app.read('contacts')", "contacts", "whom to reach, in the order of escalation"),
    "now": Key("escape", "select(0)", "back", "back to the step at which the run stood", "Esc"),
    "theme": Key("t", "app.theme", "theme", "dark or light"),
    "help": Key("question_mark", "app.read('help')", "help", "all keys", "?"),
    "leave": Key("q,ctrl+q,ctrl+c", "app.leave", "quit", "close", "q"),
}
"""Of a replay."""


def bindings(keys: dict[str, Key], *, priority: bool = False) -> list[BindingType]:
    """Textual's bindings for these keys."""
    return [Binding(key.name, key.action, key.does, key_display=key.label, priority=priority) for key in keys.values()]
