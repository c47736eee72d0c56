"""All of go-live as a stand-in: a real database, the application, the hosted platform, the payment provider.

Everything listens on loopback, on free ports, in threads of the process that starts it. Of the platform's command line
there is a stand-in in `bin/`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cockpit.demo import stand_in_database
from cockpit.demo.go_live import database, people, provider, vendor
from cockpit.demo.go_live.app import App

BIN = Path(__file__).with_name("bin")


class System:
    """Started with the constructor, ended with `close`."""

    def __init__(self, folder: Path, admin_dsn: str) -> None:
        self._admin_dsn = admin_dsn
        self._is_closed = False
        self.dsn = database.create(admin_dsn)
        self.vendor = vendor.Vendor()
        self.provider = provider.Provider()
        self.app = App(self.dsn, self.vendor, self.provider)
        self.functions = folder / "functions"
        _write(self.functions / "deployed", vendor.TOO_STRICT)
        _write(self.functions / "corrected", vendor.ENOUGH)
        self._system_identifier = stand_in_database.system_identifier(self.dsn)

    def close(self) -> None:
        """End everything and take the database away. A second time it does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        for part in (self.app, self.provider, self.vendor):
            part.close()
        database.drop(self._admin_dsn)

    @property
    def environ(self) -> dict[str, str]:
        """What the profile's variables are read from."""
        return {
            "GO_LIVE_APP_URL": self.app.url,
            "GO_LIVE_DATABASE_URL": self.dsn,
            "GO_LIVE_DATABASE": database.NAME,
            "GO_LIVE_DATABASE_SYSTEM": self._system_identifier,
            "GO_LIVE_NEWEST_MIGRATION": "20251020090000",
            "GO_LIVE_MIGRATIONS": "3",
            "GO_LIVE_TEST_TENANT": "1",
            "GO_LIVE_MANAGEMENT_URL": self.vendor.url,
            "GO_LIVE_PROJECT": vendor.PROJECT,
            "GO_LIVE_MANAGEMENT_TOKEN": vendor.TOKEN,
            "GO_LIVE_ANON_KEY": people.ANON_KEY,
            "GO_LIVE_SERVICE_KEY": people.SERVICE_KEY,
            "GO_LIVE_SUPER_ADMIN_TOKEN": people.SUPER_ADMIN,
            "GO_LIVE_OWNER_TOKEN": people.OWNER,
            "GO_LIVE_ADMIN_TOKEN": people.ADMIN,
            "GO_LIVE_STALE_TOKEN": people.STALE_OWNER,
            "GO_LIVE_PROVIDER_URL": self.provider.url,
            "GO_LIVE_PROVIDER_KEY": provider.KEY,
            "GO_LIVE_FUNCTIONS": str(self.functions / "corrected"),
            "GO_LIVE_PREVIOUS_FUNCTIONS": str(self.functions / "deployed"),
            "GO_LIVE_NOTICE_URL": f"{self.vendor.url}/hooks/notice",
            "GO_LIVE_ALERT_URL": f"{self.vendor.url}/hooks/alert",
            **{f"GO_LIVE_REACH_{team}": "+44 20 7946 0000" for team in ("DEVOPS", "SECURITY", "FINANCE")},
            "GO_LIVE_STAND_IN": self.vendor.url,
            "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
        }

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return stand_in_database.rows(self.dsn, statement)

    def execute(self, statement: str) -> None:
        """Do something to the database, behind everybody's back."""
        stand_in_database.rows(self.dsn, statement)


def _write(folder: Path, limit: int) -> None:
    """The functions' source, as far as it matters here: their one threshold."""
    shared = folder / "supabase" / "functions" / "_shared"
    shared.mkdir(parents=True)
    (shared / "concurrency.ts").write_text(f"export const REQUESTS_PER_MINUTE = {limit};\n")


def open_system(folder: Path, admin_dsn: str) -> System:
    """Start it (about 1 s, blocking)."""
    return System(folder, admin_dsn)
