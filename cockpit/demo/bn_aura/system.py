"""All of BN-Aura as a stand-in: two real databases, the application with its releases, monitoring, vendor, webhooks.

Everything listens on loopback, on free ports, in threads of the process that starts it; `pg_dump` and `pg_restore` are
the server's own where it brings them, for older ones refuse to read a newer server.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cockpit.demo import stand_in_database
from cockpit.demo.bn_aura import database, releases
from cockpit.demo.bn_aura.app import API_KEY, App
from cockpit.demo.bn_aura.beside import TOKEN, Beside


class System:
    """Started with the constructor, ended with `close`."""

    def __init__(self, folder: Path, admin_dsn: str) -> None:
        self._admin_dsn = admin_dsn
        self._is_closed = False
        self.releases = folder / "releases"
        self.backup_path = folder / "bn-aura.dump"
        self.log_path = folder / "application.log"
        self.dsn, self.test_dsn = database.create(admin_dsn)
        releases.lay_out(self.releases)
        self.app = App(self.releases, self.dsn, self.log_path)
        self.beside = Beside()

    def close(self) -> None:
        """End everything and take the databases away. A second time it does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self.app.close()
        self.beside.close()
        database.drop(self._admin_dsn)

    @property
    def environ(self) -> dict[str, str]:
        """What the profile's variables are read from."""
        return {
            "BN_AURA_APP_URL": self.app.url,
            "BN_AURA_DATABASE_URL": self.dsn,
            "BN_AURA_DATABASE": database.NAME,
            "BN_AURA_DATABASE_SYSTEM": stand_in_database.system_identifier(self.dsn),
            "BN_AURA_TEST_DATABASE_URL": self.test_dsn,
            "BN_AURA_TEST_DATABASE": database.TEST_NAME,
            "BN_AURA_API_KEY": API_KEY,
            "BN_AURA_LOGIN_EMAIL": database.PERSON,
            "BN_AURA_LOGIN_PASSWORD": database.PERSON_PASSWORD,
            "BN_AURA_PROMETHEUS": self.beside.url,
            "BN_AURA_AUTH_CONFIG": f"{self.beside.url}/v1/projects/standin/config/auth",
            "BN_AURA_MANAGEMENT_TOKEN": TOKEN,
            "BN_AURA_RELEASES": str(self.releases),
            "BN_AURA_RELEASE": releases.RELEASE,
            "BN_AURA_PREVIOUS_RELEASE": releases.PREVIOUS,
            "BN_AURA_BACKUP": str(self.backup_path),
            "BN_AURA_LOG": str(self.log_path),
            "BN_AURA_NOTICE_URL": f"{self.beside.url}/hooks/notice",
            "BN_AURA_ALERT_URL": f"{self.beside.url}/hooks/alert",
            **{f"BN_AURA_REACH_{who}": "+39 06 0000 0000" for who in ("SUPPORT", "DEVELOPMENT", "DBA")},
            "PATH": os.pathsep.join([*stand_in_database.programs(), os.environ.get("PATH", os.defpath)]),
        }

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return stand_in_database.rows(self.dsn, statement)

    def execute(self, statement: str) -> None:
        """Do something to the database, behind everybody's back."""
        stand_in_database.rows(self.dsn, statement)


def open_system(folder: Path, admin_dsn: str) -> System:
    """Start it (about 1 s, blocking)."""
    return System(folder, admin_dsn)
