"""How much a command or statement changes, told by its words.

`irreversible`: it takes away what nothing but a backup brings back. `careful`: it changes a system that others use.
What only looks, and what nothing here knows, is `routine`: a person who edits the profile knows better.

| | irreversible | careful |
|---|---|---|
| files | `rm -r`, `rm -f`, `shred`, `dd of=`, `mkfs` | `rm`, `mv`, `chmod`, `chown`, `sed -i` |
| Kubernetes | `delete`, `drain --force`, `helm uninstall` | `apply`, `patch`, `scale`, `helm upgrade` … |
| machines | `terraform destroy`, `aws … delete-*`, `aws s3 rm` | `terraform apply`, `systemctl restart` … |
| databases | `dropdb`, `FLUSHALL`, and as `sql.py` says | `psql -f`, `pg_restore`, migrations |
| code | `git push --force` | `git push`, deploys and rollbacks by any tool |
"""

from __future__ import annotations

import re

from cockpit.importing.shell_tree import Simple
from cockpit.profile.model import Risk


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LOOKS = _set(
    "--dry-run --dry-run=client --dry-run=server --check --help -h --version status verify check list show plan "
    "validate diff history describe get logs top explain"
)
_KUBECTL = _set(
    "apply create patch scale set edit replace annotate label taint cordon drain uncordon run expose autoscale cp"
    " rollout"
)
_CHANGES = {
    "helm": "install upgrade rollback",
    "terraform": "apply import state taint",
    "tofu": "apply import state taint",
    "pulumi": "up import",
    "docker": "run start stop restart rm rmi kill push service stack compose rollback swarm exec update",
    "podman": "run start stop restart rm rmi kill push exec",
    "docker-compose": "up down restart stop start rm kill",
    "systemctl": "start stop restart reload enable disable mask daemon-reload",
    "git": "push",
    "vercel": "* --prod deploy rollback promote env alias remove",
    "netlify": "deploy",
    "railway": "up variables redeploy down",
    "fly": "deploy scale secrets",
    "flyctl": "deploy scale secrets",
    "heroku": "* config:set maintenance:on maintenance:off releases:rollback ps:scale pg:promote",
    "supabase": "push deploy up set",
    "gcloud": "deploy update set-iam-policy",
    "az": "create update deployment restart",
    "redis-cli": "SET DEL CONFIG",
    "crontab": "-e -r",
    "alembic": "upgrade downgrade",
    "flyway": "migrate repair",
    "liquibase": "update rollback",
    "cap": "deploy production",
    "ufw": "allow deny enable disable",
}
_ALWAYS = _set(
    "ansible-playbook mv chmod chown truncate iptables kill pkill killall reboot shutdown pg_restore pg_ctl rm useradd"
    " userdel usermod apt-get yum dnf certbot kustomize"
)
_READS = _set(
    "cat less more grep ls cd echo printf vim vi nano test cp tail head find which man mkdir touch diff jq awk wc sort"
)
_SERVICE = _set("start stop restart reload delete update")
_GONE = _set("shred dropdb dropuser mkfs wipefs")
_DEPLOYS = re.compile(r"migrat|deploy|rollback|rollout|cutover|promote|upgrade|restore|seed", re.IGNORECASE)
_METHOD = re.compile(r"^(?:-X|--request=)?(?:POST|PUT|PATCH|DELETE)$")
_WORDS = re.compile(r"[A-Za-z]+")
_RESETS = _set("db:drop db:reset migrate:fresh migrate:reset pg:reset FLUSHALL FLUSHDB flushall flushdb")
_ORDER: tuple[Risk, ...] = ("routine", "careful", "irreversible")


def riskier(*risks: Risk) -> Risk:
    """The greatest of several."""
    return max(risks, key=_ORDER.index, default="routine")


def risk_of(commands: tuple[Simple, ...]) -> Risk:
    """Of a shell text's commands, the greatest risk."""
    return riskier(*(_risk(command.words) for command in commands))


def _risk(words: tuple[str, ...]) -> Risk:
    name, rest = words[0], words[1:]
    if any(word in _LOOKS for word in rest if word.startswith("-")):
        return "routine"
    if _is_gone(name, rest):
        return "irreversible"
    return "careful" if _changes(name, rest) else "routine"


def _is_gone(name: str, rest: tuple[str, ...]) -> bool:
    flags = "".join(word[1:] for word in rest if word.startswith("-") and not word.startswith("--"))
    plain = [word for word in rest if not word.startswith("-")]
    first = plain[0] if plain else ""
    match name:
        case "rm":
            return bool(set("rRf") & set(flags)) or "--recursive" in rest
        case "kubectl" | "oc":
            return "delete" in plain[:3] or ("drain" in plain[:3] and "--force" in rest)
        case "helm":
            return first in ("uninstall", "delete")
        case "terraform" | "tofu" | "pulumi":
            return first == "destroy"
        case "git":
            return first == "push" and (
                "f" in flags or any(word.startswith(("--force", "+", "--mirror")) for word in rest)
            )
        case "docker" | "podman" | "docker-compose":
            removes = {"volume", "system"} & set(plain[:1]) and {"rm", "prune"} & set(plain)
            return bool(removes) or ("down" in plain and ("v" in flags or "--volumes" in rest))
        case "aws" | "gcloud" | "az" | "doctl":
            return any(word.startswith(("delete", "terminate", "purge")) or word in ("rb", "rm") for word in plain[:6])
        case "dd":
            return any(word.startswith("of=") for word in rest)
        case "supabase" | "prisma":
            return "reset" in plain
    return name in _GONE or name.startswith("mkfs.") or bool(_RESETS & set(rest))


def _changes(name: str, rest: tuple[str, ...]) -> bool:
    plain = [word for word in rest if not word.startswith("-")]
    if name in ("kubectl", "oc"):
        verb = next((word for word in plain if word in _KUBECTL), "")
        return bool(verb) and not (verb == "rollout" and {"status", "history"} & set(plain))
    if name in ("psql", "mysql", "mariadb", "sqlite3"):
        return any(word in ("-f", "--file", "<") or word.startswith(("--file=", "-f")) for word in rest)
    if name in ("curl", "http", "https", "wget"):
        return any(_METHOD.search(word) for word in rest)
    if name in _ALWAYS or (name == "sed" and any(word.startswith("-i") for word in rest)):
        return True
    if name in ("service", "rc-service", "initctl", "supervisorctl", "pm2"):
        return bool(_SERVICE & set(rest))
    if name in _CHANGES:
        known = _CHANGES[name].split()
        if name == "docker" and plain[:1] == ["compose"]:
            return bool((_SERVICE | {"up", "down", "rm", "kill"}) & set(plain))
        return any(word in known for word in (*plain[:3], *rest[:1])) or (known[0] == "*" and not rest)
    parts = [part for word in (name, *plain[:4]) for part in _WORDS.findall(word)]
    if name in _READS or _LOOKS & {*rest, *parts}:
        return False
    return any(_DEPLOYS.match(part) for part in parts)
