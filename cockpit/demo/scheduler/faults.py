"""What a test, or a demo, breaks in the application."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Faults:
    """Nothing is broken at first."""

    broken: bool = False
    """Version 1.0 answers everything but `/health` with 500."""
    slow_ms: float = 0.0
    access_s: int = 900
    """Lifetime of access tokens; the answer says 900 whatever it is."""
    counts_requests: bool = True
    """Whether the rate limit is more than headers."""
    refuses: bool = True
    """Whether the rate limit refuses who has none left; else it only says so."""
    believes_forwarded: bool = False
    """Whether a request is counted for whom its `X-Forwarded-For` names."""
    policy: str = "default-src 'self'; object-src 'none'; frame-ancestors 'self'"
    """The Content-Security-Policy that version 1.0 sends."""
    enables_at_once: bool = False
    """Whether version 1.0 enables new organizations itself, whatever the column's default is."""
    keeps_admin_route: bool = False
    """Whether version 1.0 still lets anybody make an administrator."""
