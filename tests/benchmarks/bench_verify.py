"""`verify` of a million lines of 400 bytes beside a loop that only hashes each line, and the memory it takes."""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import Row, paired_ratios, spread

from cockpit.audit.line import DOMAIN, GENESIS
from cockpit.audit.verify import verify

LINE_BYTES = 400
LIMIT = 1.6
MEMORY_LIMIT_MB = 100

MEMORY = """
import resource, sys
from pathlib import Path
from cockpit.audit.verify import verify
assert verify(Path(sys.argv[1])).ok
print(sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def write_log(path: Path, lines: int) -> None:
    """A log as a long night leaves it: 19 samples to a fact, every line of exactly 400 bytes."""
    prev = GENESIS
    with path.open("wb", buffering=1 << 20) as log:
        for seq in range(1, lines + 1):
            kind = 'fact","type":"note.added' if seq % 20 == 1 else 'telemetry","type":"probes.sampled'
            second, micro = divmod(seq * 1_000, 1_000_000)
            at = f"2026-11-21T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.{micro:06}Z"
            start = (
                f'{{"v":1,"run":"01JD7ZZZZZZZZZZZZZZZZZZZZZ","seq":{seq},"prev":"{prev}","class":"{kind}",'
                f'"id":"01JD{seq:022}","at":"{at}","boot":"8b457b7a","mono":{second}.{micro:06},'
                f'"actor":{{"user":"ana","host":"b1"}},"data":{{"text":"'
            )
            line = (start + "x" * (LINE_BYTES - 4 - len(start)) + '"}}').encode()
            log.write(line + b"\n")
            prev = hashlib.sha256(DOMAIN + line).hexdigest()


def measure(quick: bool) -> list[Row]:
    """The median of paired ratios, and the peak memory of all processes taken together."""
    lines, pairs = (100_000, 3) if quick else (1_000_000, 9)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder) / "audit.jsonl"
        write_log(path, lines)
        assert path.stat().st_size == lines * LINE_BYTES

        def hash_only() -> float:
            sha256 = hashlib.sha256
            began = time.perf_counter()
            with path.open("rb", buffering=1 << 20) as log:
                for line in log:
                    sha256(line[:-1]).hexdigest()
            return time.perf_counter() - began

        def verified(*, parallel: bool = True) -> float:
            began = time.perf_counter()
            found = verify(path, parallel=parallel)
            took_s = time.perf_counter() - began
            assert found.ok, found.problem
            assert found.seq == lines
            return took_s

        hash_only()
        ratios = paired_ratios(verified, hash_only, pairs)
        alone = verified(parallel=False) / hash_only()
        told = subprocess.run([sys.executable, "-c", MEMORY, path], capture_output=True, text=True, check=True).stdout
    detail = f"{lines} lines, {len(os.sched_getaffinity(0))} cores; {spread(ratios)}; one process {alone:.2f}"
    return [
        Row("verify / hashing each line", statistics.median(ratios), LIMIT, "x", detail),
        Row("verify, peak memory of both processes", int(told) / 1024, MEMORY_LIMIT_MB, "MB", f"{lines} lines"),
    ]
