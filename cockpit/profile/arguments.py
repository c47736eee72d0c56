"""Arguments of programs with values in them: where a value could be taken for more than a value.

Owns the rules, for `check`, which warns, and for whoever fills the values in, who refuses:

- an argument that begins with a reference, and whose value begins with a dash, is an option (`-c 'drop …'`), unless a
  `--` ends the options before it. A program that starts another one (`sudo`, `kubectl exec`) needs a `--` for each;
- a word that a program gives to a shell or an interpreter (`ssh host …`, `psql -c …`) is text of a program: a value in
  it may hold letters, digits and `_@%+=:,./-` alone;
- `@file` and `<file` make curl and some others read a file.

Invariant: pure; an argument is judged by how it is written and by what stands in it after filling in, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.references import fill, references


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHELLS = _words("sh bash dash zsh ksh ash fish busybox")
_STARTERS = _words(
    "sudo doas su env nice nohup ionice timeout setsid stdbuf time watch xargs flock chroot unshare nsenter setpriv "
    "runuser systemd-run npm npx yarn pnpm bundle poetry uv pipenv ip parallel "
    "ssh chrt taskset prlimit script strace gdb"
)
"""Programs that start another one, whose options begin anew."""
_BY_WORD = _words("docker podman nerdctl kubectl oc docker-compose helm")
_STARTING = _words("exec run debug compose rsh plugin")
"""Words with which these do the same."""
_NO_END = _words("find test [ expr dd echo printf java go")
"""Programs for which `--` ends nothing, or that have options of another form."""
_TO_A_SHELL = _words("ssh rsh mosh watch make gmake parallel tmux screen ansible at su eval")
"""Programs that hand their words to a shell, here or elsewhere."""
_FILTERS = _words("awk gawk mawk nawk sed jq yq ed ex bc")
"""Programs that take a program as a word."""
_INTERPRETERS = _words("python python3 node deno bun perl ruby php lua Rscript")
_CLIENTS = _words("psql mysql mariadb sqlite3 sqlcmd clickhouse-client cqlsh mongosh")
INTERPRETED = {
    **dict.fromkeys(_INTERPRETERS, _words("-c -e -E -r -p --eval --print --run")),
    **dict.fromkeys(_CLIENTS, _words("-c --command -e --execute -cmd -Q -q --query --eval")),
    "redis-cli": _words("eval EVAL"),
    "find": _words("-exec -execdir -ok -okdir"),
    "git": _words("-c"),
    "rsync": _words("-e --rsh"),
    "tar": _words("--to-command --use-compress-program -I"),
}
"""By program: the flags whose argument is text of a program."""
READING = SHELLS | _CLIENTS | _INTERPRETERS
"""Programs that take what they read from standard input for a program, unless they are given one."""
_AT_FILE = _words("curl http https xh ansible ansible-playbook gcc g++ clang javac java aws az wget ab hey newman")
_AT = ("@", "<", "file://", "fileb://")
_PLAIN = late(r"[A-Za-z0-9_@%+=:,./-]*")


class Slip(Struct, frozen=True):
    """One argument that a value could turn into something else."""

    index: int
    said: str
    """What it could become; after the item's name."""
    instead: str
    name: str
    """Of the reference that matters."""
    allowed: Callable[[str, Sequence[str]], bool]
    """Whether the filled-in argument, made with these values, is one that cannot be that."""


def slips(items: Sequence[str]) -> Iterator[Slip]:
    """Every argument that depends on its value; `items` as written, the program first."""
    programs = [program_name(item) for item in items]
    for index, item in enumerate(items):
        names = [name for name, _ in references(item)]
        if index == 0 or not names:
            continue
        if _is_program_text(items, programs, index):
            yield Slip(
                index, "is handed to a shell or an interpreter as text of a program",
                "a script that reads the value from `env`, or a value of letters, digits and `_@%+=:,./-` alone",
                names[0], _is_plain,
            )  # fmt: skip
            continue
        if item.startswith("${") and not _is_after_end(items, programs, index):
            yield Slip(
                index, "is an option if its value begins with a dash",
                f"`--` before it, `--name={item}` in one item, or a `pattern` that begins with no dash",
                names[0], _is_no_option,
            )  # fmt: skip
        if not _CLIENTS.isdisjoint(programs[:index]) and items[index - 1] in ("-v", "--set", "--variable"):
            yield Slip(
                index, "is pasted into SQL where that says `:name`",
                "`:'name'` or `:\"name\"` in the SQL, or a step of kind `sql` with `params`",
                names[0], _is_fine,
            )  # fmt: skip
        if not _AT_FILE.isdisjoint(programs[:index]):
            yield Slip(
                index, "makes the program read a file if its value begins with `@`, `<` or `file://`",
                "a `pattern` that begins with none of these", names[0],
                _reads_no_file,
            )  # fmt: skip


