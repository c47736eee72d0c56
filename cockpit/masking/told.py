"""The secrets that this process was told, whoever was told them: for what it says when something goes wrong.

Errors that nobody foresaw, and what plug-ins and libraries print, pass no mask of a run. Invariant: a process that was
told a secret is closed (`closing`); telling costs nothing else, the mask is made by whoever first has to mask.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.masking.closing import close

if TYPE_CHECKING:  # patterns, which a process in which nothing goes wrong never needs
    from cockpit.masking.mask import Mask

_lock = threading.Lock()
_told: dict[str, str] = {}
"""The names by the secrets: two runs may call different ones alike."""
_masks: tuple[int, list[Mask]] = (-1, [])


def tell(secrets: Mapping[str, str]) -> None:
    """From now on these are secret here, by name."""
    if secrets:
        close()
    with _lock:
        _told.update({secret: name for name, secret in secrets.items() if secret})


def count() -> int:
    """How many there are: whoever masks a stream looks whether that changed."""
    return len(_told)


def named() -> list[dict[str, str]]:
    """The secrets by name; more than one map where different ones have one name. At least one map."""
    with _lock:
        known = list(_told.items())
    maps: list[dict[str, str]] = [{}]
    for secret, name in known:
        free = next((each for each in maps if name not in each), None)
        if free is None:
            maps.append(free := {})
        free[name] = secret
    return maps


def masked(text: str) -> str:
    """A text without what is secret here, and without what has a secret's shape."""
    global _masks
    if _masks[0] != count():
        from cockpit.masking.mask import Mask

        _masks = count(), [Mask(each) for each in named()]
    for mask in _masks[1]:
        text = mask.text(text)
    return text
