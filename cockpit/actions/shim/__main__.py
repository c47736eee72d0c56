"""`python -P -m cockpit.actions.shim` with a spec on standard input: see `main`.

Modules that are imported are no garbage: looking for some meanwhile is a tenth of what this process's start costs.
"""

import gc

gc.disable()

from cockpit.actions.shim.main import main  # noqa: E402 (after the line above, or that would save nothing)

gc.freeze()
gc.enable()

if __name__ == "__main__":
    import sys

    sys.exit(main())
