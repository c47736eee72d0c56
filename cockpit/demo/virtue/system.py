"""The whole virtue system as a stand-in: a real PostgreSQL, the application over HTTP, a cluster for the real kubectl.

All of it listens on loopback, on free ports, in threads of the process that starts it: they end with that process,
however it ends. The database is on a server of the caller's.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from cockpit.demo import stand_in_database
from cockpit.demo.kube.api_server import ApiServer, kubeconfig
from cockpit.demo.kube.cluster import Cluster
from cockpit.demo.virtue import database
from cockpit.demo.virtue.app import OLD_IMAGE, PASSWORD, App

CONTEXT, NAMESPACE, DEPLOYMENT = "virtue-staging", "virtue", "virtue-app"
CONTACTS = (
    "DBA",
    "DEVOPS",
    "LEAD_DEVELOPER",
    "SYSTEM",
    "PRODUCT",
    "SUPPORT",
    "COMMUNICATIONS",
    "MANAGER",
    "CTO",
    "CEO",
)
"""Whom there is to reach."""
FLAGS = ("ORGANIZATIONAL_ADMIN", "ORGANIZATIONAL_COACH", "ORGANIZATIONAL_MODEL")


class System:
    """Started with the constructor, ended with `close`."""

    def __init__(self, folder: Path, admin_dsn: str) -> None:
        self._admin_dsn = admin_dsn
        self._is_closed = False
        self.dsn = database.create(admin_dsn)
        config = {"app-config": {"MAINTENANCE_MODE": "false"}, "feature-flags": dict.fromkeys(FLAGS, "false")}
        self.cluster = Cluster(NAMESPACE, DEPLOYMENT, image=OLD_IMAGE, replicas=3, config=config)
        self.app = App(self.cluster, self.dsn)
        self.api = ApiServer(self.cluster, log_of=self.app.log_of)
        self._cache = folder / "kube-cache"
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(kubeconfig(self.api.url, CONTEXT, NAMESPACE))

    def close(self) -> None:
        """End everything and take the database away. A second time it does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self.api.close()
        self.app.close()
        self.cluster.close()
        database.drop(self._admin_dsn)

    @property
    def environ(self) -> dict[str, str]:
        """What the profile's variables are read from."""
        return {
            "VIRTUE_DATABASE_URL": self.dsn,
            "VIRTUE_DATABASE_SYSTEM": stand_in_database.system_identifier(self.dsn),
            "VIRTUE_APP_URL": self.app.url,
            "VIRTUE_METRICS_URL": self.app.metrics_url,
            "VIRTUE_KUBE_CONTEXT": CONTEXT,
            "VIRTUE_KUBE_NAMESPACE": NAMESPACE,
            "VIRTUE_KUBE_SERVER": self.api.url,
            "VIRTUE_TEST_EMAIL": "sponsor-1@virtue.invalid",
            "VIRTUE_TEST_PASSWORD": PASSWORD,
            "VIRTUE_COACH_TOKEN": "token-sponsor-1@virtue.invalid",
            "VIRTUE_PRACTITIONER_TOKEN": "token-practitioner-1@virtue.invalid",
            "VIRTUE_ADMIN_TOKEN": "token-admin-1@virtue.invalid",
            "VIRTUE_MAIL_URL": self.app.webhook("mail"),
            "VIRTUE_ALERT_URL": self.app.webhook("alert"),
            **{f"VIRTUE_REACH_{name}": "at this keyboard" for name in CONTACTS},
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self._cache),
        }

    def kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The real kubectl, in the right context."""
        flags = ["--kubeconfig", str(self.kubeconfig), "--context", CONTEXT, "--namespace", NAMESPACE]
        command = ["kubectl", *flags, *arguments]
        env = {**os.environ, "KUBECACHEDIR": str(self._cache)}
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, env=env)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return stand_in_database.rows(self.dsn, statement)

    def execute(self, statement: str) -> None:
        """Do something to the database, behind everybody's back."""
        stand_in_database.rows(self.dsn, statement)

    def connections(self) -> int:
        """How many connections the application holds."""
        query = "select count(*) from pg_stat_activity where application_name = 'virtue-app' and datname = 'virtue'"
        return int(self.query(query)[0][0])


def open_system(folder: Path, admin_dsn: str) -> System:
    """Start it (about 1 s, blocking)."""
    return System(folder, admin_dsn)
