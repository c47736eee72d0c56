"""Fuzzing of imports: the corpus, mutated, for as long as is wanted.

    PYTHONPATH=tests python -m importing_fuzz SECONDS [SEED]      (600 s: ten minutes)

Batches run in forked processes with bounded memory, so that a crash of a parser in C is told as one, and every input
has bounded time of a processor. What fails is written to a folder, with its seed. It ends with 1 if anything failed.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import importing_claims as claims
import importing_hostile

from cockpit.errors import CockpitError

CORPUS = Path(__file__).parent / "importing_corpus"
MEMORY_BYTES = 3 << 29
LONGEST_S = 10.0
BATCH = 50
TOKENS = (
    b"```", b"~~~", b"- [ ] ", b"- [x] ", b"1. ", b"# ", b"### ", b"> ", b"| ", b"|-|-|\n", b"---\n", b"<!--", b"-->",
    b"<details>", b"${", b"$${", b"}", b"[A]", b"<b>", b"`", b"**", b"\t", b"\r", b"\r\n", b"\n\n", b"\x00", b"\xff",
    b"\xe2\x80\xae", b"\xef\xbb\xbf", b"$$", b"'", b'"', b"<<EOF\n", b"\\\n", b"sleep 5\n", b"curl http://", b" > 5 %",
    b"(30 minutes)", b"DO $$", b"Subject: ", b"```sql\n", b"```bash\n", b"```json\n{", b"9999999999999999999", b"1e999",
    b"\xf0\x9f", b"\xc3\xa2\xc5\x93", b"wait 5 minutes", b"password=", b"ghp_", b"body:\n", b"  - type: checkboxes\n",
)  # fmt: skip


class TooLong(BaseException):
    """An import took longer than LONGEST_S; no CockpitError and no Exception, so that nothing catches it."""


def seeds() -> list[bytes]:
    """What is mutated: the corpus, and the small hostile texts."""
    runbooks = [path.read_bytes() for path in sorted(CORPUS.iterdir()) if path.suffix in (".md", ".txt", ".yml")]
    shared = CORPUS.parents[2] / "shared" / "runbooks"
    runbooks += [path.read_bytes() for path in sorted(shared.glob("*.md"))] if shared.exists() else []
    return runbooks + [make() for make in importing_hostile.BROKEN.values()]


def mutated(source: random.Random, corpus: list[bytes]) -> bytes:
    """One of them, changed in one to eight places."""
    text = bytearray(source.choice(corpus))
    for _ in range(source.randint(1, 8)):
        at = source.randrange(len(text) + 1)
        to = min(len(text), at + source.randint(0, 200))
        match source.randrange(8):
            case 0 if text:
                text[at % len(text)] ^= 1 << source.randrange(8)
            case 1:
                del text[at:to]
            case 2:
                text[at:at] = source.choice(TOKENS)
            case 3:
                text[at:at] = bytes(text[at:to]) * source.randint(1, 30)
            case 4:
                other = source.choice(corpus)
                begun = source.randrange(len(other) + 1)
                text[at:to] = other[begun : begun + source.randint(0, 2000)]
            case 5:
                text = text[:at]
            case 6:
                lines = bytes(text).split(b"\n")
                source.shuffle(lines) if len(lines) < 40 else lines.sort(key=lambda _: source.random() < 0.05)
                text = bytearray(b"\n".join(lines))
            case 7:
                text[at:to] = source.choice(TOKENS) * source.randint(1, 60)
    return bytes(text[: 1 << 20])


def faults(content: bytes) -> list[str]:
    """What is wrong with the import of one text."""
    try:
        made = claims.import_text(content)
    except CockpitError:
        return []
    except (Exception, TooLong):
        return [traceback.format_exc()]
    with tempfile.TemporaryDirectory() as folder:
        errors = claims.problems(made, Path(folder))[0]
    return [*errors, *claims.unaccounted(made), *claims.invented(made)]


def batch(number: int, until: float, corpus: list[bytes]) -> Iterator[tuple[int, bytes, list[str], float]]:
    """The inputs of one batch in order: the seed, the text, what is wrong, seconds of a processor."""
    for seed in range(number * BATCH, (number + 1) * BATCH):
        if time.monotonic() > until:
            return
        content = mutated(random.Random(seed), corpus)
        began = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_S)
        found = faults(content)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        yield seed, content, found, time.process_time() - began


def fuzz(seconds: float, first: int, failed: Path) -> dict[str, float]:
    """Run for a time; returns counts of inputs, failures and crashed batches, and the slowest input's seconds."""
    corpus, until, began = seeds(), time.monotonic() + seconds, time.monotonic()
    counted: dict[str, float] = {"inputs": 0, "failures": 0, "crashes": 0, "slowest_s": 0.0}
    number = first
    while time.monotonic() < until:
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            _child(number, until, corpus, failed, writing)
        os.close(writing)
        with os.fdopen(reading) as told:
            for line in told:
                each = json.loads(line)
                counted["inputs"] += 1
                counted["failures"] += bool(each["faults"])
                counted["slowest_s"] = max(counted["slowest_s"], each["cpu_s"])
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            counted["crashes"] += 1
            (failed / f"crashed_batch_{number}").write_text(f"seeds {number * BATCH} to {(number + 1) * BATCH - 1}\n")
        number += 1
    return counted | {"inputs_per_s": counted["inputs"] / (time.monotonic() - began)}


def _child(number: int, until: float, corpus: list[bytes], failed: Path, writing: int) -> None:
    def _stop(_number: int, _frame: FrameType | None) -> None:
        raise TooLong

    signal.signal(signal.SIGVTALRM, _stop)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    status = 1
    try:
        with os.fdopen(writing, "w") as telling:
            for seed, content, found, cpu_s in batch(number, until, corpus):
                if found:
                    (failed / f"{seed}.md").write_bytes(content)
                    (failed / f"{seed}.txt").write_text("\n".join(found))
                print(json.dumps({"seed": seed, "faults": len(found), "cpu_s": cpu_s}), file=telling, flush=True)
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    place = Path(tempfile.mkdtemp(prefix="importing-fuzz-"))
    result = fuzz(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0, place)
    print(json.dumps(result), f"failures are in {place}" if result["failures"] + result["crashes"] else "")
    sys.exit(bool(result["failures"] or result["crashes"]))
