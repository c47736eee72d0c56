"""From nodes to what stands around the walk: targets, triggers, templates, channels, contacts, tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from cockpit.profile.fields import Fields
from cockpit.profile.model import Channel, Contact, Severity, Target, TargetKind, Task, Template, Trigger
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import one_of
from cockpit.profile.unverified import KEY, reason_problems

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
TARGET_KINDS: tuple[TargetKind, ...] = get_args(TargetKind)
TARGET_KEYS: Mapping[TargetKind, tuple[str, ...]] = {
    "postgres": ("dsn", "database", "system_identifier", "unverified"),
    "kubernetes": ("context", "namespace", "kubeconfig", "server", "unverified"),
}
"""The keys of each kind of target; the first is the one that says where it is, and is required."""


def convert_target(node: Node, findings: Findings) -> Target:
    """One target: keys of another kind say nothing of it."""
    what = f"target `{node.identity or '?'}`"
    fields = Fields(node, findings, what)
    if "kind" not in node.table:
        fields.take("kind", required=True, expected=one_of(TARGET_KINDS))
    kind = fields.word("kind", TARGET_KINDS, "postgres")
    names = dict.fromkeys(key for keys in TARGET_KEYS.values() for key in keys)
    keys = {key: fields.text(key) for key in names if key in node.table}
    target = Target(id=fields.id(), kind=kind, **keys)
    fields.finish(also=list(names))
    _reason(target.unverified, node, findings)
    if "kind" not in node.table or node.table["kind"].value != kind:
        return target
    own = TARGET_KEYS[kind]
    for key in keys:
        if key not in own:
            said = f"`{key}` says nothing of a {kind} target"
            findings.add(node.table[key], said, key=True, expected=one_of(own))
    if not keys.get(own[0]):
        findings.add(node.table.get(own[0], node), f"{what} has no `{own[0]}`", expected=_WHERE[kind])
    return target


_WHERE: Mapping[TargetKind, str] = {
    "postgres": "where it is, such as `${database_url}`",
    "kubernetes": "the name of a context of the kubeconfig",
}


def _reason(reason: str, node: Node, findings: Findings) -> None:
    for sentence in reason_problems(reason):
        findings.add(node.find(KEY), sentence)


def convert_trigger(node: Node, findings: Findings) -> Trigger:
    """One trigger."""
    fields = Fields(node, findings, f"trigger `{node.identity or '?'}`")
    trigger = Trigger(
        id=fields.id(),
        title=fields.line("title") or (node.identity or ""),
        when=fields.texts("when", what="a condition"),
        for_s=fields.duration("for", 0.0),
        clear_when=fields.texts("clear_when", what="a condition"),
        clear_for_s=fields.duration("clear_for", 0.0),
        severity=fields.word("severity", SEVERITIES, "consider"),
        plan=fields.line("plan"),
        armed=fields.texts("armed", what="the id of a phase or step"),
        suspended=fields.texts("suspended", what="the id of a phase or step"),
    )
    fields.finish()
    for key in ("for", "clear_when", "clear_for"):
        if key in node.table and not trigger.when:
            said = f"{fields.what} has `{key}`, but no `when`: only a person raises it"
            findings.add(node.table[key], said, key=True, expected="`when`")
    return trigger


def convert_template(node: Node, findings: Findings) -> Template:
    """One template."""
    fields = Fields(node, findings, f"template `{node.identity or '?'}`")
    template = Template(
        id=fields.id(),
        title=fields.line("title"),
        body=fields.text("body", required=True, expected="the text to be sent"),
        to=fields.line("to"),
        channel=fields.line("channel"),
    )
    fields.finish()
    return template


def convert_channel(node: Node, findings: Findings) -> Channel:
    """One channel: exactly one way out."""
    fields = Fields(node, findings, f"channel `{node.identity or '?'}`")
    channel = Channel(
        id=fields.id(), webhook=fields.text("webhook"), apprise=fields.text("apprise"), unverified=fields.text(KEY)
    )
    fields.finish()
    _reason(channel.unverified, node, findings)
    if channel.unverified and channel.apprise:
        said = f"`{KEY}` says nothing of Apprise, whose services verify by themselves"
        findings.add(node.table[KEY], said, key=True, expected="`webhook`")
    if bool(channel.webhook) == bool(channel.apprise):
        said = "has `webhook` and `apprise`" if channel.webhook else "leads nowhere"
        place = node.table["apprise"] if channel.webhook else node
        findings.add(place, f"{fields.what} {said}", expected="exactly one of `webhook`, `apprise`")
    return channel


def convert_contact(node: Node, findings: Findings) -> Contact:
    """One contact."""
    fields = Fields(node, findings, f"contact `{node.identity or '?'}`")
    contact = Contact(
        id=fields.id(),
        title=fields.line("title") or (node.identity or ""),
        name=fields.line("name"),
        reach=fields.line("reach"),
        group=fields.line("group"),
        order=fields.count("order", 0, least=0, most=99),
    )
    fields.finish()
    return contact


def convert_task(node: Node, findings: Findings) -> Task:
    """One task of later weeks."""
    fields = Fields(node, findings, f"task `{node.identity or '?'}`")
    task = Task(
        id=fields.id(),
        title=fields.line("title", required=True, expected="what is to be done, in a line"),
        due_s=fields.duration("due", 0.0),
        owner=fields.line("owner"),
        group=fields.line("group"),
    )
    fields.finish()
    return task
