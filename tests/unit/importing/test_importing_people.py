"""Contacts, owners and sign-offs of runbooks."""

from __future__ import annotations

import time

import pytest

from cockpit.importing.imported import Imported, imported
from cockpit.importing.people_words import person_of
from cockpit.importing.signing_off import role_of
from cockpit.importing.source import Source

PEOPLE = {
    "Database Administrator: [CONTACT]": ("Database Administrator", "", ""),
    "Primary: Clinic Support Team": ("Primary", "Clinic Support Team", ""),
    "Ana (DBA) – +34 600 000 000, ana@example.com": ("DBA", "Ana", "+34 600 000 000, ana@example.com"),
    "Technical Issues: [Your DevOps Team]": ("Technical Issues", "[Your DevOps Team]", ""),
    "L2: Dana Petrov (+1 555 0101)": ("L2", "Dana Petrov", "+1 555 0101"),
    "DBA - Ana, ana@example.com": ("DBA", "Ana", "ana@example.com"),
    "Ana Ruiz, DBA, ana@example.com": ("DBA", "Ana Ruiz", "ana@example.com"),
    "On-call: @ana #ops": ("On-call", "", "@ana, #ops"),
    "Slack: #incident-42": ("Slack", "", "#incident-42"),
    "Database Issues: Check the dashboard": ("Database Issues", "", "Check the dashboard"),
    "CTO: TBD": ("CTO", "", ""),
    "CTO: ____": ("CTO", "", ""),
    "Support: 0800 123 4567 ext 12": ("Support", "", "0800 123 4567 ext 12"),
    "Bridge: https://zoom.example.com/j/123": ("Bridge", "", "https://zoom.example.com/j/123"),
    "ana@example.com": ("ana@example.com", "", "ana@example.com"),
    "In case of trouble call someone who knows": ("", "", ""),
    "": ("", "", ""),
}
ROLES = {
    "Technical Lead Review": "Technical Lead",
    "Product Owner Approval": "Product Owner",
    "Compliance Review": "Compliance",
    "Database admin has reviewed and approved migrations": "Database admin",
    "QA team has verified testing results": "QA team",
    "Operations team is prepared for deployment": "Operations team",
    "Approved by: ____": "Approver",
    "Approved by: QA lead  Date: ____": "QA lead",
    "Reviewed by QA": "QA",
    "Reviewed by: ____": "Reviewer",
    "DBA: __________ Date: ____": "DBA",
    "Sign-off from the CTO": "CTO",
    "Product Manager sign-off": "Product Manager",
    "CTO": "CTO",
    "Everything was completed within the agreed window": "Approver",
}
RUNBOOK = """\
# Move the shop

## Deployment

- [ ] Drain the node (Owner: DBA)
- [ ] Tell the users (@ana)
- [ ] Switch over — Owner: Ana Ruiz

## Contacts

| Phone | Who | Role |
|---|---|---|
| +34 600 000 000 | Ana Ruiz | DBA |
| | TBD | CTO |

- Lead: [Bo Li](mailto:bo@example.com)
- Vendor
  - Phone: +1 555 010 1234
  - Email: help@example.com

Call nobody before six.

### Escalation

1. L1: @ana
2. Engineering Manager
3. CEO: [CONTACT]

## Sign-off

- [x] Technical Lead Review
- [ ] Compliance Review (if applicable)

Approved by: ________ Date: ________

| Role | Name | Signature |
|---|---|---|
| Product Owner | Cy Young | |
| Security | | |
"""


def made(text: str = RUNBOOK) -> Imported:
    return imported([Source(name="SHOP.md", lines=tuple(text.splitlines()))])


@pytest.mark.parametrize("line", PEOPLE)
def test_a_line_names_a_role_a_person_and_how_to_reach_them(line: str) -> None:
    person = person_of(line)
    assert (person.title, person.name, person.reach) == PEOPLE[line]


@pytest.mark.parametrize("words", ROLES)
def test_a_signoff_names_a_role(words: str) -> None:
    assert role_of(words) == ROLES[words]


def test_contacts_are_read_from_tables_lines_and_lists_in_their_order() -> None:
    found = [(each.title, each.name, each.reach, each.group, each.order) for each in made().profile.contacts]
    assert found == [
        ("DBA", "Ana Ruiz", "+34 600 000 000", "", 0),
        ("CTO", "", "", "", 0),
        ("Lead", "Bo Li", "bo@example.com", "", 0),
        ("Vendor", "", "+1 555 010 1234, help@example.com", "", 0),
        ("L1", "", "@ana", "Escalation", 1),
        ("Engineering Manager", "", "", "Escalation", 2),
        ("CEO", "", "", "Escalation", 3),
    ]


def test_what_names_nobody_is_not_mapped_and_says_why() -> None:
    (entry,) = [each for each in made().accounts[0].entries if each.text.startswith("Call nobody")]
    assert (entry.fate, entry.why) == ("not mapped", "it names nobody who could be reached")


def test_owners_of_items_are_roles_and_leave_the_title() -> None:
    profile = made().profile
    steps = [(step.title, step.owner) for _, step in profile.steps() if step.owner]
    assert steps == [("Drain the node", "dba"), ("Tell the users", "ana"), ("Switch over", "ana_ruiz")]
    assert {"dba", "ana", "ana_ruiz"} <= {role.id for role in profile.roles}


def test_signoffs_are_read_from_items_lines_and_tables() -> None:
    profile = made().profile
    steps = [step for _, step in profile.steps() if step.kind == "signoff"]
    assert [(step.title, step.settings["role"], step.level, bool(step.claimed)) for step in steps] == [
        ("Technical Lead Review", "technical_lead", "required", True),
        ("Compliance Review", "compliance", "optional", False),
        ("Approved by", "approver", "required", False),
        ("Product Owner", "product_owner", "required", False),
        ("Security", "security", "required", False),
    ]
    assert {role.id: role.people for role in profile.roles}["product_owner"] == ("Cy Young",)


def test_hostile_lines_are_read_at_once() -> None:
    began = time.process_time()
    for piece in ("a@", "1-", "(", "_", "@a ", "a: ", "[a](mailto:", "+1 ", "x, "):
        person_of(piece * 50_000), role_of(piece * 50_000)
    made("# x\n\n## Contacts\n\n" + "- a: [b](mailto:" * 2000 + "\n\n## Steps\n\n- do it\n")
    assert time.process_time() - began < 3.0
