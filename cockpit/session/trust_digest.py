"""What is trusted of a profile, as one digest: its text, the text of what it extends, and every file it names.

Invariant: what a run executes cannot change without this digest changing, as far as it lies in files beside the
profile; and nothing that changes by itself is in it: no time, no value of a variable, no program of the system. A file
counts that a profile names (`file`, `files`, `allowed_signers`, `revoked_keys`, `kubeconfig`), and every word of a
command or script that is a program or a source text in a folder of the profile's.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cockpit.actions.files import digests
from cockpit.errors import ActionError
from cockpit.patterns import late
from cockpit.profile.executing import Execution, executions, keys, texts_in
from cockpit.profile.model import Profile
from cockpit.profile.named_files import named_files
from cockpit.profile.programs import Word, words_of
from cockpit.secret_shapes import secrets_in
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.profile.load import Loaded

_TAG = "cockpit-profile-v1"
_SOURCE = late(
    r".*\.(?:sh|bash|zsh|fish|p?sql|py|rb|pl|[mc]?js|ts|php|lua|awk|sed|jq|go|ya?ml|json|toml|tf|tfvars|conf|cfg|ini|env|j2"
    r"|te?mpl|tpl|ps1|groovy|mk|service)",
    re.IGNORECASE,
)
_DATA = late(r".*\.(?:ya?ml|json|toml|tf|tfvars|conf|cfg|ini|env|j2|te?mpl|tpl|service)", re.IGNORECASE)
"""Of these, what no program is."""
_MOST_FILES = 500
_HEAD_BYTES = 2


class Executed(Struct, frozen=True):
    """What a profile may execute, as it is here and now."""

    profile: str
    environment: str
    production: bool
    digest: str
    """SHA-256, hex: of all of it. What people confirm and approve."""
    executions: tuple[Execution, ...]
    files: Mapping[str, str]
    """By name as written: SHA-256, hex; or why it could not be read."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Each part of it as one text, to be kept and compared."""
        return (*keys(self.executions), *(f"file: {visible(name)} {said}" for name, said in self.files.items()))

    @property
    def file_lines(self) -> list[str]:
        """The files for eyes."""
        if not self.files:
            return []
        return ["from these files, fixed by their content:", *(f"  {line}" for line in _file_lines(self.files))]


def _file_lines(files: Mapping[str, str]) -> Iterator[str]:
    for name, said in files.items():
        yield f"{visible(name)}  {said[:16] if _is_digest(said) else said}"


def _is_digest(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def executed(loaded: Loaded) -> Executed:
    """What a loaded profile may execute. Reads the files that it names, and nothing else; never raises for them."""
    profile, base_dir = loaded.profile, Path(os.path.dirname(os.path.abspath(loaded.sources[-1].name)))
    files = _files(profile, base_dir)
    told = "".join(f"file {name!r} {said}\n" for name, said in files.items())
    text = f"{_TAG}\n{profile.id}\n{profile.environment}\n{loaded.digest}\n{told}"
    return Executed(
        profile=profile.id,
        environment=profile.environment,
        production=profile.production,
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        executions=executions(profile, hidden_in(profile)),
        files=files,
    )


def hidden_in(profile: Profile) -> dict[str, str]:
    """Literal secrets, by their shapes, and what stands in for each in a listing."""
    texts = tuple(_texts(profile))
    if not secrets_in("\n".join(texts)):  # at once: a single text costs as much, and there is almost never one
        return {}
    return {text[each.start : each.end]: "‹secret›" for text in texts for each in secrets_in(text)}


def _texts(profile: Profile) -> Iterator[str]:
    """Where a secret might stand that should not: literal passwords in addresses, tokens in arguments."""
    for probe in profile.probes:
        yield from texts_in(probe.settings)
    for _, step in profile.every_step():
        yield from texts_in(step.settings)
    for target in profile.targets:
        yield target.dsn
    for channel in profile.channels:
        yield from (channel.webhook, channel.apprise)


def _files(profile: Profile, base_dir: Path) -> dict[str, str]:
    """Every file, sorted by name."""
    names = set(named_files(profile)) | {word.name for word in list(_programs(profile, base_dir))[:_MOST_FILES]}
    names |= {target.kubeconfig for target in profile.targets if _is_beside(target.kubeconfig)}
    return {name: _said(name, base_dir) for name in sorted(names)}


def _is_beside(kubeconfig: str) -> bool:
    """Whether it comes with the profile. kubectl runs the program that `exec` in it names, at every question."""
    return bool(kubeconfig) and "${" not in kubeconfig and not kubeconfig.startswith(("/", "~"))


def _said(name: str, base_dir: Path) -> str:
    try:
        return digests((name,), base_dir)[name]
    except ActionError as error:
        return visible(error.message)


def scripts(profile: Profile, base_dir: Path) -> tuple[str, ...]:
    """Those of its programs that are code, whatever they are given to: what a run holds them to, each time.

    Data (`values.yaml`) may be written by a step for the next one; what a step lists under `files` may not.
    """
    found = list(_programs(profile, base_dir))[:_MOST_FILES]
    return tuple(word.name for word in found if word.is_program or not _DATA.fullmatch(word.name))


def _programs(profile: Profile, base_dir: Path) -> Iterator[Word]:
    """The words of commands that are files of source text beside the profile, each once."""
    settings = [probe.settings for probe in profile.probes if probe.kind == "command"]
    settings += [step.settings for _, step in profile.every_step() if step.behaviour == "action"]
    seen = set[Word]()
    for each in settings:
        for word in words_of(each):
            if word not in seen and _is_source(word, base_dir):
                yield word
            seen.add(word)


def _is_source(word: Word, base_dir: Path) -> bool:
    """Whether a word is a source text in a folder of the profile's. A file that is only written or read is none."""
    path = base_dir / word.name
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return False
        if word.is_program or _SOURCE.fullmatch(path.name) or status.st_mode & 0o111:
            return True
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.read(fd, _HEAD_BYTES) == b"#!"
        finally:
            os.close(fd)
    except OSError:
        return False
