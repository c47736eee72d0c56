"""Fails with the names of variables that still have a placeholder for a value; never says the value.

Reads every variable that begins with GO_LIVE_. `[Your DevOps Team]` is how the checklist itself left them.
"""

import os
import re

PLACEHOLDER = re.compile(
    r"^\s*$|<[^>]*>|\[[a-z _-]+\]|\byour[-_ ]|change[-_ ]?me|\bplaceholder\b|\bTODO\b"
    r"|[/@.]example\.(com|org|net)\b|^xxx+$",
    re.IGNORECASE,
)

if __name__ == "__main__":
    mine = {name: value for name, value in os.environ.items() if name.startswith("GO_LIVE_")}
    left = sorted(name for name, value in mine.items() if PLACEHOLDER.search(value))
    if left:
        raise SystemExit(f"still a placeholder: {', '.join(left)}; base.toml says of each where its value comes from")
    print(f"{len(mine)} variables have values")
