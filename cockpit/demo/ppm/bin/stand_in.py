"""What the stand-ins of vendors' command lines share: how they read their arguments and whom they ask."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, NoReturn


def version(name: str) -> None:
    """Answer `--version`, and say what this is."""
    if sys.argv[1:] == ["--version"]:
        print(f"{name} 0.0.0 (a stand-in of cockpit's demo, not the vendor's program)")
        sys.exit(0)


def fail(why: str) -> NoReturn:
    """Say why not, and end."""
    print(f"Error: {why}", file=sys.stderr)
    sys.exit(1)


def rest(arguments: Sequence[str], flags: Sequence[str], valued: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Words and options; one that is not known ends it."""
    words, options = list[str](), dict[str, str]()
    left = list(arguments)
    while left:
        word = left.pop(0)
        name, has_value, value = word.partition("=")
        if name in valued:
            options[name] = value if has_value else left.pop(0)
        elif word in flags:
            options[word] = ""
        elif word.startswith("-"):
            fail(f"unknown option {word}")
        else:
            words.append(word)
    return words, options


def ask(key: str, **said: str) -> Any:
    """Have the stand-in system do something, and return its answer; ends with what it refuses."""
    request = urllib.request.Request(  # noqa: S310 - the stand-in's own address
        f"{os.environ['PPM_STAND_IN']}/cli",
        json.dumps(said).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        fail(json.load(error)["error"]["message"])
