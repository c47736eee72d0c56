"""The schema of what stands around the walk: targets, triggers, templates, channels, contacts, tasks, signatures."""

from __future__ import annotations

from cockpit.profile.model import Channel, Contact, Severity, Signing, Target, TargetKind, Task, Template, Trigger
from cockpit.profile.schema_parts import CONDITIONS, DURATION, FLAG, ID, TEXT, Schema, items_of, object_of, texts, words


def around() -> dict[str, Schema]:
    """The keys at the top and their schemas."""
    return {
        "alerts": TEXT,
        "signing": words(Signing),
        "allowed_signers": TEXT,
        "reviewed": FLAG,
        "revoked_keys": TEXT,
        "shared_accounts": texts(),
        "targets": items_of(object_of(Target, _target())),
        "triggers": items_of(object_of(Trigger, _trigger())),
        "templates": items_of(object_of(Template, _texts("title", "body", "to", "channel"))),
        "channels": items_of(object_of(Channel, _texts("webhook", "apprise", "unverified"))),
        "contacts": items_of(object_of(Contact, {**_texts("title", "name", "reach", "group"), "order": _ORDER})),
        "tasks": items_of(object_of(Task, {**_texts("title", "owner", "group"), "due": DURATION})),
    }


_ORDER: Schema = {"type": "integer", "minimum": 0, "maximum": 99}


def _texts(*keys: str) -> dict[str, Schema]:
    return {"id": ID, **dict.fromkeys(keys, TEXT)}


def _target() -> dict[str, Schema]:
    keys = ("dsn", "context", "namespace", "kubeconfig", "database", "system_identifier", "server", "unverified")
    return {**_texts(*keys), "kind": words(TargetKind)}


def _trigger() -> dict[str, Schema]:
    return {
        **_texts("title", "plan"),
        "when": CONDITIONS, "for": DURATION, "clear_when": CONDITIONS, "clear_for": DURATION,
        "severity": words(Severity), "armed": texts(), "suspended": texts(),
    }  # fmt: skip
