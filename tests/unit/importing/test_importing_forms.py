"""Forms, templates and plain lists become Markdown line for line, so that every number still fits."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.importing.forms import form
from cockpit.importing.imported import Imported, imported
from cockpit.importing.plain_lists import as_markdown
from cockpit.importing.source import read_source

FORM = """name: Release
description: What a release needs
title: "[Release]: "
labels: [release]
body:
  - type: markdown
    attributes:
      value: |
        ## Before
        Not on a Friday.
  - type: input
    id: version
    attributes:
      label: Version
      description: The tag
      placeholder: v1.2.3
    validations:
      required: true
  - type: dropdown
    attributes:
      label: "Environment"
      options:
        - staging
        - production
  - type: checkboxes
    attributes:
      label: Preparation
      options:
        - label: Migrations ran on staging
          required: true
        - label: >
            Support has
            been told
  - type: textarea
    attributes:
      label: Verification
      value: |
        - [ ] Invoices are complete
          - of the last hour
"""


def made(text: str, name: str = "R.md") -> Imported:
    return imported([read_source(text.encode(), name)])


def titles(made: Imported) -> list[str]:
    return [step.title for phase in made.profile.phases for step in phase.steps]


def lines(text: str) -> tuple[str, ...]:
    return as_markdown(tuple(text.split("\n"))).lines


def test_a_form_is_read_with_its_fields_and_boxes_as_steps_on_their_own_lines():
    result = made(FORM, "release.yml")
    assert result.profile.title == "Release"
    assert [phase.title for phase in result.profile.phases] == ["Before", "Preparation", "Verification"]
    assert titles(result)[:3] == ["Version", "Environment", "Migrations ran on staging"]
    assert titles(result)[-1] == "Invoices are complete"
    number = next(row for row, line in enumerate(FORM.split("\n"), 1) if "Migrations" in line)
    step = next(step for phase in result.profile.phases for step in phase.steps if "Migrations" in step.title)
    assert step.source == f"release.yml:{number}"


def test_every_line_of_a_form_is_mapped_or_called_layout():
    entries = made(FORM).accounts[0].entries
    assert [entry.text for entry in entries if entry.fate == "not mapped"] == []
    assert {entry.why for entry in entries if entry.fate == "layout"} <= {"form", "blank"}


@pytest.mark.parametrize(
    "text",
    [
        "body:\n  - type: markdown\n   broken: [",
        "body:\n  type: markdown\n",
        "# Notes\n\nbody:\n- type: markdown\n",
        "kind: Deployment\nspec: {}\n",
        "body: &a\n- type: markdown\n- *b\n",
        "body:\n- type: markdown\n" + "  - [" * 5000,
    ],
)
def test_yaml_that_is_no_form_stays_what_it_is(text: str):
    assert form(tuple(text.split("\n"))) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[ ] x", "- [ ] x"),
        ("[x] x", "- [x] x"),
        ("[] x", "- [ ] x"),
        ("[_] x", "- [ ] x"),
        ("( ) x", "- [ ] x"),
        ("- [] x", "- [ ] x"),
        ("* [ X ] x", "* [x] x"),
        ("1. ☐ x", "1. [ ] x"),
        ("☐ x", "- [ ] x"),
        ("☑ x", "- [x] x"),
        ("☑\ufe0f x", "- [x] x"),
        ("✓ x", "- [x] x"),
        ("✅ x", "- [x] x"),
        ("- ⬜ x", "- [ ] x"),
        ("  ☐ x", "  - [ ] x"),
        ("TODO: x", "- [ ] x"),
        ("TODO(ana): x", "- [ ] x"),
        ("- TODO: x", "- [ ] x"),
        ("DONE: x", "- [x] x"),
        ("• x", "- x"),
        ("\u00a0\u00a0• x", "  - x"),
        ("-\u00a0[\u00a0]\u00a0x", "- [ ] x"),
    ],
)
def test_an_item_without_markdown_becomes_one_with_it(written: str, read: str):
    assert lines(written) == (read,)


@pytest.mark.parametrize(
    "line",
    [
        "- [ ] x", "* x", "1) x", "1. x", "[link](https://x.example) and more", "[ref]: https://x.example",
        "[1] a note", "[x](y)", "# ✅ Title", "| ☐ | x |", "The ✓ marks it", "– alone, a dash", "- → x",
        "TODOs are listed", "> [ ] x", "A (b) c", "[ ](x)",
    ],
)  # fmt: skip
def test_what_markdown_knows_or_prose_says_is_not_touched(line: str):
    assert lines(f"# Title\n{line}")[1] == line


def test_code_between_fences_is_not_touched():
    text = "```\n[ ] x\n☐ y\nTODO: z\n/label ~a\nCAPITALS\n```"
    assert lines(text) == tuple(text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "Step 1: a\nStep 2: b",
        "(1) a\n(2) b",
        "1- a\n2- b",
        "1.) a\n2.) b",
        "a) a\nb) b",
        "#1 a\n#2 b",
        "SCHRITT 1 – a\nSchritt 2 – b",
    ],
)
def test_numbers_in_a_row_are_a_numbered_list(text: str):
    assert lines(text) == ("1. a", "2. b")


@pytest.mark.parametrize(
    "text", ["a) alone", "(2) two\n(4) four", "Step 1: one thing", "1-2 weeks\n2-3 weeks", "3- a\n4- b"]
)
def test_a_number_alone_or_out_of_order_is_no_list(text: str):
    assert lines(text) == tuple(text.split("\n"))


def test_headings_of_plain_text_are_headings_and_their_lines_layout():
    text = "Move of the shop\n\nBEFORE\n1) a\n\nAfter the move:\n- b\n\nLater\n~~~~~\n- c\n\nNOTE\n- d"
    result = as_markdown(tuple(text.split("\n")))
    assert [line for line in result.lines if line.startswith("#")] == [
        "# Move of the shop", "## BEFORE", "### After the move", "## Later",
    ]  # fmt: skip
    assert [(laid.first, laid.what) for laid in result.laid] == [(10, "underline")]


def test_a_text_with_headings_keeps_its_capital_lines():
    assert lines("# Plan\n\nBEFORE\n- a")[2] == "BEFORE"


def test_a_frame_above_and_below_a_title_is_layout():
    assert lines("=====\nTITLE\n=====\n\n- a") == ("", "# TITLE", "", "", "- a")


def test_commands_after_a_prompt_are_commands_of_their_item():
    scale = "   $ kubectl scale deployment shop \\\n     --replicas=0\n"
    result = made(f"RESTART\n1) Stop it\n   $ systemctl stop shop\n{scale}2) Look\n")
    commands = [step.command for phase in result.profile.phases for step in phase.steps if step.command]
    assert "systemctl stop shop" in commands[0]
    assert any("--replicas=0" in command for command in commands)
    assert all("$ " not in command for command in commands)
    assert [entry.line for entry in result.accounts[0].entries if entry.fate == "not mapped"] == []


def test_quick_actions_of_gitlab_are_layout_and_a_path_is_not():
    text = "# Change\n\n- [ ] a\n\n/label ~change\n/assign @ana\n/etc/hosts is edited by hand\n"
    entries = made(text).accounts[0].entries
    assert [(entry.line, entry.why) for entry in entries if entry.fate == "layout" and entry.text] == [
        (5, "quick action"), (6, "quick action"),
    ]  # fmt: skip
    assert entries[6].text.startswith("/etc")


def test_a_comment_that_never_ends_hides_nothing_and_is_said():
    result = made("# Plan\n\n<!-- fill in -->\n- [ ] a <!-- who?\n\n- [ ] b\n")
    assert [title.split()[0] for title in titles(result)] == ["a", "b"]
    assert [(note.line, "never ends" in note.text) for note in result.notes] == [(4, True)]


@pytest.mark.parametrize(
    "opened", ["<details><summary>If it fails</summary>", "<details>\n<summary>\nIf it fails\n</summary>"]
)
def test_what_is_folded_is_read_as_what_is_open(opened: str):
    result = made(f"# Plan\n\n- [ ] a\n\n{opened}\n- [ ] b\n</details>\n\n- [ ] c\n")
    assert titles(result) == ["a", "b", "c"]
    assert "If it fails" in result.toml
    assert "<" not in result.toml


def test_a_command_after_the_prompt_of_root_is_a_command_and_a_remark_is_none():
    assert lines("PLAN\n\n  # systemctl restart shop\n    # docker is needed here") == (
        "## PLAN", "", "  $ systemctl restart shop", "    # docker is needed here",
    )  # fmt: skip


def test_the_account_shows_the_source_as_it_was_written():
    assert [entry.text for entry in made("PLAN\n☐ a\n").accounts[0].entries] == ["PLAN", "☐ a"]


@given(st.text(st.sampled_from("☐☑✓•[] xX-*1a2b).(:#=~\n\t$/TODONE `"), max_size=120))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_whatever_is_read_has_as_many_lines_and_a_second_reading_changes_nothing_but_marks(text: str):
    given_lines = tuple(text.split("\n"))
    assert len(as_markdown(given_lines).lines) == len(given_lines)


@pytest.mark.parametrize(
    "unit", ["☐ x\n", "1- x\n", "CAPS\n\n", "a) b\n", "[ ] ", "– ", "( ", "Step 1: ", "~~~\n", "x\n---\n"]
)
def test_a_quarter_of_a_megabyte_of_one_sort_is_read_within_seconds(unit: str):
    text = unit * ((1 << 18) // len(unit))
    begun = time.process_time()
    lines("\n".join(text.split("\n")[:100_000]))
    assert time.process_time() - begun < 3.0
