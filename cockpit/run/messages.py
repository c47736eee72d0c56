"""Messages to people: templates filled from the run, and the digest by which the log remembers what was said."""

from __future__ import annotations

import hashlib

from cockpit.profile.model import Step, Template
from cockpit.profile.references import fill, references
from cockpit.profile.steps import MessageSettings, settings_of
from cockpit.profile.variables import secret_names
from cockpit.run.naming import shown_values
from cockpit.run.state import RunState
from cockpit.text import visible
from cockpit.text.mentions import calling_nobody


def template_of(state: RunState, step: Step) -> Template | None:
    """The template that a message step sends, or None if the profile has none of that name."""
    name = settings_of(step, MessageSettings).template
    return next((template for template in state.profile.templates if template.id == name), None)


def filled(state: RunState, template: Template) -> tuple[str, str]:
    """Subject and body with every known name filled in; a secret stands as its name, an unknown name as it is.

    What is filled in calls nobody and links nowhere.
    """
    values = {name: calling_nobody(value) for name, value in shown_values(state).items()}
    secrets = secret_names(state.profile)
    subject = visible(fill(template.title, values, secrets=secrets))
    return subject, visible(fill(template.body, values, secrets=secrets).strip("\n"), multiline=True)


def missing(state: RunState, template: Template) -> tuple[str, ...]:
    """The names that the template uses and that have no value yet, each once."""
    known = {*shown_values(state), *secret_names(state.profile)}
    names = [name for text in (template.title, template.body) for name, _ in references(text)]
    return tuple(dict.fromkeys(name for name in names if name not in known))


def whole(subject: str, body: str) -> str:
    """The text as it is copied and as its digest is taken: the subject, an empty line, the body."""
    return f"{subject}\n\n{body}" if subject else body


def digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, hex."""
    return hashlib.sha256(text.encode()).hexdigest()
