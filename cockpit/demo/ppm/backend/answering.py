# mypy: ignore-errors
"""How the command lines tell what they did: JSON with --json, else `name: value`."""

import json
import sys


def tell(result, as_json):
    if as_json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name}: {value}")


def run(action, as_json):
    """Do it and tell; the exit status is 1 if it could not be done."""
    try:
        tell(action(), as_json)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        print(f"ERROR {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", file=sys.stderr)
        sys.exit(1)
