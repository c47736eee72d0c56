"""All of PPM as a stand-in: a real PostgreSQL, the application on one of its platforms, Supabase's API.

Everything listens on loopback, on free ports, in threads of the process that starts it. The vendors' command lines
(vercel, render, railway, supabase) are small scripts, and say so; docker is the real one, before a stand-in of its
engine. The scripts of the backend run for real, on the database.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from cockpit.demo import stand_in_database
from cockpit.demo.ppm import database
from cockpit.demo.ppm.app import JWT_SECRET, PASSWORD, App, token
from cockpit.demo.ppm.host import DockerHost
from cockpit.demo.ppm.hosting import COMMIT, NEW, OLD, PROJECT, SERVICE, Hosting, Platform

HERE = Path(__file__).parent
KEY = "a-platform-token"


class System:
    """Started with the constructor, ended with `close`."""

    def __init__(self, folder: Path, admin_dsn: str, platform: Platform = "vercel") -> None:
        self._admin_dsn, self._folder = admin_dsn, folder
        self._is_closed = False
        self.dsn = database.create(admin_dsn)
        self.backend = folder / "backend"
        shutil.copytree(HERE / "backend", self.backend, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(HERE / "bin", folder / "bin", ignore=shutil.ignore_patterns("__pycache__"))
        for program in ("vercel", "render", "railway", "supabase"):
            (folder / "bin" / program).chmod(0o755)
        self.hosting = Hosting(platform, KEY, {})
        self.app = App(self.hosting, self.dsn)
        self.hosting.env |= self._served_env()
        self.docker = DockerHost(self.hosting, folder, self.app.url) if platform == "docker" else None
        if self.docker is not None:
            self.docker.run_before(OLD, self._served_env())
        else:
            self.hosting.deploy(OLD)

    def close(self) -> None:
        """End everything and take the database away. A second time it does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.docker is not None:
            self.docker.close()
        self.app.close()
        self.hosting.close()
        database.drop(self._admin_dsn)

    @property
    def environ(self) -> dict[str, str]:
        """What the profile's variables are read from, what its env probes look at, and where programs are."""
        reaches = ("DATABASE", "DEPLOYMENT", "USERS", "ON_CALL")
        return {
            **self._served_env(),
            "SKIP_PRE_STARTUP_TESTS": "false",
            "PRE_STARTUP_TEST_TIMEOUT": "30",
            "NEXT_PUBLIC_SENTRY_DSN": "",
            "PPM_APP_URL": self.app.url,
            "PPM_ADMIN_TOKEN": self.app.admin_token,
            "PPM_DATABASE_URL": self.dsn,
            "PPM_DATABASE": database.NAME,
            "PPM_DATABASE_SYSTEM": stand_in_database.system_identifier(self.dsn),
            "PPM_DATABASE_PASSWORD": database.PASSWORD,
            "PPM_BACKEND": str(self.backend),
            "PPM_BACKUPS": str(self._folder / "backups"),
            "PPM_PYTHON": sys.executable,
            "PPM_RELEASE": COMMIT if self.hosting.platform == "render" else NEW,
            "PPM_TEST_EMAIL": database.PERSON,
            "PPM_TEST_PASSWORD": PASSWORD,
            "PPM_ALERT_URL": f"{self.app.hook_url}/alert",
            **{f"PPM_REACH_{who}": "+39 06 0000 0000" for who in reaches},
            "VERCEL_TOKEN": KEY,
            "VERCEL_ORG_ID": "team_standin",
            "VERCEL_PROJECT_ID": PROJECT,
            "PPM_VERCEL_HOST": "ppm.vercel.invalid",
            "RENDER_API_KEY": KEY,
            "PPM_RENDER_SERVICE": SERVICE,
            "RAILWAY_API_TOKEN": KEY,
            "PPM_RAILWAY_SERVICE": "5f0c6a2e-0000-4000-8000-000000000001",
            "PPM_RAILWAY_ENVIRONMENT": "5f0c6a2e-0000-4000-8000-000000000002",
            "PPM_VERCEL_API": self.hosting.url,
            "PPM_RENDER_API": self.hosting.url,
            "PPM_RAILWAY_API": f"{self.hosting.url}/graphql/v2",
            "PPM_STAND_IN": self.hosting.url,
            "PPM_STAND_IN_LINKED": self.dsn,
            "PPM_STAND_IN_PG_DUMP": _pg_dump(),
            "DOCKER_HOST": self.docker.address if self.docker is not None else "",
            "DOCKER_CONFIG": str(self._folder / "docker"),
            "PATH": os.pathsep.join([str(self._folder / "bin"), os.environ.get("PATH", os.defpath)]),
        }

    def _served_env(self) -> dict[str, str]:
        """What the application needs, in the operator's shell and on the platform."""
        return {
            "SUPABASE_URL": self.app.supabase_url,
            "SUPABASE_SERVICE_ROLE_KEY": token("service_role"),
            "SUPABASE_ANON_KEY": token("anon"),
            "JWT_SECRET": JWT_SECRET,
            "DISABLE_BOOTSTRAP": "true",
            "ENABLE_DEVELOPMENT_MODE": "false",
        }

    def expired_token(self) -> str:
        """One that counted until an hour ago."""
        return token("authenticated", expires=timedelta(hours=-1), email=database.ADMIN)

    def register(self, email: str) -> None:
        """Somebody registers, through whatever is there to make them a profile."""
        with suppress(psycopg.errors.UniqueViolation):
            self.execute(f"insert into auth.users (email, encrypted_password) values ('{email}', '')")

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return stand_in_database.rows(self.dsn, statement)

    def execute(self, statement: str) -> None:
        """Do something to the database, behind everybody's back."""
        stand_in_database.rows(self.dsn, statement)


def open_system(folder: Path, admin_dsn: str) -> System:
    """Start it (about 1 s, blocking), on Vercel."""
    return System(folder, admin_dsn)


def _pg_dump() -> str:
    """The server's own where it brings one."""
    return str(Path(*stand_in_database.programs(), "pg_dump"))
