"""The start of the command line: `cockpit --help` and `cockpit check`, against a click hello world's `--help`.

All three run in turns, as processes of their own, so that a busy machine slows all of them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from figures import Row

HELLO = '''
import click


@click.command()
@click.option("--count", default=1, help="Number of greetings.")
@click.argument("name")
def hello(count, name):
    """Greet."""
    for _ in range(count):
        click.echo(f"Hello {name}!")


if __name__ == "__main__":
    hello()
'''
HELP_LIMIT, CHECK_LIMIT = 1.5, 3.0
PAGE = Path(__file__).parents[2] / "docs" / "profile.md"


def measure(quick: bool) -> list[Row]:
    """Return the ratios of the medians: 10 turns if `quick`, else 40."""
    with TemporaryDirectory() as folder:
        hello, profile = Path(folder) / "hello.py", Path(folder) / "profile.toml"
        hello.write_text(HELLO)
        profile.write_text(PAGE.read_text().split("```toml\n")[1].split("```")[0])
        misspelt = Path(folder) / "misspelt.toml"
        misspelt.write_text(profile.read_text().replace('gate = "api_health', 'gate = "api_helth'))
        cockpit = str(Path(sys.executable).with_name("cockpit"))
        commands = {
            "hello": ([str(hello), "--help"], 0),
            "help": ([cockpit, "--help"], 0),
            "check": ([cockpit, "check", str(profile)], 0),
            "check, with a problem": ([cockpit, "check", str(misspelt)], 1),
        }
        times_s: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(10 if quick else 40):
            for name, (argv, expected) in commands.items():
                times_s[name].append(_run([sys.executable, *argv], expected))
    hello_s = median(times_s.pop("hello"))
    return [
        Row(
            name=f"cockpit {name} / click hello --help",
            measured=median(taken) / hello_s,
            limit=HELP_LIMIT if name == "help" else CHECK_LIMIT,
            unit="x",
            detail=f"{median(taken) * 1000:.0f} ms against {hello_s * 1000:.0f} ms",
        )
        for name, taken in times_s.items()
    ]


def _run(argv: list[str], expected: int) -> float:
    began = time.perf_counter()
    finished = subprocess.run(argv, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - began
    assert finished.returncode == expected, finished.stdout + finished.stderr
    return taken
