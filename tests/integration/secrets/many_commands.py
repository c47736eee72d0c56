"""Many commands of cockpit one after the other, as a person types them: what each prints, in one process.

`many_commands.py < [[argument, …], …]`. Before each, what it is stands on both outputs; its exit status follows.
"""

from __future__ import annotations

import json
import sys

from cockpit.cli import main

if __name__ == "__main__":
    commands = json.loads(sys.stdin.readline())
    for arguments in commands:
        for output in (sys.stdout, sys.stderr):
            print(f"=== {arguments}", file=output, flush=True)
        try:
            main(arguments)
        except SystemExit as error:
            print(f"=== {error.code}", flush=True)
