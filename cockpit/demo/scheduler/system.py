"""The whole scheduler system before its launch: version 0.9 runs, unmigrated, without an administrator.

A real PostgreSQL behind a TLS pooler, the application over HTTP, an Engine API for the real `docker`, the real `npm`
on a small source, a monitoring with a token. All of it on loopback, in threads of the process that opens it.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from cockpit.demo import stand_in_database
from cockpit.demo.scheduler import database, source
from cockpit.demo.scheduler.app import ORIGIN, App
from cockpit.demo.scheduler.beside import METRICS_TOKEN, Beside
from cockpit.demo.scheduler.certificate import issue
from cockpit.demo.scheduler.engine import NAME, Engine
from cockpit.demo.scheduler.pooler import Pooler
from cockpit.demo.web import LOOPBACK

DATABASE_PASSWORD = "kD3vQ8zLw1XrT6bNq2Ys"
# Random once, so that every night is alike.
ACCESS_SECRET = "9f2c7be04a51d8e36c0f1ab7d2945e83c6b10f7ea934d25b8e07c1f46a3d9b52"
REFRESH_SECRET = "b7340e9d5ac218f6e1d07b83fc264a95083e6fd1b92c47ea05d8c3169fe27ab4"
CONTACTS = ("ON_CALL", "LEAD", "DBA", "SUPPORT", "OWNER")


class System:
    """Started with the constructor, ended with `close`."""

    def __init__(self, folder: Path, admin_dsn: str) -> None:
        self._admin_dsn, self._closed = admin_dsn, False
        self.folder = folder
        self.direct_dsn = database.create(admin_dsn)
        """The server itself, past the pooler."""
        certificate, self.authority = issue(folder)
        where = psycopg.conninfo.conninfo_to_dict(admin_dsn)
        socket = Path(str(where["host"])) / f".s.PGSQL.{where.get('port') or 5432}"
        self.pooler = Pooler(socket, certificate, {database.ROLE: DATABASE_PASSWORD})
        self.engine = Engine({"JWT_SECRET": "secret", "JWT_REFRESH_SECRET": "secret"})
        self.log_path = folder / "application.log"
        self.app = App(self.engine, self.direct_dsn, self.log_path)
        self.beside = Beside(self.app)
        self.source = source.check_out(folder)
        self.backups = folder / "backups"
        self._back_up_daily()

    @property
    def dsn(self) -> str:
        """The database as everybody reaches it: encrypted, with a password."""
        return (
            f"postgresql://{database.ROLE}:{DATABASE_PASSWORD}@{LOOPBACK}:{self.pooler.port}/{database.NAME}"
            f"?sslmode=verify-full&sslrootcert={self.authority}"
        )

    @property
    def environ(self) -> dict[str, str]:
        """What the profile's variables are read from, and what the programs need."""
        own = {
            "DATABASE_URL": self.dsn,
            "APP_DATABASE_URL": f"{self.dsn}&application_name=scheduler-api",
            "DATABASE_HOST": LOOPBACK,
            "DATABASE_PORT": str(self.pooler.port),
            "DATABASE_CA": str(self.authority),
            "DATABASE_SYSTEM": stand_in_database.system_identifier(self.direct_dsn),
            "BACKUP_URL": self.direct_dsn,
            "BACKUP_DIR": str(self.backups),
            "APP_URL": self.app.url,
            "ORIGIN": ORIGIN,
            "METRICS_URL": f"{self.beside.url}/figures",
            "METRICS_TOKEN": METRICS_TOKEN,
            "ENGINE": NAME,
            "SOURCE": str(self.source),
            "LOG": str(self.log_path),
            "LOG_DIR": str(self.folder),
            "JWT_SECRET": ACCESS_SECRET,
            "JWT_REFRESH_SECRET": REFRESH_SECRET,
            "USER_EMAIL": database.USER_EMAIL,
            "USER_PASSWORD": database.USER_PASSWORD,
            "ADMIN_EMAIL": database.ADMIN_EMAIL,
            "ADMIN_PASSWORD": database.ADMIN_PASSWORD,
            "ADMIN_HASH": database.hashed(database.ADMIN_PASSWORD),
            "MAIL_URL": f"{self.beside.url}/hooks/mail",
            "ALERT_URL": f"{self.beside.url}/hooks/alert",
            **{f"REACH_{name}": "+49 30 000000" for name in CONTACTS},
        }
        return {f"SCHEDULER_{name}": value for name, value in own.items()} | {
            "DOCKER_HOST": self.engine.host,
            "DOCKER_CONFIG": str(self.folder / "docker"),
            "DOCKER_BUILDKIT": "0",  # the stand-in speaks the classic builder's protocol
            "npm_config_registry": self.beside.url,
            "npm_config_cache": str(self.folder / "npm"),
            "npm_config_update_notifier": "false",
            "PATH": os.pathsep.join(
                [*stand_in_database.programs(), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
            ),
        }

    def close(self) -> None:
        """End everything and take the database away."""
        if self._closed:
            return
        self._closed = True
        self.app.close()
        self.beside.close()
        self.engine.close()
        self.pooler.close()
        database.drop(self._admin_dsn)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return stand_in_database.rows(self.direct_dsn, statement)

    def execute(self, statement: str) -> None:
        """Do something to the database, behind everybody's back."""
        stand_in_database.rows(self.direct_dsn, statement)

    def _back_up_daily(self) -> None:
        """A backup a day of the last thirty; tonight's is not made yet."""
        self.backups.mkdir()
        now = datetime.now(UTC)
        for days in range(1, 31):
            made = now - timedelta(days=days, hours=-4)
            path = self.backups / f"{made:%Y-%m-%dT%H%M}-daily.dump"
            path.write_bytes(b"PGDMP" + b"\0" * 4096)
            os.utime(path, (made.timestamp(), made.timestamp()))


def open_system(folder: Path, admin_dsn: str) -> System:
    """Start everything; blocking, about half a second."""
    return System(folder, admin_dsn)
