"""The three kinds of PATCH of the Kubernetes API, as far as `kubectl` uses them on Deployments and ConfigMaps."""

from __future__ import annotations

import copy
from typing import Any

JSON_PATCH, MERGE, STRATEGIC = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_MERGED_BY_NAME = ("containers", "env", "volumes")
"""Lists whose items a strategic merge finds by their `name`."""


def patched(before: Any, patch: Any, media_type: str) -> Any:
    """`before` with a patch applied; raises KeyError, IndexError, TypeError or ValueError if it does not fit."""
    after = copy.deepcopy(before)
    if media_type == JSON_PATCH:
        for operation in patch:
            after = _operated(after, operation)
        return after
    if media_type not in (MERGE, STRATEGIC):
        raise ValueError(f"{media_type} is not supported")
    return _merged(after, patch, is_strategic=media_type == STRATEGIC)


def _merged(before: Any, patch: Any, *, is_strategic: bool) -> Any:
    if not isinstance(patch, dict):
        return patch
    after = before if isinstance(before, dict) else {}
    for key, value in patch.items():
        if is_strategic and key.startswith("$"):
            continue  # directives: the order of elements, which nothing here depends on
        if value is None:
            after.pop(key, None)
        elif is_strategic and key in _MERGED_BY_NAME:
            after[key] = _merged_by_name(after.get(key, []), value)
        else:
            after[key] = _merged(after.get(key), value, is_strategic=is_strategic)
    return after


def _merged_by_name(before: list[Any], patch: list[Any]) -> list[Any]:
    items = {item["name"]: item for item in before}
    for item in patch:
        items[item["name"]] = _merged(items.get(item["name"]), item, is_strategic=True)
    return list(items.values())


def _operated(document: Any, operation: dict[str, Any]) -> Any:
    """One operation of RFC 6902: add, replace, remove or test."""
    *above, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place = document
    for part in above:
        place = place[int(part)] if isinstance(place, list) else place[part]
    key: Any = int(last) if isinstance(place, list) else last
    match operation["op"]:
        case "add" | "replace":
            place[key] = operation["value"]
        case "remove":
            del place[key]
        case "test":
            if place[key] != operation["value"]:
                raise ValueError(f"{operation['path']} is not {operation['value']!r}")
        case other:
            raise ValueError(f"the operation {other} is not supported")
    return document
