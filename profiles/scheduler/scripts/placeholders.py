"""Fails with the variables that still have a placeholder for a value, and where theirs come from; never says the value.

Reads every variable that begins with SCHEDULER_, and the descriptions in the profiles beside this folder.
"""

import os
import re
import tomllib
from pathlib import Path

PLACEHOLDER = re.compile(
    r"^\s*$|^<.*>$|^\[.*\]$|\byour[-_]|\bmy-?domain\b|change[-_ ]?me|\bplaceholder\b|\bTODO\b"
    r"|\bexample\.(com|org|net)\b|^(xxx+|secret|password)$",
    re.IGNORECASE,
)


def where_from():
    """What the profiles say of each variable of the environment, and which of them may be empty."""
    found, may_be_empty = {}, set()
    for path in Path(__file__).parent.parent.glob("*.toml"):
        for variable in tomllib.loads(path.read_text("utf-8")).get("variables", {}).values():
            if "env" in variable and "description" in variable:
                found[variable["env"]] = variable["description"]
            if variable.get("default") == "":
                may_be_empty.add(variable["env"])
    return found, may_be_empty


if __name__ == "__main__":
    said_of, may_be_empty = where_from()
    mine = {name: value for name, value in os.environ.items() if name.startswith("SCHEDULER_")}
    mine = {name: value for name, value in mine.items() if value or name not in may_be_empty}
    if left := sorted(name for name, value in mine.items() if PLACEHOLDER.search(value)):
        said = "; ".join(f"{name}: {said_of.get(name, 'see base.toml')}" for name in left)
        raise SystemExit(f"still a placeholder: {', '.join(left)}. {said}")
    print(f"{len(mine)} variables have values")
