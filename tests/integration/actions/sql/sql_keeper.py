"""A keeper that runs one step of SQL and is meant to be killed: `sql_keeper.py DSN FOLDER SETTINGS(JSON)`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from sql_stage import Stage

if __name__ == "__main__":
    stage = Stage(sys.argv[1], Path(sys.argv[2]))
    print(asyncio.run(stage.run(**json.loads(sys.argv[3]))))
