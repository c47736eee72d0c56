"""A scene full of secrets: a profile with one wherever one is allowed, and systems that tell them to everybody.

The server sends back whatever it was sent, the functions of the database raise what they are given, the commands print
their environment. Everything that cockpit writes lies below `Scene.folder`.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import faulty_plugin
import psycopg
import trustme
from canaries import MAKERS, Canary, Hunt, made, password
from msgspec.structs import replace
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from cockpit.demo.kube.api_server import ApiServer
from cockpit.demo.kube.cluster import Cluster
from cockpit.demo.serving import Answer, Asked, Server
from cockpit.profile.kinds import Kinds, installed

ROLE = "canary_user"
REFUSED = "canary_refused"
"""A role whose password is never the one that is given."""
SHAPED = ("github_token", "gitlab_token", "slack_token", "stripe_key", "jwt")
"""Canaries that anybody knows for a secret who sees them."""
FUNCTIONS = """
create schema if not exists canary;
create or replace function canary.notices(what text) returns text language plpgsql as $$
begin raise notice 'noticed %', what; raise warning 'warned of %', what using hint = what; return what; end $$;
create or replace function canary.raises(what text) returns text language plpgsql as $$
begin raise exception 'refused %', what using detail = what || ' in detail', hint = what || ' as a hint'; end $$;
grant usage on schema canary to public;
"""


class Telltale:
    """An HTTP server that keeps nothing to itself: `untold` holds secrets of its own, which nobody has told cockpit."""

    def __init__(self, untold: Mapping[str, Canary]) -> None:
        self.untold = untold
        self.asked: list[Asked] = []
        self._server = Server(self._answer)
        self.url = self._server.url
        self.close = self._server.close

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        sent = {**asked.headers, "path": asked.path, "query": asked.query, "body": asked.body.decode()}
        all_of_it = " ".join(map(str, (*asked.headers.values(), *asked.query.values(), asked.path)))
        match asked.path.split("/")[1]:
            case "echo":
                cookies = {"Set-Cookie": f"seat={quote(asked.headers.get('cookie', ''), safe='')}; HttpOnly"}
                known = ("authorization", "x-api-key", "cookie")
                headers = {f"X-Was-{name}": asked.headers[name] for name in known if name in asked.headers}
                return Answer(200, {"request": sent}, {**cookies, **headers})
            case "refused":
                challenge = {"WWW-Authenticate": f'Bearer error="{quote(asked.bearer)}"'}
                return Answer(401, f"no such token: {asked.headers.get('authorization')}", challenge)
            case "moved":
                return Answer(302, all_of_it, {"Location": f"/refused?token={quote(asked.bearer, safe='')}"})
            case "fails":
                return Answer(500, {"error": {"message": f"cannot do it for {all_of_it}", "request": sent}})
            case "cut":  # a secret lies across the end of what is read of a body
                return Answer(200, f"token: {asked.bearer}")
            case "cut_in_the_midst":
                return Answer(200, "x" * 65500 + quote(asked.bearer, safe="") * 20)
            case "packed":
                return Answer(200, base64.encodebytes(f"token={asked.bearer}".encode()).decode())
            case "untold":
                told = {name: canary.value for name, canary in self.untold.items()}
                return Answer(200, told, {"Set-Cookie": f"session={self.untold['cookie'].value}"})
            case "hook":
                return Answer(503, f"no hook at http://127.0.0.1{asked.path}: {quote(asked.path, safe='')}")
        return Answer(404, all_of_it)


class Untrusted:
    """Shakes hands with a certificate that nobody knows, and hears whatever is sent all the same."""

    def __init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._server.getsockname()[1]}"
        self.asked = 0
        self.heard = b""
        threading.Thread(target=self._serve, args=(context,), daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self, context: ssl.SSLContext) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.asked += 1
            client.settimeout(5)
            with suppress(OSError), context.wrap_socket(client, server_side=True) as secured:
                self.heard += secured.recv(65536)


CLUSTER = """
[[targets]]
id = "cluster"
kind = "kubernetes"
context = "canary"
namespace = "canary"
kubeconfig = "@KUBECONFIG@"

