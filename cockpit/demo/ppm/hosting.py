"""Where PPM runs: deployments and their environment, behind the APIs of Vercel, Render and Railway.

Of each vendor only what the profiles ask is answered, in its shape. Their command lines are the small scripts in
`bin/`, which ask `/cli`. After a rollback Vercel keeps new deployments from going live until one is promoted; so does
this. On Render and Railway a rollback is a deployment of its own: the answer comes before it serves.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

from cockpit.demo.serving import Answer, Asked, Server

Platform = Literal["vercel", "render", "railway", "docker"]
OLD, NEW = "1.4.2", "1.5.0"
COMMIT = "c0ffee1500"
"""What Render deploys instead of `NEW`: it knows commits alone."""
SERVICE, PROJECT = "srv-c0ckp1tstandin", "prj_standin00"


class Deployment(Struct):
    """One release with the environment that it was started with."""

    id: str
    release: str
    env: dict[str, str]
    log: list[str] = field(default_factory=list)
    is_up: bool = False


class Hosting:
    """One platform. What it serves is changed by its API, its command line, and nothing else."""

    def __init__(self, platform: Platform, key: str, env: dict[str, str]) -> None:
        """`key`: the token that it takes. `env`: of the release that serves now."""
        self.platform, self.key = platform, key
        self.env = dict(env)
        self.deployments: list[Deployment] = []
        self._serving: Deployment | None = None
        self._next: tuple[float, Deployment] | None = None
        self.rollback_takes_s = 0.0
        """On Render and Railway."""
        self.is_pinned = False
        """Vercel after a rollback: what is deployed does not go live by itself."""
        self.on_start: Callable[[Deployment], None] = lambda deployment: None
        self._server = Server(self._answer)
        self.url = self._server.url

    def close(self) -> None:
        """Answer no longer."""
        self._server.close()

    @property
    def serving(self) -> Deployment | None:
        """What answers now."""
        if self._next is not None and time.monotonic() >= self._next[0]:
            self._serving, self._next = self._next[1], None
        return self._serving

    @serving.setter
    def serving(self, deployment: Deployment | None) -> None:
        self._serving, self._next = deployment, None

    def deploy(self, release: str, env: dict[str, str] | None = None) -> Deployment:
        """Start a release; it serves from now on."""
        deployment = Deployment(_id(self.platform), release, dict(self.env if env is None else env))
        self.deployments.append(deployment)
        self.on_start(deployment)
        if not self.is_pinned:
            self.serving = deployment
        return deployment

    def roll_back(self, deployment_id: str) -> Deployment | None:
        """Serve an earlier deployment again, or a new one of what it was; None if there is no such one."""
        found = next((each for each in self.deployments if each.id == deployment_id), None)
        if found is None:
            return None
        if self.platform == "vercel":
            self.serving, self.is_pinned = found, True
            return found
        again = Deployment(_id(self.platform), found.release, dict(found.env))
        self.deployments.append(again)
        self.on_start(again)
        self._next = (time.monotonic() + self.rollback_takes_s, again)
        return again

    # ---- over HTTP -----------------------------------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Answer:
        path = asked.path.strip("/").split("/")
        if asked.bearer != self.key:
            return Answer(403 if self.platform == "vercel" else 401, {"error": {"message": "the token is not valid"}})
        match path:
            case ["cli"]:
                return self._cli(asked.json)
            case ["v13", "deployments", _] if self.serving:
                return Answer(200, {"id": self.serving.id, "readyState": "READY" if self.serving.is_up else "ERROR"})
            case ["v1", "services", str(service), "deploys"] if service == SERVICE and self.serving:
                return Answer(200, [{"deploy": self._render(self.serving), "cursor": "c"}])
            case ["v1", "services", str(service), "deploys", wanted] if service == SERVICE:
                return next(
                    (Answer(200, self._render(each)) for each in self.deployments if each.id == wanted), _NO_DEPLOY
                )
            case ["v1", "services", str(service), "rollback"] if service == SERVICE:
                found = self.roll_back(str(asked.json["deployId"]))
                return Answer(201, self._render(found)) if found else _NO_DEPLOY
            case ["v1", "services", str(service), "env-vars", name] if service == SERVICE:
                self.env[name] = str(asked.json["value"])
                return Answer(200, {"envVar": {"key": name}})
            case ["graphql", "v2"] if self.serving:
                return Answer(200, self._railway(str(asked.json["query"]), asked.json.get("variables") or {}))
        return Answer(404, {"error": {"message": f"not found: {asked.path}"}})

    def _render(self, deployment: Deployment) -> dict[str, object]:
        """A deploy, as Render tells of it."""
        is_live = deployment is self.serving and deployment.is_up
        status = (
            "live" if is_live else "deactivated" if deployment is not self.deployments[-1] else "update_in_progress"
        )
        began = "2026-01-08T10:30:00Z"
        return {"id": deployment.id, "status": status, "createdAt": began, "commit": {"id": deployment.release}}

    def _railway(self, query: str, variables: dict[str, str]) -> dict[str, object]:
        assert self.serving is not None
        if "deploymentRollback" in query:
            return {"data": {"deploymentRollback": self.roll_back(variables["id"]) is not None}}
        if not self.serving.is_up:
            return {"data": {"deployments": {"edges": []}}}
        return {"data": {"deployments": {"edges": [{"node": {"id": self.serving.id, "status": "SUCCESS"}}]}}}

    def _cli(self, said: dict[str, str]) -> Answer:
        """What the scripts in `bin/` ask for: `do`, and what it takes."""
        match said["do"]:
            case "env":
                self.env[said["name"]] = said["value"]
                return Answer(200, {"set": said["name"]})
            case "deploy":
                return Answer(200, {"id": self.deploy(said.get("release") or NEW).id})
            case "rollback":
                found = self.roll_back(said["id"])
                return (
                    Answer(200, {"id": found.id})
                    if found
                    else Answer(404, {"error": {"message": "no such deployment"}})
                )
            case "promote":
                self.is_pinned = False
                self.serving = next(each for each in self.deployments if each.id == said["id"])
                return Answer(200, {"id": said["id"]})
            case "log":
                wanted = said.get("id") or self.deployments[-1].id
                return Answer(
                    200, {"lines": [line for each in self.deployments if each.id == wanted for line in each.log]}
                )
        return Answer(404, {"error": {"message": f"not found: {said['do']}"}})


_NO_DEPLOY = Answer(404, {"message": "no such deploy"})


def _id(platform: Platform) -> str:
    match platform:
        case "vercel":
            return f"dpl_{secrets.token_hex(4)}"
        case "render":
            return f"dep-{secrets.token_hex(5)}"
        case "railway" | "docker":
            code = secrets.token_hex(16)
            return "-".join((code[:8], code[8:12], code[12:16], code[16:20], code[20:]))
