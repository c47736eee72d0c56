"""What lies in the folder of backups, as JSON: `backups.py` counts the daily ones, `backups.py before-launch` those of
that name. The dumps of the launch itself are no daily ones. Reads BACKUP_DIR from the environment.

`newest_h`: hours since the newest that is not empty. `empty`: files without content or without the mark of a dump (that
of `pg_dump --format=custom` begins with PGDMP). `gap_h`: the longest time between two. `oldest_d`: days of the oldest.
"""

import itertools
import json
import os
import sys
import time
from pathlib import Path

OURS = ("before-launch", "before-rollback")

if __name__ == "__main__":
    kind = sys.argv[1] if sys.argv[1:] else ""
    folder = Path(os.environ["BACKUP_DIR"])
    if not folder.is_dir():
        raise SystemExit(f"there is no folder {folder}: SCHEDULER_BACKUP_DIR")
    times, empty = [], 0
    for path in folder.glob("*.dump"):
        if next((each for each in OURS if path.stem.endswith(each)), "") != kind:
            continue
        with path.open("rb") as file:
            if file.read(5) != b"PGDMP":
                empty += 1
                continue
        times.append(path.stat().st_mtime)
    times.sort()
    now = time.time()
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    facts = {"count": len(times), "empty": empty, "gap_h": round(max(gaps, default=0.0) / 3600, 2)}
    facts["newest_h"] = round((now - times[-1]) / 3600, 4) if times else 1e6
    facts["oldest_d"] = round((now - times[0]) / 86400, 2) if times else 0.0
    print(json.dumps(facts))
