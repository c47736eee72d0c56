"""How a page is laid out: nothing is lost, and nothing is wider than paper."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.report.paper.page import CODE, GOES_ON, WIDTH, Page
from cockpit.text import visible
from cockpit.text.cells import cells

TEXTS = st.text(st.characters(codec="utf-8"), max_size=400)


@given(TEXTS, st.integers(0, 12))
def test_code_is_put_together_again_from_its_lines(text: str, indent: int) -> None:
    page = Page()
    page.code(text, indent)
    lines = [line[indent:] for line in str(page).split("\n")[:-1]]
    again = "".join(f"\n{line[2:]}" if line.startswith(CODE[0]) else line[2:] for line in lines)[1:]
    wanted = visible(text, multiline=True).strip("\n")
    # Paper shows no spaces at the end of a line.
    assert again.replace(" ", "") == wanted.replace(" ", "")


@given(TEXTS, st.integers(0, 12))
def test_nothing_is_wider_than_the_page_and_nothing_can_act(text: str, indent: int) -> None:
    page = Page()
    page.heading(text)
    page.says(text, indent, "[ ] ")
    page.prose(text, indent)
    page.code(text, indent)
    page.fact("name", text)
    for line in str(page).split("\n"):
        assert cells(line) <= WIDTH
        assert visible(line) == line


def test_a_long_command_breaks_before_a_space_and_says_that_it_goes_on() -> None:
    page = Page()
    page.code(f"kubectl {'--flag=value ' * 8}end", 2)
    first, second, _ = str(page).split("\n")
    assert first.startswith("  | kubectl --flag=value")
    assert second.startswith(f"  {GOES_ON} --flag=value")


def test_paragraphs_are_wrapped_anew_and_lists_and_code_are_not() -> None:
    page = Page()
    page.prose("One\ntwo.\n\n- a\n- b\n  more of b\n\n```\nx\ny\n```\nafter")
    assert str(page) == "One two.\n\n- a\n- b more of b\n\n```\nx\ny\n```\nafter\n"
