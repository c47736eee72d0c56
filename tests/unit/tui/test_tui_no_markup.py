"""The source of the screens: no text reaches a widget of Textual's but through `literal`, and none as markup."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cockpit.tui

SOURCES = sorted(Path(cockpit.tui.__file__).parent.rglob("*.py"))
TEXT_FIRST = {
    "Static", "Label", "Button", "Option", "Checkbox", "RadioButton", "Link", "Tooltip", "Collapsible", "TabPane",
    "Tab", "Digits", "Markdown", "MarkdownViewer", "Toast", "Placeholder", "Pretty", "Log", "RichLog", "Tree",
    "DataTable",
}  # fmt: skip
"""Textual's widgets and parts of them whose first argument is shown."""
TOLD = {"update", "notify", "add_option", "add_options", "add_row", "add_column", "panic", "write_line"}
"""Methods of theirs whose first argument is."""
SHOWN_NAMES = {
    "border_title", "border_subtitle", "_border_title", "_border_subtitle", "tooltip", "placeholder", "renderable",
    "prompt", "label", "description", "sub_title",
}  # fmt: skip
"""Attributes and arguments that are."""
OURS = {"Choice", "Key"}
"""Values of ours with arguments of such names; what is shown of them is made literal where it is."""
FIXED = {"Binding", "SystemCommand"}
"""What help and the command palette show: words that stand in the source."""
MAKERS = {"Content", "Text", "Markup", "from_markup", "to_content", "render_markup"}
"""What makes something shown of a text."""
WRITERS = {"print", "write", "writelines"}
"""What writes to the terminal, or past it."""
WRITTEN_IN = {
    "terminal.py": "the plain screen, made visible; and a title given back",
    "guarded.py": "the clipboard, as `outgoing` makes it",
    "widgets/patient.py": "what `outgoing` lets through",
    "widgets/frugal.py": "a pen that gathers a frame",
}
"""File: what it writes."""
ALLOWED: dict[tuple[str, str], str] = {
    ("widgets/literal.py", "Content"): "the one place where it is made",
    ("panes/instructions.py", "Markdown"): "Rich's, rendered to spans, which the pane makes visible",
    ("keymap.py", "Binding"): "made of the key map, whose words stand there",
    ("app.py", "SystemCommand"): "made of the key map",
}
"""File and name: why."""


def source_of(path: Path) -> str:
    return str(path.relative_to(Path(cockpit.tui.__file__).parent))


def name_of(call: ast.expr) -> str:
    return call.attr if isinstance(call, ast.Attribute) else call.id if isinstance(call, ast.Name) else ""


def is_literal(value: ast.expr | None) -> bool:
    """Whether an argument is nothing, `literal(…)`, one of two such, or a text that stands in the source."""
    match value:
        case None:
            return True
        case ast.Constant():
            return not isinstance(value.value, str) or "[" not in value.value
        case ast.Call(func=func):
            return name_of(func) == "literal"
        case ast.IfExp(body=body, orelse=orelse):
            return is_literal(body) and is_literal(orelse)
        case _:
            return False


def found_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What gives a text to Textual by another way, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=args, keywords=keywords):
                name = name_of(func)
                first = args[0] if args else None
                if name in MAKERS:
                    yield name, node.lineno
                if name in TEXT_FIRST and not is_literal(first):
                    yield name, node.lineno
                if name in TOLD and len(args) == 1 and not is_literal(first):
                    yield name, node.lineno
                if name in FIXED and not all(isinstance(each, ast.Constant) for each in args):
                    yield name, node.lineno
                for each in keywords if name not in OURS else ():
                    shown = each.arg in SHOWN_NAMES or (each.arg == "content" and name in TEXT_FIRST)
                    if (shown and not is_literal(each.value)) or each.arg == "markup":
                        yield str(each.arg), node.lineno
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Attribute) and target.attr in SHOWN_NAMES and not is_literal(value):
                        yield target.attr, node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=source_of)
def test_every_text_that_a_widget_shows_is_made_literal(path: Path) -> None:
    where = source_of(path)
    wrong = [
        f"{where}:{line}: {name}"
        for name, line in found_in(ast.parse(path.read_text(encoding="utf-8")))
        if (where, name) not in ALLOWED
    ]
    assert wrong == [], "give it as `literal(…)`, or say in ALLOWED why it needs none"


def test_the_terminal_is_written_to_where_it_is_known_what_is_written() -> None:
    calls = (
        (source_of(path), name_of(node.func))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    assert {where for where, name in calls if name in WRITERS} == set(WRITTEN_IN)


@pytest.mark.parametrize(
    "line",
    [
        "Static(text)", "Static(f'{text}')", "Static('[b]x')", "Static(content=text)", "widgets.Label(visible(text))",
        "Option(each.label, id=each.id)", "self.query_one('#a', Static).update(text)", "self.notify(text)",
        "self.border_title = text", "box._border_title = text if text else None", "self.tooltip = text",
        "Input(placeholder=text)", "Content(visible(text))", "Content.from_markup(text)",
        "Static(literal(a), markup=True)", "rich.text.Text(text)",
        "Binding('x', 'act', title)", "SystemCommand(step.title, 'help', run)",
        "RichLog(markup=True)", "OptionList().add_option(text)",
    ],
)  # fmt: skip
def test_a_text_given_otherwise_is_found(line: str) -> None:
    assert list(found_in(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "Static(literal(text))", "Static(id='about')", "Static('plain')", "known.update(other, more)",
        "box._border_title = literal(title) if title else None", "Input(typed, placeholder='words')",
    ],
)  # fmt: skip
def test_a_text_that_is_literal_is_not(line: str) -> None:
    assert list(found_in(ast.parse(line))) == []
