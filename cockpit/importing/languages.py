"""What a fence holds: its info string says it, or, where there is none, its text."""

from __future__ import annotations

import re
from typing import Literal

from cockpit.importing import environments
from cockpit.importing.blocks import Fence
from cockpit.importing.consoles import session, sql_session
from cockpit.importing.expected import answer
from cockpit.importing.scenes import pieces
from cockpit.importing.shell_tree import Patience, Script
from cockpit.importing.sql import takes

Holds = Literal["shell", "console", "sql", "environment", "json", "text", "other"]

_SHELL = ("bash", "sh", "shell", "zsh", "ksh", "shellscript", "shell-script")
_CONSOLE = ("console", "shell-session", "shellsession", "sh-session", "terminal", "term", "bash-session")
SQL = ("sql", "postgresql", "postgres", "psql", "pgsql", "plpgsql", "postgressql")
_TEXT = ("text", "txt", "plain", "plaintext", "output", "log", "logs", "none", "markdown", "md")
_BEGINS_SQL = re.compile(
    r"(?:\s|--[^\n]*\n)*(?:select|insert|update|delete|create|alter|drop|truncate|grant|revoke|with|begin|do|vacuum|analyze"
    r"|refresh|reindex|explain|set|show|comment|call|merge|copy|lock)\b",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"ansible\w*|apt|apt-get|argocd|awk|aws|az|bash|brew|bundle|cap|cargo|cat|cd|chmod|chown|composer|cp|crictl|crontab"
    r"|curl|date|dd|df|dig|docker|docker-compose|dotnet|du|echo|etcdctl|etcdutl|export|find|fly|flyctl|flyway|gcloud|gh"
    r"|git|glab|go|gradle|grep|gunzip|gzip|head|helm|heroku|host|http|iptables|istioctl|java|journalctl|jq|kafka-\w+"
    r"|kill|kubeadm|kubectl|kustomize|less|ln|ls|make|mkdir|mongo\w*|mount|mv|mvn|mysql\w*|nc|netstat|nginx|node|nohup"
    r"|npm|npx|nslookup|openssl|php|ping|pip3?|pg_\w+|pm2|pnpm|podman|poetry|psql|pulumi|python3?|pytest|rabbitmq\w*|rails"
    r"|railway|rake|redis-cli|rm|rsync|ruby|scp|sed|service|sh|sleep|source|sqlite3|ss|ssh|sudo|supabase|systemctl|tail"
    r"|tar|tee|terraform|test|tmux|tofu|top|touch|uv|vault|vercel|vi|vim|wget|watch|xargs|yarn|yum|dnf|zcat|consul|nomad"
    r"|skopeo|trivy|cosign|netlify|wrangler|firebase|alembic|liquibase|prisma|createdb|dropdb|initctl|certbot|apachectl"
)
_PATH = re.compile(r"(?:\.{1,2}/|/[\w.-]+/|~/|\$\w+/|\w[\w.-]*/)[\w./-]+|[\w-]+\.(?:sh|py|rb|pl)")
_FLAG = re.compile(r"\s--?[A-Za-z][\w-]*(?:[= ]|$)")
_TELLS = re.compile(r"\b(?:run|execute|enter|type|invoke|issue|command)\b", re.IGNORECASE)


def holds(fence: Fence, told: str, patience: Patience) -> Holds:
    """What is in a fence. `told`: the words above it."""
    language = fence.language.strip("{}.").removeprefix("language-")
    body = fence.body
    if language in _SHELL or language in _CONSOLE:
        if session(body, root_prompt=language in _CONSOLE) is not None:
            return "console"
        if language in _CONSOLE and sql_session(body) is not None:
            return "sql"
        return "environment" if environments.listing(body, language) else "shell"
    if language in SQL:
        return "shell" if body.lstrip().startswith("psql ") else "sql"
    if language in environments.LANGUAGES:
        return "environment" if environments.listing(body, language) else "other"
    if language in ("json", "json5", "jsonc"):
        return "json"
    if language and language not in _TEXT:
        return "json" if language in ("python", "javascript", "js", "http") and answer(body) is not None else "other"
    return _untold(body, language, told, patience)


def is_command(script: Script, told: str = "") -> bool:
    """Whether a text that does not say so is shell: it parses, and what its lines begin with are commands."""
    if script.broken or script.root is None:
        return False
    found = [piece for piece in pieces(script) if piece.nodes]
    names = [_name(script.text(piece.start, piece.end)) for piece in found]
    if not names:
        return False
    known = sum(bool(_KNOWN.fullmatch(name) or _PATH.fullmatch(name)) for name in names)
    known += sum(bool(_FLAG.search(script.text(piece.start, piece.end))) for piece in found)
    plain = all(re.fullmatch(r"[a-z_.~$/][\w.+/:@-]*", name) for name in names)
    return plain and ((known * 2 >= len(names) and known > 0) or (bool(_TELLS.search(told)) and len(names) <= 3))


def _untold(body: str, language: str, told: str, patience: Patience) -> Holds:
    if session(body) is not None:
        return "console"
    if sql_session(body) is not None:
        return "sql"
    if language:
        return "text"
    if answer(body) is not None:
        return "json"
    if environments.listing(body, ""):
        return "environment"
    with patience.spent():
        if _BEGINS_SQL.match(body) and takes(body):
            return "sql"
    return "shell" if is_command(Script(body, patience), told) else "text"


def _name(text: str) -> str:
    """The first word that is no assignment."""
    return next((word for word in text.split()[:5] if "=" not in word), "")
