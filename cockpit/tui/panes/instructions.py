"""How a step is done: its Markdown and its command as lines, and as plain lines until those can be made.

Markdown and highlighting come from Rich and Pygments, which take longer to import than the first paint may; `plain`
needs neither. Links show their text and address and do nothing. All text is made visible before it is parsed, and
nothing of it is hidden: HTML (`<namespace>`, a comment), entities, images, references and what is struck (no ink says
so) stand there as written.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len, set_cell_size

from cockpit.tui.ink import Ink
from cockpit.tui.lines import EMPTY, Line, wrapped

if TYPE_CHECKING:
    from rich.style import Style

Language = Literal["shell", "sql"]
PROMPTS: dict[Language, str] = {"shell": "$ ", "sql": "=# "}


def plain(instructions: str, command: str, rollback: str, width: int, language: Language = "shell") -> list[Line]:
    """Everything as it is written, broken at the width."""
    lines: list[Line] = [
        ((text, "plain"),) for each in instructions.strip().split("\n") for text in wrapped(each, width)
    ]
    lines = lines if instructions.strip() else []
    if command:
        lines += [
            EMPTY,
            *(((text, "accent"),) for each in _prompted(command, language) for text in wrapped(each, width)),
        ]
    if rollback:
        lines += [EMPTY, (("if it must be undone", "bold"),)]
        lines += [((text, "dim"),) for each in rollback.strip().split("\n") for text in wrapped(each, width)]
    return lines


@lru_cache(maxsize=64)
def formatted(
    instructions: str, command: str, rollback: str, width: int, language: Language = "shell"
) -> tuple[Line, ...]:
    """The same with Markdown formatted and the command highlighted."""
    lines = list(_markdown(instructions, width)) if instructions.strip() else []
    if command:
        lines += [EMPTY, *_highlighted(command, width, language)]
    if rollback:
        lines += [EMPTY, (("if it must be undone", "bold"),), *_markdown(rollback, width)]
    return tuple(lines)


def _markdown(text: str, width: int) -> list[Line]:
    from markdown_it import MarkdownIt  # after the first paint
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=max(10, width), color_system="truecolor", force_terminal=True, legacy_windows=False)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown = Markdown("", hyperlinks=False)
    markdown.parsed = parser.disable(["entity", "image", "reference"]).parse(text.strip())
    rendered = console.render_lines(markdown, pad=False)
    lines: list[Line] = [
        tuple((segment.text, _ink(segment.style)) for segment in row if segment.text and not segment.control)
        for row in rendered
    ]
    while lines and not "".join(part for part, _ in lines[-1]).strip():
        lines.pop()
    return lines


def _ink(style: Style | None) -> Ink:
    if style is None:
        return "plain"
    if style.color is not None and not style.bold:
        return "accent" if style.color.name in ("cyan", "blue", "bright_blue") else "plain"
    if style.bold:
        return "accent" if style.color is not None and style.color.name == "cyan" else "bold"
    return "dim" if style.dim else "plain"


def _highlighted(command: str, width: int, language: Language) -> list[Line]:
    from pygments.lexers import get_lexer_by_name  # after the first paint
    from pygments.token import Token

    inks: list[tuple[Any, Ink]] = [
        (Token.Comment, "dim"),
        (Token.Literal.String, "good"),
        (Token.Name.Variable, "warn"),
        (Token.Keyword, "accent"),
        (Token.Name.Builtin, "accent"),
    ]
    lexer = get_lexer_by_name({"shell": "bash", "sql": "postgres"}[language], stripnl=False)
    rows: list[list[tuple[str, Ink]]] = [[]]
    for kind, text in lexer.get_tokens(command.strip()):
        ink: Ink = next((ink for wanted, ink in inks if kind in wanted), "plain")
        first, *rest = text.split("\n")
        if first:
            rows[-1].append((first, ink))
        rows.extend([(part, ink)] if part else [] for part in rest)
    while rows and not rows[-1]:
        rows.pop()
    prompt = PROMPTS[language]
    starts = [prompt, *([" " * len(prompt)] * len(rows))]
    return [line for start, row in zip(starts, rows, strict=False) for line in _broken(((start, "dim"), *row), width)]


def _broken(line: Line, width: int) -> list[Line]:
    """A line of code in lines of at most `width` cells, broken anywhere: a command must be readable whole."""
    broken: list[Line] = []
    current: list[tuple[str, Ink]] = []
    left = width
    for text, ink in line:
        while cell_len(text) > left:
            head = set_cell_size(text, left).removesuffix(" ") if left else ""
            # A wide character that falls on the edge goes to the next line whole; a line of its own it gets anyway.
            head = text[: len(head)] if text.startswith(head) else ""
            if not head and left >= width - 2:
                head = text[0]
            current.append((head, ink))
            broken.append(tuple(current))
            text, current, left = text[len(head) :], [("  ", "plain")], max(4, width - 2)
        current.append((text, ink))
        left -= cell_len(text)
    return [*broken, tuple(current)]


def _prompted(command: str, language: Language) -> list[str]:
    first, *rest = command.strip().split("\n")
    prompt = PROMPTS[language]
    return [prompt + first, *(" " * len(prompt) + line for line in rest)]
