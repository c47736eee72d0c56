"""What can be made to go wrong in the demo, and at which step it shows."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

FaultName = Literal["empty-backup", "migration-fails", "version-mismatch", "slow-api", "errors-after-rollout"]


class Fault(Struct, frozen=True):
    """One thing that goes wrong."""

    name: FaultName
    step: str
    """Id of the step whose gate stays blocked."""
    doc: str


FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("empty-backup", "backup", "the backup's file is there, but it is empty"),
        Fault(
            "migration-fails",
            "migrate",
            "one order has a region that no currency belongs to, so the migration rolls back",
        ),
        Fault("version-mismatch", "rollout", "the new release is on disk, but the old program comes up again"),
        Fault("slow-api", "watch", "the new version takes 0.9 s for an order"),
        Fault("errors-after-rollout", "watch", "the new version loses one order in four"),
    )
}
"""By name, in the order of the walk."""

assert set(FAULTS) == set(get_args(FaultName)), "every name has its fault"


def described() -> str:
    """Every fault with its step, one a line."""
    width = max(map(len, FAULTS))
    return "\n".join(f"{fault.name:<{width}}  at {fault.step}: {fault.doc}" for fault in FAULTS.values())
