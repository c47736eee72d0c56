"""Templates filled from the run: what is known goes in, what is not stays to be seen."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import PROFILE, Story

from cockpit.profile.model import Step, Template, Variable
from cockpit.profile.references import references
from cockpit.run.messages import digest, filled, missing, template_of, whole
from cockpit.text import visible
from cockpit.text.mentions import calling_nobody

NOTICE = Template(
    id="notice",
    title="${service} down on ${run.window_date}",
    body="\nFrom ${run.window_start} to ${run.window_end} ${run.timezone}: ${ticket}, $${HOME}, ${token}\n",
)
VARIABLES = (
    Variable(name="service", value="Virtue"),
    Variable(name="token", env="T", secret=True),
)
STORY = Story(replace(PROFILE, variables=VARIABLES, templates=(NOTICE,)), variables={"service": "Virtue"})


def test_known_names_are_filled_in_and_unknown_ones_stay_and_are_reported() -> None:
    subject, body = filled(STORY.state, NOTICE)
    assert subject == "Virtue down on 2026-11-21 (Saturday)"
    assert body == "From 22:00 to 02:00 UTC: ${ticket}, ${HOME}, ‹secret token›"
    assert missing(STORY.state, NOTICE) == ("ticket",)


def test_the_digest_is_of_subject_and_body_as_they_are_copied() -> None:
    assert whole("a", "b") == "a\n\nb"
    assert whole("", "b") == "b"
    assert digest("é") == hashlib.sha256("é".encode()).hexdigest()


def test_a_steps_template_is_found_by_its_name() -> None:
    step = Step(id="tell", title="Tell", kind="message", behaviour="message", settings={"template": "notice"})
    assert template_of(STORY.state, step) == NOTICE
    assert template_of(STORY.state, replace(step, settings={"template": "none"})) is None


@given(st.text(max_size=200), st.text(max_size=50))
def test_whatever_a_template_holds_the_text_is_visible_and_names_stay_unless_known(body: str, value: str) -> None:
    story = Story(
        replace(PROFILE, variables=(Variable(name="service", value="x"),)),
        variables={"service": value},
    )
    template = Template(id="t", title="${service}", body=body)
    subject, text = filled(story.state, template)
    assert subject == visible(subject)
    assert text == visible(text, multiline=True)
    assert subject == visible(calling_nobody(value))
    assert set(missing(story.state, template)) <= {name for name, _ in references(body)}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("@here @everyone,@channel", "＠here ＠everyone,＠channel"),
        ("<!channel> <!subteam^S1> <@U024BE7LH> <#C1> <@&42>", "‹!channel> ‹!subteam^S1> ‹＠U024BE7LH> ‹#C1> ‹@&42>"),
        ("<https://owned.example|the runbook>", "‹https://owned.example|the runbook>"),
        ("[the runbook](javascript:alert(1)) ![x](y) [a]: b", "[the runbook］(javascript:alert(1)) ![x］(y) [a］: b"),
        ("<b>now</b> <img src=x>", "‹b>now‹/b> ‹img src=x>"),
        (
            "ana@a.example, 3 < 4 and 5 <= 6, list[1]",
            "ana@a.example, 3 < 4 and 5 <= 6, list[1]",
        ),
    ],
)
def test_what_is_filled_in_calls_nobody_and_links_nowhere_but_the_template_may(value: str, said: str) -> None:
    assert calling_nobody(said) == said
    state = Story(
        replace(PROFILE, variables=(Variable(name="service", value="x"),)), variables={"service": value}
    ).state
    template = Template(id="t", title="${service}", body="<!here> @ops see [this](https://wiki) for ${service}")
    assert filled(state, template) == (said, f"<!here> @ops see [this](https://wiki) for {said}")
