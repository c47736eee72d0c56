"""A Kubernetes API stand-in on loopback that the real `kubectl` talks to, with a Deployment that really rolls out.

It keeps the objects of one namespace and does what the Deployment controller does: a ReplicaSet for each template, with
its revision, and pods that need a moment to become ready and another to go. Anything unknown is a 404 as the API server
words it. (kmock 0.8 will not do: its emulator keeps objects and merges every PATCH, but it knows no strategic merge, no
JSON patch, no scale and no controller, which are what `set image`, `rollout undo`, `scale` and `rollout status` need.)
"""

from __future__ import annotations

import copy
import threading
import time
from datetime import UTC, datetime
from typing import Any

from cockpit.demo.kube.patching import patched

Object = dict[str, Any]
"""An object of the API, as JSON has it."""
CONTAINER = "app"
TICK_S = 0.02
_REVISION = "deployment.kubernetes.io/revision"
PLURALS = {"configmaps": "ConfigMap", "pods": "Pod", "namespaces": "Namespace"}
APPS = {"deployments": "Deployment", "replicasets": "ReplicaSet"}


class ApiError(Exception):
    """What the API server answers instead of an object."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


class Cluster:
    """One namespace with one Deployment. Thread-safe; its controller is a thread that dies with the process."""

    def __init__(
        self, namespace: str, deployment: str, *, image: str, replicas: int, config: dict[str, dict[str, str]]
    ) -> None:
        """`config` are the ConfigMaps by name. The Deployment's one container is called `app`."""
        self.namespace, self.deployment = namespace, deployment
        self.changed = threading.Condition(threading.RLock())
        self.objects: dict[tuple[str, str], Object] = {}
        self.version = 1
        """The last resourceVersion given out."""
        self.changes: list[str] = []
        """What was changed from outside, for example `patch configmaps/app-config`; dry runs are not."""
        self.ready_after_s, self.gone_after_s = 0.1, 0.1
        self.never_ready: set[str] = set()
        """Images whose pods start and never become ready."""
        self._pods = 0
        self._moments: dict[str, float] = {}
        """Pods' names and when they become ready, or when they are gone."""
        self.put("namespaces", {"metadata": {"name": namespace}, "status": {"phase": "Active"}})
        for name, content in config.items():
            self.put("configmaps", {"metadata": {"name": name}, "data": dict(content)})
        self.put("deployments", _deployment(deployment, image, replicas))
        self.reconcile()
        self._settle()
        self._ending = threading.Event()
        self._controller = threading.Thread(target=self._control, name="kube-controller", daemon=True)
        self._controller.start()

    def close(self) -> None:
        """Stop the controller."""
        self._ending.set()
        self._controller.join()

    # ---- objects -------------------------------------------------------------------------------------------------

    def get(self, plural: str, name: str) -> Object:
        """A copy of one object. Raises ApiError."""
        with self.changed:
            found = self.objects.get((plural, name))
            if found is None:
                raise ApiError(404, "NotFound", f'{plural} "{name}" not found')
            return copy.deepcopy(found)

    def all(self, plural: str) -> list[Object]:
        """Copies of all objects of a kind, by name."""
        with self.changed:
            return [copy.deepcopy(found) for (kind, _), found in sorted(self.objects.items()) if kind == plural]

    def put(self, plural: str, found: Object) -> None:
        """Keep an object, with a new resourceVersion."""
        with self.changed:
            name = found["metadata"]["name"]
            self.version += 1
            meta = {"uid": f"{plural}-{name}", "creationTimestamp": _now()} | found["metadata"]
            found |= {"apiVersion": "apps/v1" if plural in APPS else "v1", "kind": (PLURALS | APPS)[plural]}
            found["metadata"] = meta | {"resourceVersion": str(self.version)}
            if plural != "namespaces":
                found["metadata"]["namespace"] = self.namespace
            self.objects[plural, name] = found
            self.changed.notify_all()

    def change(self, plural: str, name: str, patch: Any, media_type: str, *, dry_run: bool, what: str = "") -> Object:
        """Patch an object as the API server does, and return it as it then is (or would be)."""
        with self.changed:
            before = self.get(plural, name)
            try:
                after = patched(before, patch, media_type)
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise ApiError(422, "Invalid", f"the patch cannot be applied: {error}") from error
            if after.get("spec") != before.get("spec"):
                after["metadata"]["generation"] = before["metadata"].get("generation", 0) + 1
            if not dry_run:
                self.changes.append(what or f"patch {plural}/{name}")
                self.put(plural, after)
                self.reconcile()
            return dict(after)

    # ---- for tests and the app -----------------------------------------------------------------------------------

    @property
    def image(self) -> str:
        """What the Deployment asks for."""
        return str(_container(self.get("deployments", self.deployment))["image"])

    @property
    def replicas(self) -> int:
        """How many pods the Deployment asks for."""
        return int(self.get("deployments", self.deployment)["spec"]["replicas"])

    def data(self, config: str) -> dict[str, str]:
        """A ConfigMap's content."""
        return dict(self.get("configmaps", config)["data"])

    def pods(self, *, ready: bool = True) -> dict[str, str]:
        """Names of pods with their images: those that serve, or all that are there."""
        pods = self.all("pods")
        return {
            pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"]
            for pod in pods
            if not ready or _is_ready(pod)
        }

    # ---- the controller ------------------------------------------------------------------------------------------

    def reconcile(self) -> None:
        """One step towards what the Deployment asks for."""
        with self.changed:
            deployment = self.objects["deployments", self.deployment]
            current = self._replica_set(deployment)
            wanted = deployment["spec"]["replicas"]
            mine = [pod for pod in self.objects.values() if pod["kind"] == "Pod" and not _is_going(pod)]
            new = [pod for pod in mine if pod["metadata"]["ownerReferences"][0]["name"] == current]
            for _ in range(wanted - len(new)):
                self._start_pod(deployment, current)
            for pod in new[wanted:]:
                self._stop_pod(pod)
            ready = sum(map(_is_ready, new))
            # As maxUnavailable 0 does: an old pod goes for every new one that is ready.
            old = [pod for pod in mine if pod not in new]
            for pod in old[max(0, wanted - ready) :]:
                self._stop_pod(pod)
            self._tell(deployment, current)

    def _control(self) -> None:
        while not self._ending.wait(TICK_S):
            with self.changed:
                now = time.monotonic()
                if due := [name for name, at in self._moments.items() if at <= now]:
                    for name in due:
                        self._turn(name)
                    self.reconcile()

    def _settle(self) -> None:
        for name in list(self._moments):
            self._turn(name)
        self.reconcile()

    def _turn(self, name: str) -> None:
        del self._moments[name]
        pod = self.objects["pods", name]
        if _is_going(pod):
            del self.objects["pods", name]
            self.version += 1
            self.changed.notify_all()
        elif pod["spec"]["containers"][0]["image"] not in self.never_ready:
            pod["status"] = _pod_status(ready=True)
            self.put("pods", pod)

    def _replica_set(self, deployment: Object) -> str:
        """Name of the ReplicaSet of the Deployment's template; a new one, or one gone back to, is the last revision."""
        template = deployment["spec"]["template"]
        sets = [found for found in self.objects.values() if found["kind"] == "ReplicaSet"]
        newest = max((_revision(found) for found in sets), default=0)
        same = next((found for found in sets if _bare(found["spec"]["template"]) == _bare(template)), None)
        if same is None:
            same = _new_replica_set(deployment, len(sets) + 1)
        if _revision(same) < newest or not _revision(same):
            same["metadata"]["annotations"] = {_REVISION: str(newest + 1)}
            self.put("replicasets", same)
        deployment["metadata"].setdefault("annotations", {})[_REVISION] = same["metadata"]["annotations"][_REVISION]
        return str(same["metadata"]["name"])

    def _start_pod(self, deployment: Object, owner: str) -> None:
        self._pods += 1
        name = f"{owner}-{self._pods:05d}"
        owned = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": f"replicasets-{owner}"}]
        meta = {"name": name, "labels": _labels(self.deployment), "ownerReferences": owned}
        spec = copy.deepcopy(deployment["spec"]["template"]["spec"])
        self.put("pods", {"metadata": meta, "spec": spec, "status": _pod_status(ready=False)})
        self._moments[name] = time.monotonic() + self.ready_after_s

    def _stop_pod(self, pod: Object) -> None:
        pod["metadata"]["deletionTimestamp"] = _now()
        pod["status"] = _pod_status(ready=False)
        self.put("pods", pod)
        self._moments[pod["metadata"]["name"]] = time.monotonic() + self.gone_after_s

    def _tell(self, deployment: Object, current: str) -> None:
        """Bring the Deployment's status up to date, if it is not."""
        mine = [pod for pod in self.objects.values() if pod["kind"] == "Pod" and not _is_going(pod)]
        updated = [pod for pod in mine if pod["metadata"]["ownerReferences"][0]["name"] == current]
        ready = sum(map(_is_ready, mine))
        wanted = deployment["spec"]["replicas"]
        is_done = len(mine) == len(updated) == ready == wanted
        reason = "NewReplicaSetAvailable" if is_done else "ReplicaSetUpdated"
        counts = {"replicas": len(mine), "updatedReplicas": len(updated), "readyReplicas": ready}
        counts |= {"availableReplicas": ready, "unavailableReplicas": max(0, wanted - ready)}
        status: Object = {key: count for key, count in counts.items() if count}
        status["observedGeneration"] = deployment["metadata"]["generation"]
        status["conditions"] = [
            {"type": "Available", "status": str(ready >= wanted)},
            {"type": "Progressing", "status": "True", "reason": reason},
        ]
        if deployment.get("status") != status:
            deployment["status"] = status
            self.put("deployments", deployment)
        for found in list(self.objects.values()):
            if found["kind"] == "ReplicaSet":
                count = wanted if found["metadata"]["name"] == current else 0
                found["spec"]["replicas"] = count


