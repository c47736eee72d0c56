"""The tables of a printed document: window, contacts, roles, variables, probes."""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import replace

from cockpit.importing.blocks import Section, Table
from cockpit.importing.draft import Draft
from cockpit.importing.parsing import plain
from cockpit.importing.printed_text import Known, spans
from cockpit.profile import durations
from cockpit.profile.markdown import around, reference
from cockpit.profile.markdown.words import lasted
from cockpit.profile.model import Contact, Probe, Role, Variable, Window

Cells = dict[str, str]
_KIND = re.compile(r"([a-z][a-z0-9_]{0,60}): ?")


def rows(section: Section, draft: Draft) -> list[tuple[Cells, int]]:
    """The rows of a section's tables, each by its columns' heads (Markdown), with its line."""
    tables = [block for block in section.blocks if isinstance(block, Table)]
    for table in tables:
        draft.ledger.lay(table.first, table.last, "table")
    return [
        (dict(zip(map(plain, table.header), row.cells, strict=True)), row.line)
        for table in tables
        for row in table.rows
    ]


def window(section: Section, draft: Draft, known: Known) -> None:
    """The agreed times."""
    said = {plain(cells.get("Window", "")): plain(cells.get("Agreed", "")) for cells, _ in rows(section, draft)}
    start, end = said.get(around.START, ""), said.get(around.END, "")
    if start and end:
        agreed = Window(
            start=start,
            end=end,
            timezone=said.get(around.ZONE, "UTC"),
            days=tuple(day.lower() for day in said.get(around.DAYS, "").split(" or ") if day),
            reserve_s=lasted(said.get(around.RESERVE, "")) or 0.0,
            rollback_estimate_s=lasted(said.get(around.BACK, "")) or 0.0,
        )
        draft.window = agreed if known.sound_window(agreed) else None


def contacts(section: Section, draft: Draft, known: Known) -> None:
    """Whom to reach."""
    for cells, line in rows(section, draft):
        title, name, reach, group, order = (known.text(plain(cells.get(head, ""))) for head in around.CONTACTS)
        if not title:
            continue
        contact = Contact(
            id=draft.take_id("contacts", title, "contact"),
            title=title,
            name=name,
            reach=reach,
            group=group,
            order=int(order) if order.isdecimal() and len(order) < 5 else 0,
        )
        draft.contacts.append(contact)
        draft.ledger.give(line, line, f"contact {contact.id}")


def roles(section: Section, draft: Draft, known: Known) -> None:
    """Who does what."""
    for cells, line in rows(section, draft):
        role_id, title, people, contact = (plain(cells.get(head, "")) for head in reference.ROLES)
        if role_id in draft.roles or not re.fullmatch(r"[a-z][a-z0-9_]*", role_id):
            continue
        known.roles.setdefault(title or role_id, role_id)
        named = tuple(each.strip() for each in people.split(",") if each.strip())
        draft.roles[role_id] = Role(id=role_id, title=title, people=named, contact=known.text(contact))
        draft.ledger.give(line, line, f"role {role_id}")


def variables(section: Section, draft: Draft, known: Known) -> None:
    """Which values there are; those that nothing names are left out in the end."""
    for cells, line in rows(section, draft):
        name, source, otherwise, pattern, secret, description = (cells.get(head, "") for head in reference.VARIABLES)
        made = Variable(
            name=plain(name),
            default=next(iter(spans(otherwise)), None),
            pattern=next(iter(spans(pattern)), None),
            secret=bool(secret.strip()),
            description=plain(description),
        )
        if plain(source).startswith("environment: "):
            made = replace(made, env=plain(source).removeprefix("environment: "))
        elif plain(source).startswith("asked: "):
            made = replace(made, prompt=plain(source).removeprefix("asked: "))
        else:
            made = replace(made, value=next(iter(spans(source)), ""))
        if made.name not in known.variables:
            known.variables[made.name] = made
            draft.ledger.give(line, line, f"variable {made.name}")


def probes(section: Section, draft: Draft, known: Known) -> None:
    """What is watched, if watching it runs nothing and sends nothing."""
    for cells, line in rows(section, draft):
        made = _probe(cells)
        if made is None or made.id in known.probes:
            draft.ledger.leave(line, line, "an import takes over no probe that runs commands or queries")
            continue
        known.probes[made.id] = made
        draft.ledger.give(line, line, f"probe {made.id}")


def _probe(cells: Cells) -> Probe | None:
    probe_id, title, looks, often, passes, warns, fails, value = (cells.get(head, "") for head in reference.PROBES)
    kind = _KIND.match(plain(looks))
    if kind is None or kind[1] not in reference.READ_AGAIN or not re.fullmatch(r"[a-z][a-z0-9_]*", plain(probe_id)):
        return None
    settings = dict(_setting(each) for each in spans(looks))
    if settings.get("method", "GET") not in ("GET", "HEAD") or "body" in settings:
        return None
    parts = dict(each.rpartition(" ")[::2] for each in plain(often).replace(reference.ON_DEMAND, "demand").split(", "))
    interval = durations.seconds(parts.get("demand") or parts.get(reference.EVERY))
    timeout = durations.seconds(parts.get(reference.WITHIN, "5s"))
    failures = parts.get(reference.FAILURES, "1")
    if interval is None or timeout is None or not failures.isdecimal():
        return None
    shown = spans(value)
    return Probe(
        id=plain(probe_id),
        kind=kind[1],
        title=plain(title),
        interval_s=interval,
        timeout_s=timeout,
        fail_after=int(failures),
        on_demand="demand" in parts,
        pass_when=spans(passes),
        warn_when=spans(warns),
        fail_when=spans(fails),
        value=shown[0] if shown else "",
        unit=plain(value).removeprefix(shown[0] if shown else "").strip(),
        settings=settings,
    )


def _setting(written: str) -> tuple[str, object]:
    key, _, value = written.partition(" = ")
    try:
        return key, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return key, value
