"""What the code of a runbook left behind while it is read: what later code and samples refer to."""

from __future__ import annotations

from msgspec import Struct, field

from cockpit.importing.shell_tree import Patience


class Recent(Struct, kw_only=True):
    """Of one draft."""

    patience: Patience = field(default_factory=Patience)
    source: str = ""
    last_line: int = 0
    """Of the fence read last, in `source`."""
    phase_id: str = ""
    step_ids: list[str] = field(default_factory=list)
    """The steps of that fence."""
    probe_ids: list[str] = field(default_factory=list)
    """The probes of that fence."""
    asked: dict[str, set[str]] = field(default_factory=dict)
    """Every `http` probe with the words that were said of it, in the order they were met."""

    def is_near(self, source: str, line: int, phase_id: str) -> bool:
        """Whether a line comes shortly after the last fence, and in the same phase."""
        return self.source == source and self.phase_id == phase_id and 0 < line - self.last_line <= 8
