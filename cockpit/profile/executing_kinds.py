"""What each kind of probe and step does, for `executing`: the kinds that come with cockpit in words of their own, and
every other with all its settings.

Invariant: of a kind that is not known here nothing is left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

import msgspec

from cockpit.patterns import late
from cockpit.profile.model import Probe, Profile, Step
from cockpit.text import visible

_RUNS = late(
    r"LD_\w+|DYLD_\w+|GCONV_PATH|LOCPATH|GLIBC_TUNABLES|PATH|IFS|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|BASH_FUNC_\w*|SHELL|PS4"
    r"|PROMPT_COMMAND|CDPATH|GLOBIGNORE|EDITOR|VISUAL|PAGER|MANPAGER|LESSOPEN|LESSCLOSE|BROWSER"
    r"|PYTHON(?:PATH|HOME|STARTUP|INSPECT|USERBASE|PLATLIBDIR|EXECUTABLE|BREAKPOINT|WARNINGS)"
    r"|PERL5?(?:LIB|OPT|DB)|RUBY(?:OPT|LIB)|GEM_(?:HOME|PATH)|NODE_(?:OPTIONS|PATH)|NPM_CONFIG_\w+"
    r"|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|LUA_(?:PATH|CPATH|INIT)\w*|PHPRC|PHP_INI_SCAN_DIR"
    r"|GIT_(?:SSH\w*|EXEC_PATH|EDITOR|SEQUENCE_EDITOR|PAGER|ASKPASS|PROXY_COMMAND|EXTERNAL_DIFF|CONFIG\w*|TEMPLATE_DIR)"
    r"|SSH_ASKPASS\w*|RSYNC_RSH|CVS_RSH|TAR_OPTIONS|GREP_OPTIONS|MAKEFLAGS|MAKEFILES|AWKPATH"
    r"|PSQLRC|PSQL_(?:EDITOR|PAGER)|KUBE_EDITOR|OPENSSL_(?:CONF|MODULES|ENGINES)"
)
"""Names under which the environment decides what is loaded or run (ld.so(8), bash(1), python(1), git(1) …)."""
_REACHES = late(
    r"PG(?:SERVICEFILE|SYSCONFDIR|OPTIONS|PASSFILE|SSLKEY|HOST|HOSTADDR|PORT|SSLMODE)|KUBECONFIG|DOCKER_(?:HOST|CONFIG|CONTEXT)"
    r"|AWS_(?:CONFIG_FILE|SHARED_CREDENTIALS_FILE|ENDPOINT_URL\w*)|ANSIBLE_\w+|TF_\w+|HELM_\w+|GIT_\w+|SSH_AUTH_SOCK"
    r"|SSLKEYLOGFILE|SSL_CERT_\w+|CURL_HOME|CURL_CA_BUNDLE|(?:HTTPS?|FTP|ALL|NO)_PROXY|HOME|TMPDIR|TERMINFO\w*|MALLOC_\w+",
    re.IGNORECASE,
)
"""Names that decide what is reached or read."""


def runs(name: str) -> bool:
    """Whether an environment variable of this name makes programs load or run what it says."""
    return _RUNS.fullmatch(name) is not None


def acts(name: str) -> bool:
    """Whether one of this name changes what programs load, run, reach or read."""
    return runs(name) or _REACHES.fullmatch(name) is not None


def acting_names(profile: Profile) -> Iterator[tuple[str, str]]:
    """Every such name that the profile sets, and where."""
    settings = [(f"probe {probe.id}", probe.settings) for probe in profile.probes]
    settings += [(f"step {step.id}", step.settings) for _, step in profile.every_step() if step.behaviour == "action"]
    for who, each in settings:
        env = each.get("env")
        for name in env if isinstance(env, Mapping) else ():
            if acts(str(name)):
                yield who, str(name)


def quoted_text(text: str) -> str:
    """A text of several lines, visible."""
    return visible(text.strip("\n"), multiline=True)


def of_probe(probe: Probe) -> Iterator[tuple[str, str]]:
    """What reading it does: each a verb and what."""
    known, rest = _probe(probe), dict(probe.settings)
    for key in known[2]:
        rest.pop(key, None)
    verb, text = known[0], known[1]
    yield verb, text + _rest(rest, is_program="\n" in text)


def _probe(probe: Probe) -> tuple[str, str, tuple[str, ...]]:
    """A verb, what, and the settings that are said by it."""
    given = probe.settings
    match probe.kind:
        case "command":
            verb, text = _program(given)
            return verb, text, ("argv", "script")
        case "http":
            return "asks", visible(f"{given.get('method', 'GET')} {given.get('url', '')}"), ("method", "url")
        case "prometheus":
            return "asks", visible(f"GET {given.get('url', '')}"), ("url",)
        case "postgres":
            dsn = visible(f"PostgreSQL {given.get('dsn', '')}")
            return "asks", f"{dsn}: {quoted_text(str(given.get('query', 'select 1')))}", ("dsn", "query")
        case "tcp" | "tls":
            port = given.get("port", 443)
            return "connects to", visible(f"{probe.kind}://{given.get('host', '')}:{port}"), ("host", "port")
        case "file":
            return "reads", visible(str(given.get("path", ""))), ("path",)
        case "env":
            return "looks at", visible(f"${given.get('name', '')}"), ("name",)
        case other:
            return visible(f"does, as the plug-in for `{other}` has it"), "", ()


def of_step(step: Step) -> Iterator[tuple[str, str, str]]:
    """What an action does: `key` or `rehearsal`, a verb and what."""
    given = dict(step.settings)
    about = {key: given[key] for key in ("cwd", "env", "files", "target", "params", "transaction") if given.get(key)}
    match step.kind:
        case "command":
            verb, text = _program(given)
            yield "key", verb, text + _rest(about, is_program="\n" in text)
            if given.get("dry_run"):
                verb, text = _program({"script" if isinstance(given["dry_run"], str) else "argv": given["dry_run"]})
                yield "rehearsal", verb, text + _rest(about, is_program="\n" in text)
        case "sql":
            sources = [given["file"]] if given.get("file") else given.get("files")
            names = ", ".join(map(str, sources)) if isinstance(sources, list | tuple) else ""
            text = quoted_text(str(given.get("statements", ""))) if not names else visible(f"the files {names}")
            about.pop("files", None)
            yield "key", "sends SQL", text + _rest(about, is_program=True)
            if given.get("rehearse", True):
                yield "rehearsal", "sends SQL and rolls it back", text + _rest(about, is_program=True)
        case other:
            yield (
                "key",
                visible(f"does, as the plug-in for `{other}` has it"),
                _rest(given, is_program=False).strip("; "),
            )


def _program(given: Mapping[str, object]) -> tuple[str, str]:
    argv, script = given.get("argv"), given.get("script")
    if isinstance(argv, list | tuple) and argv:
        return "runs", visible(shlex.join(map(str, argv)))
    return "runs a script", quoted_text(str(script or ""))


def _rest(rest: Mapping[str, object], *, is_program: bool) -> str:
    """The other settings, each with its value as JSON, on the same line or below a program."""
    if not rest:
        return ""
    told = "; ".join(f"{visible(key)} = {_json(value)}" for key, value in rest.items())
    return f"\n({told})" if is_program else f"; {told}"


def _json(value: object) -> str:
    try:
        return visible(msgspec.json.encode(value).decode())
    except (TypeError, ValueError, msgspec.MsgspecError):
        return visible(repr(value))