def refusal(items: Sequence[str], values: Mapping[str, str]) -> tuple[str, str]:
    """Why arguments must not be used with these values, and what to do; two empty texts if they may."""
    for slip in slips(items):
        item = items[slip.index]
        own = [values[name] for name, _ in references(item) if name in values]
        if not slip.allowed(fill(item, values), own):
            return f"item {slip.index + 1}, `{item}`, {slip.said}", f"write {slip.instead}"
    return "", ""


def _is_plain(filled: str, values: Sequence[str]) -> bool:
    return all(_PLAIN.fullmatch(value) is not None and not value.startswith("-") for value in values)


def _is_no_option(filled: str, values: Sequence[str]) -> bool:
    return not filled.startswith("-")


def _reads_no_file(filled: str, values: Sequence[str]) -> bool:
    return not any(value.startswith(_AT) for value in values)


def _is_fine(filled: str, values: Sequence[str]) -> bool:
    return True


def program_name(item: str) -> str:
    """The name of a program, without its folder and version: `python3.12` is `python3`."""
    return re.sub(r"(?<=\d)\.\d+$", "", item.rsplit("/", 1)[-1])


def _is_after_end(items: Sequence[str], programs: Sequence[str], index: int) -> bool:
    if any(programs[place] in SHELLS and is_flag_c(items[place + 1]) for place in range(index - 2)):
        return True  # behind the program of a shell's `-c` there are positional parameters alone
    ends = sum(item == "--" for item in items[1:index])
    if programs[0] in _NO_END or not _NO_END.isdisjoint(programs[1:index]):
        return False
    return ends >= (2 if _starts_another(items[:index], programs[:index]) else 1)


def _starts_another(items: Sequence[str], programs: Sequence[str]) -> bool:
    if not _STARTERS.isdisjoint(programs):
        return True
    return not _BY_WORD.isdisjoint(programs) and not _STARTING.isdisjoint(items)


def _is_program_text(items: Sequence[str], programs: Sequence[str], index: int) -> bool:
    before = items[index - 1]
    for place, program in enumerate(programs[:index]):
        if program in SHELLS and is_flag_c(before):
            return True
        if program in _TO_A_SHELL and place == 0:
            return True
        if program in _FILTERS and "=" not in items[index].partition("${")[0] and before not in ("--arg", "-v"):
            return not _is_named_argument(items, index)
        flags = INTERPRETED.get(program, frozenset())
        if before in flags or any(items[index].startswith(f"{flag}=") for flag in flags if flag.startswith("--")):
            return True
    return False


def _is_named_argument(items: Sequence[str], index: int) -> bool:
    """`--arg name VALUE` of jq: a value, and no program."""
    return index >= 2 and items[index - 2] in ("--arg", "--argjson", "--rawfile", "--slurpfile")


def is_flag_c(word: object) -> bool:
    """Whether a shell's flag such as `-c` or `-ec` says that a program follows."""
    return isinstance(word, str) and word.startswith("-") and not word.startswith("--") and word.endswith("c")


# ---- what a value can be ---------------------------------------------------------------------------------------------

_CLASS = late(r"\[(\^?)(\]?[^\]]*)\]")


def may_begin_with_dash(pattern: str) -> bool:
    """Whether a text that a pattern matches whole could begin with a dash, as far as its first characters tell."""
    alternatives = pattern.split("|") if "(" not in pattern and "[" not in pattern else [pattern]
    if "|" in pattern and len(alternatives) == 1:
        return True
    return any(_may_begin(each) for each in alternatives)


def _may_begin(pattern: str) -> bool:
    rest = pattern.lstrip("^")
    while rest.startswith(("(?:", "(")):
        rest = rest[3:] if rest.startswith("(?:") else rest[1:]
    if match := _CLASS.match(rest):
        after, may = rest[match.end() :], _class_has_dash(match[1], match[2])
    elif rest[:2] in ("\\d", "\\w"):
        after, may = rest[2:], False
    elif rest[:1].isalnum() or rest[:1] in ("/", "_", "@", "%", "=", ":", ",", " "):
        after, may = rest[1:], False
    else:
        return True
    return may or after.startswith(("?", "*", "{0"))


def _class_has_dash(negated: str, inside: str) -> bool:
    has = inside.startswith("-") or inside.endswith("-") or "\\-" in inside or "\\" in re.sub(r"\\[dw]", "", inside)
    has = has or any(low <= "-" <= high for low, high in re.findall(r"(.)-(.)", inside))
    return not has if negated else has
