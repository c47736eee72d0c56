"""A shown command as a script for bash: what stood there to be filled in is read from the environment.

Invariant: a value stays one word, and is read by no interpreter. Where that cannot be had by quotes alone (the text of
another program, arithmetic, a command's name) the step is refused; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_bash
from msgspec import Struct
from tree_sitter import Language, Node, Parser

from cockpit.errors import ImportRefused

_PARSER = Parser(Language(tree_sitter_bash.language()))
_PIECE = re.compile(r"\$\$\{|\$\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}")
_BY_HAND = 'write it by hand: `kind = "command"` and `script`, with the value from the environment'
_SHELLS = ("bash", "sh", "zsh", "dash", "ksh", "fish", "ssh", "su")
_READERS = (
    *_SHELLS, "psql", "mysql", "mariadb", "sqlite3", "mongo", "mongosh", "redis-cli", "sqlplus", "python", "python3",
    "perl", "ruby", "node", "php",
)  # fmt: skip
"""Programs that take programs, from standard input as well."""
_INTERPRETERS = frozenset(
    (*_READERS, "awk", "gawk", "mawk", "sed", "jq", "yq", "eval", "let", "source", ".", "trap", "watch", "find",
     "xargs", "parallel", "declare", "typeset", "local", "printf", "test", "unset", "read")
)  # fmt: skip
"""And those that take one as an argument, builtins that evaluate a name among them."""
_PLAIN_OPTIONS = ("-h", "-p", "-U", "-d", "--host", "--port", "--username", "--dbname")
"""Of psql, before what is no SQL."""
_WRAPPERS = frozenset(("sudo", "env", "nohup", "time", "command", "exec", "timeout", "nice", "stdbuf", "setsid",
                       "doas", "runuser", "chroot", "nsenter", "busybox", "xargs"))  # fmt: skip
_CONTAINERS = frozenset(("docker", "podman", "nerdctl", "kubectl", "oc", "docker-compose", "compose"))
_QUOTABLE = frozenset(("command", "variable_assignment", "file_redirect", "herestring_redirect", "for_statement",
                       "array", "case_statement"))  # fmt: skip
_STATEMENTS = frozenset(("command", "pipeline", "redirected_statement", "declaration_command", "unset_command"))


class Script(Struct, frozen=True, kw_only=True):
    """What bash is to run."""

    text: str
    """As `script` holds it: `$${` for bash's own `${`."""
    reads: tuple[str, ...]
    """Names of the profile whose values it reads."""
    cautions: tuple[str, ...] = ()
    """What a person should know before it is turned on."""


class _Place(Struct, frozen=True):
    name: str
    start: int
    end: int
    """Bytes of the text as bash reads it."""


def script_of(command: str) -> Script:
    """The script that does what the command says. Raises ImportRefused where no quotes make it so."""
    text, places = _as_bash_reads(command)
    raw = text.encode()
    root = _PARSER.parse(raw).root_node
    if root.has_error:
        raise ImportRefused("bash would not read it as it stands", hint="correct `command`, then try again")
    names = {place.name.replace(".", "_") for place in places}
    own = {(place.start, place.end) for place in places}
    for node in _every(root):
        if node.type == "variable_name" and _said(node) in names and not _within(node, own):
            raise ImportRefused(
                f"it has a variable `{_said(node)}` of its own, and the profile has one too",
                hint="give one of them another name",
            )
    pieces, done = [], 0
    for place in places:
        pieces += [_escaped(raw[done : place.start]), _quoted(root, place)]
        done = place.end
    pieces.append(_escaped(raw[done:]))
    return Script(
        text="".join(pieces), reads=tuple(dict.fromkeys(place.name for place in places)), cautions=_cautions(root)
    )


def _as_bash_reads(command: str) -> tuple[str, list[_Place]]:
    """The text with `$${` as `${`, and where it has the profile's names (a dot in one as `_`)."""
    text, places, done = "", list[_Place](), 0
    for match in _PIECE.finditer(command):
        text += command[done : match.start()]
        done = match.end()
        start = len(text.encode())
        text += "${" if match[1] is None else match[0].replace(".", "_")
        if match[1] is not None:
            places.append(_Place(match[1], start, len(text.encode())))
    return text + command[done:], places


def _escaped(raw: bytes) -> str:
    return raw.decode().replace("${", "$${")


