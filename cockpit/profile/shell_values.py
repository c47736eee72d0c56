"""Values in shell scripts: where bash would take one for more than a text.

A script reads its values from the environment, so none is ever pasted; but what bash does with `$name` depends on where
it stands. Owns three rules, for `check`, which warns, and for whoever runs the script, who refuses such values:

- `split`: without quotes a value is split into words and expanded as a pattern, and its first dash makes an option;
- `counted`: in arithmetic (`$((n))`, `[[ $n -eq 0 ]]`, `${list[$n]}`) a value is an expression that may run commands;
- `run`: given to `eval`, `sh -c`, `source`, `trap`, `ssh` and the like, a value is a program.

Invariant: pure; nothing is executed or expanded. A script that cannot be read as bash has every value in it judged as
`split`. Time is bounded by the length of a script, which a profile limits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

import tree_sitter_bash
from msgspec import Struct
from tree_sitter import Language, Node, Parser

from cockpit.patterns import late
from cockpit.profile.arguments import INTERPRETED, READING, SHELLS, is_flag_c, program_name

Way = Literal["split", "counted", "run"]
SAID: dict[Way, tuple[str, str]] = {
    "split": ("stands without quotes: bash splits its value into words and expands `*`", 'quotes: `"${name}"`'),
    "counted": ("is calculated with: bash runs what an arithmetic value holds", "a `pattern` of digits alone"),
    "run": ("is run as a program", 'a value that is an argument: `sh -c \'… "$1"\' sh "${name}"`'),
}
"""By way: what is wrong, and what to write."""
_LANGUAGE = Language(tree_sitter_bash.language())
_LONGEST_BYTES = 256 * 1024
_NAME = late(r"\$\{?([A-Za-z_]\w*)")
_TEST_NUMBERS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_RUNS = frozenset(("eval", "source", ".", "trap", "ssh", "rsh", "watch", "xargs", "parallel", "exec"))
_COUNTS = frozenset(
    ("let", "declare", "typeset", "local", "readonly", "export", "unset", "printf", "read", "test", "[")
)
_SPLIT_ACTS = late(r"[\s*?\[\]~{}\\]|^-|^$")
_INTEGER = late(r"-?[0-9]{1,18}")
_PLAIN = late(r"(?!-)[A-Za-z0-9_@%+=:,./-]*")


class Use(Struct, frozen=True):
    """One place in a script where a value may be more than a text."""

    name: str
    way: Way
    line: int
    column: int
    """From 1, in characters of the script."""


def uses(script: str, names: Collection[str]) -> tuple[Use, ...]:
    """Every such place of these variables, in order."""
    content = script.encode("utf-8", "replace")
    if not names or not any(name in script for name in names):
        return ()
    if len(content) > _LONGEST_BYTES:
        return tuple(_all_split(script, names))
    tree = Parser(_LANGUAGE).parse(content)
    origins = _origins(tree.root_node, content, names)
    found = dict.fromkeys(_found(tree.root_node, content, origins))
    if tree.root_node.has_error:
        seen = {each.name for each in found}
        found |= dict.fromkeys(each for each in _all_split(script, names) if each.name not in seen)
    return tuple(sorted(found, key=lambda use: (use.line, use.column)))


def fits(way: Way, value: str) -> bool:
    """Whether a value is one that bash takes for nothing but a text there."""
    match way:
        case "split":
            return _SPLIT_ACTS.search(value) is None
        case "counted":
            return _INTEGER.fullmatch(value) is not None
        case _:
            return _PLAIN.fullmatch(value) is not None


def _all_split(script: str, names: Collection[str]) -> Iterator[Use]:
    for match in _NAME.finditer(script):
        if match[1] in names:
            before = script[: match.start()]
            yield Use(match[1], "split", before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1)


def _every(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting.extend(reversed(node.children))
        yield node


def _origins(root: Node, content: bytes, names: Collection[str]) -> dict[str, str]:
    """By name of a shell variable: the variable whose value it holds, itself or by an assignment (`y="$x"`)."""
    origins = {name: name for name in names}
    for node in _every(root):
        if node.type == "variable_assignment" and len(node.children) >= 3:
            name, value = _text(node.children[0], content), _text(node.children[-1], content)
            origin = next((origins[used] for used in _NAME.findall(value) if used in origins), "")
            if origin:
                origins.setdefault(name, origin)
    return origins


def _found(root: Node, content: bytes, origins: Mapping[str, str]) -> Iterator[Use]:
    for node in _every(root):
        if node.type not in ("simple_expansion", "expansion", "variable_name", "word"):
            continue
        name = _named(node, content)
        if name in origins:
            way = _way(node, content)
            if way and not (way == "split" and origins[name] != name):
                row, column = node.start_point
                line = content.split(b"\n", row + 1)[row][:column].decode("utf-8", "replace")
                yield Use(origins[name], way, row + 1, len(line) + 1)


def _named(node: Node, content: bytes) -> str:
    text = content[node.start_byte : node.end_byte].decode("utf-8", "replace")
    if node.type in ("simple_expansion", "expansion"):
        if text.startswith("${#"):
            return ""  # its length
        match = re.match(r"\$\{?!?([A-Za-z_]\w*)", text)
        return match[1] if match else ""
    return text if _is_counted(node) else ""


def _way(node: Node, content: bytes) -> Way | Literal[""]:
    if _is_counted(node):
        return "counted"
    if content[node.start_byte : node.start_byte + 3] == b"${!":
        return "counted"  # an indirect name may have an index, which is calculated
    if content[node.start_byte : node.end_byte].endswith(b"@P}"):
        return "run"  # expanded as a prompt is
    if above := _above(node, "unset_command") or _above(node, "declaration_command"):
        options = {_text(child, content) for child in above.children}
        is_counted = above.type == "unset_command" or any(re.fullmatch(r"-\w*[in]\w*", each) for each in options)
        return "counted" if is_counted else ""
    command = _above(node, "command")
    if command is not None:
        words = [_text(child, content) for child in command.children if child.type != "variable_assignment"]
        place = next((at for at, child in enumerate(_words_of(command)) if _holds(child, node)), 0)
        if _is_run(words, place):
            return "run"
        if words and words[0] in _COUNTS and _is_number(words, place):
            return "counted"
    if _compares_numbers(node, content):
        return "counted"
    if _is_fed(node, content):
        return "run"
    return "split" if _is_bare(node) else ""


def _words_of(command: Node) -> list[Node]:
    return [child for child in command.children if child.type != "variable_assignment"]


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _is_run(words: list[str], place: int) -> bool:
    programs = [program_name(word.strip("\"'")) for word in words]
    if not programs or place == 0:
        return False
    if programs[0] in _RUNS and not (programs[0] == "exec" and place > 1):
        return True
    before = words[place - 1].strip("\"'")
    shells = any(program in SHELLS for program in programs[:place]) and is_flag_c(before)
    return shells or any(before in INTERPRETED.get(program, ()) for program in programs[:place])


def _is_fed(node: Node, content: bytes) -> bool:
    """Whether it stands in what a shell or an interpreter reads as its program: a here-document, or through a pipe."""
    below, above, is_input = node, node.parent, False
    while above is not None and above.type not in ("command_substitution", "process_substitution"):
        is_input = is_input or above.type in ("heredoc_redirect", "herestring_redirect")
        if is_input and above.type in ("command", "redirected_statement"):
            return _reads_program(above, content)
        if above.type == "pipeline":
            later = [child for child in above.named_children if child.start_byte > below.end_byte]
            if any(_reads_program(child, content) for child in later):
                return True
        below, above = above, above.parent
    return False


def _reads_program(statement: Node, content: bytes) -> bool:
    """Whether a command reads its program from standard input: `bash`, `psql -q`, and not `psql -c '\\copy …'`."""
    command = next((each for each in _every(statement) if each.type == "command"), None)
    words = [_text(each, content).strip("\"'") for each in _words_of(command)] if command is not None else []
    reads = any(program_name(word) in READING for word in words)
    return reads and not any(word in ("-f", "--file") or is_flag_c(word) or word == "--command" for word in words)


def _is_number(words: list[str], place: int) -> bool:
    """Whether a word of a builtin is calculated, or names a variable whose index would be."""
    match words[0]:
        case "let":
            return place > 0
        case "test" | "[":
            return words[place - 1] == "-v"
        case "printf" | "read":
            return words[place - 1] in ("-v", "-t", "-n", "-N", "-u") or (words[0] == "read" and place > 0)
        case "unset":
            return place > 0
        case _:
            return place > 0 and any(re.fullmatch(r"[-+]\w*[in]\w*", word) for word in words[1:place])


def _compares_numbers(node: Node, content: bytes) -> bool:
    """`[[ $n -eq 0 ]]`, whether quoted or not. `[` calculates nothing; `-v` calculates an index in both."""
    test = _above(node, "test_command")
    above = node.parent
    while test is not None and above is not None and above != test:
        if above.type in ("binary_expression", "unary_expression"):
            said = {_text(child, content) for child in above.children}
            is_double = _text(test, content).startswith("[[")
            return "-v" in said or (is_double and bool(said & _TEST_NUMBERS))
        above = above.parent
    return False


def _is_counted(node: Node) -> bool:
    """Whether it stands in arithmetic: `$((…))`, `((…))`, an index, an offset of a part."""
    above, below = node.parent, node
    while above is not None:
        if above.type in ("arithmetic_expansion", "c_style_for_statement"):
            return True
        if above.type == "compound_statement" and above.children and above.children[0].type == "((":
            return True
        if above.type == "expansion" and _is_offset(above, below):
            return True
        if above.type == "subscript" and above.children and above.children[0].end_byte <= below.start_byte:
            return True
        if above.type == "command_substitution":
            return False
        below, above = above, above.parent
    return False


def _is_offset(expansion: Node, below: Node) -> bool:
    """Whether it stands behind the `:` of `${name:from:length}`."""
    before = [child.type for child in expansion.children if child.end_byte <= below.start_byte]
    return ":" in before


def _is_bare(node: Node) -> bool:
    """Whether no quotes protect it from being split."""
    above = node.parent
    while above is not None:
        match above.type:
            case "string" | "heredoc_body" | "test_command" | "case_statement" | "herestring_redirect":
                return False
            case "variable_assignment":
                return False
            case "for_statement":
                return False  # a list of words is what it is for
            case "command" | "array" | "file_redirect" | "command_name" | "redirected_statement":
                return True
            case "command_substitution" | "program" | "process_substitution":
                return True
        above = above.parent
    return True


def _above(node: Node, kind: str) -> Node | None:
    above = node.parent
    while above is not None and above.type != kind:
        if above.type in ("command_substitution", "process_substitution"):
            return None
        above = above.parent
    return above


def _text(node: Node, content: bytes) -> str:
    return content[node.start_byte : node.end_byte].decode("utf-8", "replace")
