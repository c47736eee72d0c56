"""`docs/dependencies.md` names every package with a reason; bill of materials and advisories are told rightly."""

from __future__ import annotations

import http.server
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs" / "dependencies.md").read_text(encoding="utf-8")
UV = TOP / ".uv" / "bin" / "uv"


def _module(path: Path) -> ModuleType:
    loader = SourceFileLoader(path.stem, str(path))  # also where the name has no suffix
    spec = importlib.util.spec_from_file_location(path.stem, path, loader=loader)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOLD = _module(TOP / "docs" / "dependencies.py")
ASKED = TOLD.declared()
SECTIONS = {"To run": ASKED.runtime, "Extras": ASKED.extras, "To build and test": {**ASKED.development, **ASKED.apart}}


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading: the cells of each row by the package's name."""
    section = re.search(rf"^## {heading}.*?$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None, heading
    lines = re.findall(r"^\| (.+) \|$", section[1], re.MULTILINE)
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    return {each[0]: each[1:] for each in cells if each[0] != "package"}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_package_that_is_asked_for_has_a_reason_on_the_page_and_no_other_has(heading: str) -> None:
    """One of two tables may name what both ask for."""
    wanted = set(SECTIONS[heading]) - (
        set(ASKED.extras) | set(ASKED.runtime) if heading == "To build and test" else set()
    )
    assert set(rows(heading)) == wanted
    for name, cells in rows(heading).items():
        assert len(cells) == 6, name
        assert all(len(cell) >= 2 for cell in cells), f"{name} has an empty cell"
        assert len(cells[0].split()) > 1, f"the reason for {name} is one word"


def _installed(names: set[str]) -> Iterator[str]:
    present = {TOLD.named(each.name) for each in metadata.distributions()}
    return (name for name in sorted(names) if name in present)


@pytest.mark.parametrize("heading", SECTIONS)
def test_licences_and_compiled_code_are_told_as_the_installed_packages_tell_them(heading: str) -> None:
    """Of families alone: `MIT License` and `MIT` are one."""
    for name in _installed(set(rows(heading))):
        cells = rows(heading)[name]
        assert sorted(cells[4].split(" or ")) == TOLD.licence(name).split(" or "), name
        assert cells[5] == ("yes" if TOLD.is_native(name) else "no"), name


def test_every_package_that_is_brought_along_is_on_the_page_with_who_brings_it() -> None:
    """On every Python and system: what is installed here and is not on the page fails."""
    told = rows("Brought along")
    everything = TOLD.brought({**ASKED.runtime, **ASKED.extras, **ASKED.development})
    missing = set(_installed(set(everything))) - set(told)
    assert not missing, f"say who brings {sorted(missing)}: run docs/dependencies.py"
    for name in _installed(set(everything) & set(told)):
        assert everything[name] <= set(told[name][0].split(", ")), f"{name} is brought by others too"
    runs = set(_installed(set(TOLD.brought(ASKED.runtime))))
    assert {name for name, cells in told.items() if cells[3] == "where it runs"} >= runs


def test_a_package_that_nobody_gave_a_reason_for_is_noticed() -> None:
    """The check above can fail: another one in pyproject has no row, and brings others."""
    asked = {**ASKED.runtime, "jsonschema": frozenset[str]()}
    assert set(rows("To run")) != set(asked)
    assert {"attrs", "rpds-py"} <= set(TOLD.brought(asked)) - set(TOLD.brought(ASKED.runtime))


def test_what_the_code_imports_is_asked_for_or_named_as_brought_along() -> None:
    """A package that comes along by chance may be gone tomorrow."""
    modules = {
        "re2": "google-re2", "yaml": "pyyaml", "backports": "backports-zstd", "markdown_it": "markdown-it-py",
        "vl_convert": "vl-convert-python",
    }  # fmt: skip
    own = {"cockpit", "compression", "profiles", "answering", "user_synchronization_service"}
    also = set(re.findall(r"`([a-z0-9-]+)`", re.search(r"^Imported by name too.*$", PAGE, re.MULTILINE)[0]))  # type: ignore[index]
    found: dict[str, str] = {}
    for path in sorted((TOP / "cockpit").rglob("*.py")):
        for name in re.findall(r"^\s*(?:import|from) ([a-z_][a-z0-9_]*)(?=[\s.]).*$", _code(path), re.MULTILINE):
            found.setdefault(modules.get(name, TOLD.named(name)), str(path))
    known = set(ASKED.runtime) | set(ASKED.extras) | also | {TOLD.named(each) for each in own}
    strange = {name: path for name, path in found.items() if name not in known and name not in _STANDARD}
    assert not strange, strange


_STANDARD = {TOLD.named(each) for each in sys.stdlib_module_names}


def _code(path: Path) -> str:
    """Without texts of several lines: SQL and prose hold `from`, too."""
    return re.sub(r'"""(?s:.*?)"""', "", path.read_text(encoding="utf-8"))


# ---- the software bill of materials ----------------------------------------------------------------------------------


def _can_install(group: str) -> bool:
    """Whether what a group needs is to be had here."""
    if not UV.exists():
        return False
    command = [str(UV), "run", "--quiet", "--isolated", "--only-group", group, "python", "-c", ""]
    return subprocess.run(command, cwd=TOP, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


_VALIDATE = """
import sys
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
sys.exit(str(wrong) if wrong else 0)
"""


def test_the_digests_of_the_lock_stand_in_the_bill_beside_what_the_installed_packages_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That of the file it was installed from, however the two tools write its name; without one, of its source."""
    sbom = _module(TOP / ".ci" / "sbom")
    sha = {"alg": "SHA-256", "content": "0" * 64}
    part = {"name": "a_b", "version": "1", "licenses": [{}], "externalReferences": [{"url": "a"}]}
    names = (
        "a_b-1.tar.gz",
        "a_b-1-cp311-cp311-macosx_13_0_arm64.whl",
        "a_b-1-cp311-abi3-manylinux1_x86_64.linux_x86_64.whl",
    )
    locked = [{"type": "distribution", "url": f"https://x/{name}", "hashes": [sha]} for name in names]
    told = {"components": [{"name": "a-b", "version": "1", "externalReferences": locked}]}
    tags = {"a-b": {"cp311-abi3-linux_x86_64"}}

    def uv(*words: str, **_: str) -> str:
        return json.dumps({"sync": {}, "run": {"components": [part]}, "export": told}[words[0]])

    monkeypatch.setattr(sbom, "uv", uv)
    monkeypatch.setattr(sbom, "installed_tags", lambda _: tags)
    made = sbom.bill([])["components"][0]
    assert made["licenses"]
    assert made["externalReferences"] == [{"url": "a"}, locked[2]]
    tags.clear()
    assert sbom.bill([])["components"][0]["externalReferences"] == [{"url": "a"}, locked[0]]


@pytest.mark.many
@pytest.mark.timeout(300)
def test_the_bill_of_materials_is_valid_and_names_what_runs_and_nothing_else(tmp_path: Path) -> None:
    """By the one command that the page gives, held to the schema that its library ships."""
    assert "\n  .ci/sbom --output cockpit.cdx.json\n" in PAGE
    if not _can_install("sbom"):
        pytest.skip("cyclonedx-bom cannot be installed here")
    path = tmp_path / "cockpit.cdx.json"
    subprocess.run([sys.executable, TOP / ".ci" / "sbom", "--output", path], cwd=tmp_path, check=True)
    command = [str(UV), "run", "--quiet", "--isolated", "--only-group", "sbom", "python", "-c", _VALIDATE]
    judged = subprocess.run(command, cwd=TOP, input=path.read_bytes(), capture_output=True, check=False)
    assert judged.returncode == 0, judged.stderr.decode()
    bill = json.loads(path.read_bytes())
    parts = {TOLD.named(each["name"]): each for each in bill["components"]}
    assert bill["metadata"]["component"]["name"] == "cockpit"
    assert set(_installed(set(ASKED.runtime) | set(TOLD.brought(ASKED.runtime)))) <= set(parts)
    assert not set(parts) & (set(ASKED.development) | set(ASKED.apart) | set(ASKED.extras))
    for name, part in parts.items():
        assert part["version"]
        assert part["licenses"], name
        files = [each for each in part["externalReferences"] if each["type"] == "distribution"]
        assert any(each["alg"] == "SHA-256" for file in files for each in file.get("hashes", [])), name
    assert str(TOP) not in path.read_text()


# ---- known vulnerabilities -------------------------------------------------------------------------------------------

CONTROL = '{"dependencies": [{"name": "pyyaml", "version": "5.3", "vulns": [{"id": "X", "fix_versions": ["5.3.1"]}]}]}'
NO_CONTROL = '{"dependencies": [{"name": "pyyaml", "skip_reason": "Dependency not found and could not be audited"}]}'
CLEAN = '{"dependencies": [{"name": "httpx", "version": "0.28.1", "vulns": []}], "fixes": []}'
FOUND = (
    '{"dependencies": [{"name": "jinja2", "version": "2.4.1", "vulns": '
    '[{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": ["CVE-2014-0012"]}]}]}'
)
PARTLY = (
    '{"dependencies": [{"name": "httpx", "version": "1", "vulns": []}, {"name": "ours", "skip_reason": "not found"}]}'
)
GONE = "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='h', port=443): (Failed to resolve 'h')"
"""What pip-audit 2.10 writes, shortened."""


def audited(folder: Path, control: str, all_of_it: str, said: str = "", status: int = 0) -> tuple[int, str]:
    """The exit status and output of .ci/audit, with a pip-audit that answers as the real one was seen to."""
    program = folder / "bin" / "pip-audit"
    program.parent.mkdir()
    answers = f"case \"$*\" in *control.txt*) printf %s '{control}' ;; *) printf %s '{all_of_it}' ;; esac"
    quoted = said.replace("'", "'\\''")
    program.write_text(f"#!/bin/sh\n{answers}\nprintf %s '{quoted}' >&2\nexit {status}\n")
    program.chmod(0o755)
    (folder / "all.txt").write_text("httpx==0.28.1\n")
    command = [sys.executable, str(TOP / ".ci" / "audit"), "--requirements", str(folder / "all.txt")]
    environ = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("answers", "status", "words"),
    [
        ((CONTROL, CLEAN), 0, "1 packages, no known vulnerability"),
        ((CONTROL, FOUND, "", 1), 1, "jinja2 2.4.1: PYSEC-2014-8, CVE-2014-0012, fixed in 2.7.2"),
        (("", "", GONE, 1), 3, "skipped, since no advisory service could be asked: .*its name cannot be resolved"),
        (
            (NO_CONTROL, CLEAN),
            3,
            "skipped, .* does not know the vulnerability of pyyaml==5.3, so its silence says nothing",
        ),
        ((CONTROL, PARTLY), 3, "skipped, .* 1 of 2 packages are unknown to it: ours"),
        ((CONTROL, '{"dependencies": []}'), 3, "skipped, .* nothing to be looked up"),
        (("", "", "pip-audit: error: unrecognized arguments", 2), 2, "pip-audit failed with exit status 2"),
    ],
    ids=["clean", "vulnerable", "unreachable", "knows-nothing", "knows-a-part", "of-nothing", "fails"],
)
def test_known_vulnerabilities_fail_and_what_could_not_be_asked_never_passes(
    answers: tuple[str, ...], status: int, words: str, tmp_path: Path
) -> None:
    """Each way in which pip-audit was seen to end."""
    found, said = audited(tmp_path, *answers)  # type: ignore[arg-type]  # as `audited` takes them
    assert found == status, said
    assert re.search(words, said, re.DOTALL), said


@pytest.mark.parametrize(
    ("status", "line"), [(0, "ok: it"), (1, "FAILED: it"), (3, "SKIPPED: it, for the reason above")]
)
def test_ci_says_of_each_check_whether_it_held_failed_or_was_skipped(status: int, line: str) -> None:
    """By the very lines of .ci/run."""
    text = (TOP / ".ci" / "run").read_text()
    function, end = (
        re.search(r"^failed=.*?^}$", text, re.MULTILINE | re.DOTALL),
        text[text.rindex("\nif [ ${#failed") :],
    )
    assert function is not None
    script = f"set -uo pipefail\n{function[0]}\ncheck it bash -c 'exit {status}'\n{end}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert f"   {line}" in done.stdout
    assert (done.returncode, "all checks passed" in done.stdout) == ((1, False) if status == 1 else (0, True))
    assert ("but for what was skipped: it" in done.stdout) is (status == 3)


@contextmanager
def advisories(known: dict[str, str]) -> Iterator[str]:
    """A service that answers as OSV does (its API, `POST /v1/query`): an id for each of these packages."""

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["package"]["name"]
            where = [{"package": {"name": asked, "ecosystem": "PyPI"}}]
            body = json.dumps({"vulns": [{"id": known[asked], "affected": where}]} if asked in known else {}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.mark.many
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("known", "status"),
    [({"pyyaml": "X-1"}, 0), ({"pyyaml": "X-1", "httpx": "X-2"}, 1), ({}, 3), (None, 3)],
    ids=["clean", "vulnerable", "knows-nothing", "unreachable"],
)
def test_the_real_pip_audit_is_understood(known: dict[str, str] | None, status: int, tmp_path: Path) -> None:
    """With a service of our own on loopback, or none."""
    if shutil.which("bash") is None or not _can_install("audit"):
        pytest.skip("pip-audit cannot be installed here")
    (tmp_path / "all.txt").write_text("httpx==0.28.1\nanyio==4.16.0\n")
    tool = [str(UV), "run", "--quiet", "--isolated", "--only-group", "audit", "python", str(TOP / ".ci" / "audit")]
    with advisories(known or {}) as url:
        url = url if known is not None else "http://127.0.0.1:9/v1/query"
        command = [*tool, "--requirements", str(tmp_path / "all.txt"), "--osv-url", url]
        done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == status, done.stdout + done.stderr
