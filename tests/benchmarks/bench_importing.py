"""Importing 1 MB of Markdown: the whole command, against markdown-it-py's own, which only renders the same text.

They run in turns, each as a process of its own, so that a busy machine slows both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from figures import Row, paired_ratios, spread

SIZE_BYTES = 1_000_000
RATIO_LIMIT, SECONDS_LIMIT = 8.0, 2.0
SECTIONS = 185
PROSE = (
    "The service keeps what it was told last, so that a restart of `api` loses nothing; see [notes](https://w.example)"
    " and **do not** start part {n} before the one above it ended. Replicas follow within a minute, and whoever is on"
    " call says in the channel what was seen, with the time and the name of the host that was looked at.\n"
)
SECTION = """
## {n}. Part {n} of the move (15 minutes)

{short}
<!--
{prose}-->
- [ ] Check that part {n} is announced
- [ ] Error rate of part {n} < {n} %
  - who: the team of part {n}
  - where: the dashboard of part {n}
- [ ] (optional) Tell support about part {n}

```bash
# Look at part {n}
kubectl get pods -l part={n}
kubectl rollout restart deployment/part-{n} && kubectl rollout status deployment/part-{n}
psql "$DATABASE_URL" -c "SELECT count(*) FROM part_{n}"
```

<!--
{prose}-->

| Task | Owner | Status |
|------|-------|--------|
| Compare the counts of part {n} | DBA | |
| Close part {n} | Lead | |

```sql
-- what part {n} left behind
SELECT id, state FROM part_{n} WHERE state <> 'done';
```

<!--
{prose}-->
"""


def runbook(size_bytes: int = SIZE_BYTES) -> str:
    """A runbook of about `size_bytes`, with all that one may hold, and fewer steps and less prose than a profile may.

    A profile of 1 MB of prose fits into no run's log: what is beyond that, five sixths of it all, stands in comments.
    """
    per_section = size_bytes // SECTIONS
    parts = ["# A large move\n"]
    for number in range(1, SECTIONS + 1):
        bare = len(SECTION.format(n=number, prose="", short=PROSE.format(n=number)))
        prose = PROSE.format(n=number) * max(1, round((per_section - bare) / 3 / len(PROSE)))
        parts.append(SECTION.format(n=number, prose=prose, short=PROSE.format(n=number)))
    return "".join(parts)


def measure(quick: bool) -> list[Row]:
    """Return the medians of 3 pairs if `quick`, else of 15: the ratio, and the command's seconds."""
    pairs = 3 if quick else 15
    with TemporaryDirectory() as folder:
        source = Path(folder) / "RUNBOOK.md"
        source.write_text(runbook(SIZE_BYTES // 10 if quick else SIZE_BYTES))
        cockpit = str(Path(sys.executable).with_name("cockpit"))
        taken: list[float] = []

        def _import() -> float:
            taken.append(_run([cockpit, "import", str(source)]))
            return taken[-1]

        ratios = paired_ratios(_import, lambda: _run(["-m", "markdown_it.cli.parse", str(source)]), pairs)
        size = source.stat().st_size
    return [
        Row("cockpit import of 1 MB", median(ratios), RATIO_LIMIT, "x", f"markdown-it, {size:,} B: {spread(ratios)}"),
        Row("cockpit import of 1 MB", median(taken), SECONDS_LIMIT, "s", f"{size:,} B, {len(taken)} times"),
    ]


def _run(argv: list[str]) -> float:
    env = os.environ | {"PYTHONIOENCODING": "utf-8"}
    began = time.perf_counter()
    finished = subprocess.run([sys.executable, *argv], capture_output=True, text=True, check=False, env=env)
    taken_s = time.perf_counter() - began
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert len(finished.stdout) > 10_000, "it answered with nothing"
    return taken_s