def _labels(deployment: str) -> dict[str, str]:
    return {"app": deployment}


def _deployment(name: str, image: str, replicas: int) -> Object:
    container = {"name": CONTAINER, "image": image, "resources": {"requests": {"cpu": "250m"}}}
    template = {"metadata": {"labels": _labels(name)}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": _labels(name)}, "template": template}
    spec |= {"strategy": {"type": "RollingUpdate"}, "progressDeadlineSeconds": 600}
    return {"metadata": {"name": name, "labels": _labels(name), "generation": 1}, "spec": spec}


def _new_replica_set(deployment: Object, number: int) -> Object:
    name = deployment["metadata"]["name"]
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"]["labels"] = {**_labels(name), "pod-template-hash": f"t{number}"}
    owned = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": True}]
    owned[0]["uid"] = f"deployments-{name}"
    meta = {"name": f"{name}-t{number}", "labels": {**_labels(name), "pod-template-hash": f"t{number}"}}
    spec = {"selector": {"matchLabels": _labels(name)}, "template": template, "replicas": 0}
    return {"metadata": {**meta, "ownerReferences": owned, "annotations": {}}, "spec": spec, "status": {"replicas": 0}}


def _bare(template: Any) -> Any:
    """A template without its hash and without nulls, which kubectl adds: what two of them are compared by."""
    if isinstance(template, list):
        return [_bare(item) for item in template]
    if not isinstance(template, dict):
        return template
    kept = {key: _bare(value) for key, value in template.items() if key != "pod-template-hash"}
    return {key: value for key, value in kept.items() if value is not None}


def _container(deployment: Object) -> Object:
    found: Object = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def _revision(found: Object) -> int:
    return int(found["metadata"].get("annotations", {}).get(_REVISION, 0))


def _pod_status(*, ready: bool) -> Object:
    conditions = [{"type": "Ready", "status": str(ready)}, {"type": "ContainersReady", "status": str(ready)}]
    state = {"running": {"startedAt": _now()}}
    containers = [{"name": CONTAINER, "ready": ready, "restartCount": 0, "state": state}]
    return {"phase": "Running", "conditions": conditions, "containerStatuses": containers}


def _is_ready(pod: Object) -> bool:
    return bool(pod["status"]["containerStatuses"][0]["ready"]) and not _is_going(pod)


def _is_going(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
