"""Looking for something that is to come, without taking the processor from whoever is to bring it."""

from __future__ import annotations

import time
from collections.abc import Iterator

PATIENCE_S = 60.0
"""How long something that is to come is waited for, until that is given up."""
HANGS_S = 30.0
"""What takes longer hangs. Nothing that is held to this would come to its end by itself in less than a minute."""
OFTEN_S = 0.005
SELDOM_S = 0.1


def looks(timeout_s: float) -> Iterator[None]:
    """A turn for each look, and one more once the time is over; the more a look costs, the longer until the next."""
    give_up = time.monotonic() + timeout_s
    while True:
        began_s, is_last = time.thread_time(), time.monotonic() >= give_up
        yield
        if is_last:
            return
        cost_s = time.thread_time() - began_s
        time.sleep(min(SELDOM_S, max(OFTEN_S, 4 * cost_s)))