def _quoted(root: Node, place: _Place) -> str:
    """What to write for a reference where it stands."""
    node = root.descendant_for_byte_range(place.start, place.end)
    assert node is not None, "the text holds it"
    reference = f"${{{place.name}}}"
    if node.type == "comment":
        return reference
    _require_data(node, place)
    if node.type == "raw_string":
        return f"'\"{reference}\"'"
    if node.type != "expansion" or (node.start_byte, node.end_byte) != (place.start, place.end):
        raise _refused(place, "stands where bash fills nothing in")
    parent = node.parent
    assert parent is not None, "an expansion is part of a command"
    if parent.type in ("string", "heredoc_body"):
        return reference
    if parent.type == "concatenation":
        parent = parent.parent
    if parent is None or (parent.type not in _QUOTABLE and not _is_plain_test(parent)):
        raise _refused(place, "stands where its value could act")
    return f'"{reference}"'


def _is_plain_test(node: Node) -> bool:
    """Within `[ … ]`, which compares texts; `[[ … ]]` evaluates some."""
    while node.parent is not None and node.type in (
        "binary_expression",
        "unary_expression",
        "parenthesized_expression",
    ):
        node = node.parent
    return node.type == "test_command" and _said(node).startswith("[ ")


def _require_data(node: Node, place: _Place) -> None:
    """Raise ImportRefused if the value would be a program, be part of one, or choose one."""
    statement = command = None
    above: Node | None = node
    while above is not None:
        if above.type in ("arithmetic_expansion", "subscript", "regex", "ansi_c_string", "command_name"):
            raise _refused(place, "stands where its value could act")
        if above.type in ("command", "declaration_command", "unset_command") and command is None:
            command = above
        if above.type in _STATEMENTS:
            statement = above
        above = above.parent
    if statement is None:
        return
    if command is not None:
        words = [each for each in command.named_children if each.type != "variable_assignment"]
        _require_argument([_program(each) for each in words if each.end_byte <= place.start], place)
    for each in _every(statement):
        if each.type == "command":
            started = _started([_program(word) for word in each.named_children if word.type != "variable_assignment"])
            program = next((word for word in started if word in _READERS), "")
            if program and not _is_plain_option(statement, place):
                raise _refused(place, f"is part of what `{program}` reads as a program")


def _require_argument(before: list[str], place: _Place) -> None:
    named = [word for word in before if not (word[:1] in "-0123456789" or "=" in word or word in _WRAPPERS)]
    if before and not named:
        raise _refused(place, f"would choose what `{before[0]}` runs")
    if (program := next((word for word in _started(before) if word in _INTERPRETERS), "")) and not (
        program == "psql" and before[-1] in _PLAIN_OPTIONS
    ):
        raise _refused(place, f"is part of what `{program}` reads as a program")


def _started(words: list[str]) -> list[str]:
    """Of a command's words those that may name a program: all of them, where the first runs others."""
    runs_others = words[:1] and (
        words[0] in _WRAPPERS or (words[0] in _CONTAINERS and any(word in ("exec", "run", "debug") for word in words))
    )
    return words if runs_others else words[:1]


def _is_plain_option(statement: Node, place: _Place) -> bool:
    """Whether a reference is the value of one of psql's options that hold no SQL."""
    for each in _every(statement):
        if each.type == "command" and each.start_byte <= place.start and place.end <= each.end_byte:
            before = [_said(word) for word in each.named_children if word.end_byte <= place.start]
            if before and before[0] == "psql" and before[-1] in _PLAIN_OPTIONS:
                return True
    return False


def _cautions(root: Node) -> tuple[str, ...]:
    """What is different from typing it."""
    found: dict[str, None] = {}
    for node in _every(root):
        words = _said(node).split() if node.type in ("command", "declaration_command") else []
        if not words:
            continue
        name = words[0].rsplit("/", 1)[-1]
        if name in ("cd", "export", "source", ".", "alias", "ulimit", "umask") and node.parent == root:
            found[f"`{name}` changes the shell of this step alone: the next step has another"] = None
        if name in ("vi", "vim", "nano", "less", "more", "top", "htop", "watch") or (
            any(word in ("-it", "-ti", "--tty") for word in words)
        ):
            found[f"`{name}` wants a terminal, and a step has none"] = None
        follows = name in ("tail", "journalctl") or (name in ("kubectl", "docker") and "logs" in words)
        if follows and any(word in ("-f", "--follow") for word in words):
            found[f"`{name}` may follow without an end: `timeout` ends it"] = None
        if name == "sudo":
            found["`sudo` cannot ask for a password here"] = None
    return tuple(found)


def _refused(place: _Place, why: str) -> ImportRefused:
    return ImportRefused(f"`${{{place.name}}}` {why}", hint=_BY_HAND)


def _every(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += each.children


def _within(node: Node, spans: set[tuple[int, int]]) -> bool:
    parent = node.parent
    return parent is not None and (parent.start_byte, parent.end_byte) in spans


def _program(node: Node) -> str:
    """The word as the name of a program: without its folder and quotes."""
    return _said(node).strip("'\"").rsplit("/", 1)[-1]


def _said(node: Node) -> str:
    return (node.text or b"").decode()