[[phases.steps]]
id = "clusters"
title = "A kubeconfig tells"
kind = "command"
target = "cluster"
script = '''
cat "$KUBECONFIG"
kubectl config view --raw
kubectl get deployments -v=9
kubectl get --raw /no/such/path
'''
"""


class Clustered:
    """A cluster, and a kubeconfig that leads to it with a token that nobody told cockpit."""

    def __init__(self, folder: Path) -> None:
        self.token = Canary("kube", *(core := made("github_token")["github_token"].cores), core)
        self._cluster = Cluster("canary", "canary-app", image="registry/app:1", replicas=1, config={})
        self._server = ApiServer(self._cluster)
        path = folder / "kubeconfig"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "canary",
            "clusters": [{"name": "canary", "cluster": {"server": self._server.url}}],
            "users": [{"name": "canary", "user": {"token": self.token.value}}],
            "contexts": [{"name": "canary", "context": {"cluster": "canary", "user": "canary"}}],
        }
        path.write_text(json.dumps(config))
        self.toml = CLUSTER.replace("@KUBECONFIG@", str(path))

    def close(self) -> None:
        self._server.close()
        self._cluster.close()


TELL = '''
"""Prints secrets as programs do: in pieces, in a traceback with its locals, as curl -v shows what it sends."""
import os, subprocess, sys, time, json, urllib.parse

for name in ("CANARY_BEARER", "CANARY_GITHUB_TOKEN", "CANARY_OPENSSH_PRIVATE_KEY"):
    secret = os.environb[name.encode()]
    for size in (1, 3, 7):
        os.write(1, b"<")
        for at in range(0, len(secret), size):
            os.write(1 if size < 7 else 2, secret[at : at + size])
            if at < 40:
                time.sleep(0.0005)
        os.write(1, b">\\n")
print(json.dumps(dict(os.environ)), repr(dict(os.environ)), urllib.parse.urlencode(dict(os.environ)), flush=True)
config = json.dumps("Authorization: Bearer " + os.environ["CANARY_BEARER"])
subprocess.run(["curl", "-sv", "-K", "-", sys.argv[1]], input=f"header = {config}", text=True, check=False)

def fails(password):
    raise ValueError(f"connection to postgresql://u:{urllib.parse.quote(password)}@db failed for {password!r}")

fails(os.environ["CANARY_PASSWORD"])
'''


class Scene:
    """All of it, in one folder."""

    def __init__(self, folder: Path, dsn: str, kind: str = "", *, has_cluster: bool = False) -> None:
        """`dsn`: of a superuser of a real PostgreSQL. `kind`: all secrets are of this one, whatever they are for.

        `has_cluster`: a step reaches one with kubectl, whose kubeconfig holds a token.
        """
        self.folder, self._admin = folder, dsn
        self.untold = {name: canary for name, canary in made().items() if name != "password"}
        self.server = Telltale(dict(self.untold))
        self.untrusted = Untrusted()
        self._given = tempfile.TemporaryDirectory(prefix="cockpit-given-")
        """What holds secrets before cockpit is started: a kubeconfig."""
        self.cluster = Clustered(Path(self._given.name)) if has_cluster else None
        if self.cluster:
            self.untold["kube"] = self.cluster.token
        self.canaries = {name: MAKERS[kind or name]()._replace(name=name) for name in MAKERS}
        for canary in (*self._with_addresses(), *self._of_the_database()):
            self.canaries[canary.name] = canary
        self.hunt = Hunt(self.canaries.values())
        self.untold_hunt = Hunt(self.untold.values())
        for name in ("home", "state", "tmp", "work", "runs", "config"):
            (folder / name).mkdir(mode=0o700)
        (folder / "config" / "cockpit").mkdir()
        (folder / "config" / "cockpit" / "policy.toml").write_text('first_use = "note"\n')
        self.profile_path = folder / "work" / "canaries.toml"
        self.runbook_path = folder / "work" / "runbook.md"
        self.until = folder / "until"
        """Once this file is there, the command that lasts ends."""
        self._write_profile(folder / "tell.py")
        faulty_plugin.installed_in(folder / "plugins")

    def _write_profile(self, tell: Path) -> None:
        tell.write_text(TELL)
        text = Path(__file__).with_name("scene.toml").read_text()
        text += self.cluster.toml if self.cluster else ""
        names = {
            "URL": self.server.url,
            "UNTRUSTED": self.untrusted.url,
            "PYTHON": sys.executable,
            "TELL": str(tell),
            "UNTIL": str(self.until),
        }
        for name, value in names.items():
            text = text.replace(f"@{name}@", value)
        for way in faulty_plugin.WAYS:
            settings = f'kind = "faulty"\ninterval = 600\nhow = "{way}"\nsecret = "${{password}}"'
            text += f'\n[[probes]]\nid = "it_{way}"\n{settings}\n'
        for canary in self.canaries.values():
            if canary.name != "typed":
                text += f'\n[variables.{canary.name}]\nenv = "{canary.env}"\nsecret = true\n'
        self.profile_path.write_text(text)

    def _with_addresses(self) -> Iterator[Canary]:
        token = made("github_token")["github_token"].cores[0]
        yield Canary("hook", f"{self.server.url}/hook/T0/B0/{token}", (token,))
        word = password("%+/'\\ ")
        yield Canary("far_dsn", f"postgresql://u:{quote(word, safe='')}@127.0.0.1:1/x", (word,))
        token = password("-")
        yield Canary("no_tls_url", f"{self.server.url.replace('http:', 'https:')}/{token}", (token,))
        word = password("%+/'\\ ")
        yield Canary("typed", word, (word,))

    def _of_the_database(self) -> Iterator[Canary]:
        """Whom it takes, and whom it refuses."""
        there = conninfo_to_dict(self._admin)
        where = f"host={quote(str(there['host']), safe='')}&port={there.get('port') or 5432}"
        with psycopg.connect(self._admin, autocommit=True) as admin:
            admin.execute(FUNCTIONS)
            for role, name in ((ROLE, "dsn"), (REFUSED, "wrong_dsn")):
                if not admin.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
                    admin.execute(f"create role {role} login superuser")
                word = password()
                if role != REFUSED:
                    admin.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), word))
                value = f"postgresql://{role}:{quote(word, safe='')}@/postgres?{where}"
                yield Canary(name, value, (word,))
            (rules,) = admin.execute("show hba_file").fetchone() or [""]
            self._rules = Path(rules)
            self._rules_before = self._rules.read_text()
            self._rules.write_text(f"local all {REFUSED} scram-sha-256\n{self._rules_before}")
            admin.execute("select pg_reload_conf()")

    def close(self) -> None:
        """Nothing of it answers any more."""
        self.server.close()
        self.untrusted.close()
        if self.cluster:
            self.cluster.close()
        self._given.cleanup()
        with psycopg.connect(self._admin, autocommit=True) as admin:
            self._rules.write_text(self._rules_before)
            admin.execute("select pg_reload_conf()")

    def runbook(self) -> str:
        """A runbook as people leave them, with a token in every command; the file itself is meant to hold them."""
        tokens = [canary for canary in self.untold.values() if canary.name in SHAPED]
        steps = "".join(f"- [ ] Set it\n\n```bash\nexport {each.env}={each.value}\n```\n\n" for each in tokens)
        self.runbook_path.write_text(f"# Go live\n\n{steps}")
        return str(self.runbook_path)

    @property
    def typed(self) -> str:
        """What is typed when it is asked for."""
        return self.canaries["typed"].value

    def environ(self, **more: str) -> dict[str, str]:
        """Of whoever runs cockpit here: the secrets are in it, and every folder that programs write to is here."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
        folders = {"HOME": "home", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "TMPDIR": "tmp"}
        told = {canary.env: canary.value for canary in self.canaries.values() if canary.name != "typed"}
        folders["COCKPIT_RUNS"] = "runs"
        places = {name: str(self.folder / where) for name, where in folders.items()}
        plugins = {"PYTHONPATH": str(self.folder / "plugins")}
        return {**kept, **places, **plugins, **told, "TERM": "xterm-256color", **more}

    @property
    def kinds(self) -> Kinds:
        """Those that are installed, for whoever has this environment."""
        known = installed()
        return replace(
            known,
            probes={**known.probes, "faulty": faulty_plugin.PROBE},
            steps={**known.steps, "faulty": faulty_plugin.STEP},
        )

    def cockpit(self, *arguments: str) -> list[str]:
        """The command, with these arguments."""
        return [sys.executable, "-P", "-m", "cockpit.cli", *arguments]
