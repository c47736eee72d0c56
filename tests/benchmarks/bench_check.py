"""The start of the command line: `cockpit --help` and `cockpit check`, against a click hello world's `--help`.

They run in turns, each as a process of its own, so that a busy machine slows all of them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from figures import Row, paired_ratios, spread

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
    """Return the medians of the ratios of pairs: 10 if `quick`, else 40."""
    pairs = 10 if quick else 40
    with TemporaryDirectory() as folder:
        hello, profile, misspelt = (Path(folder) / name for name in ("hello.py", "profile.toml", "misspelt.toml"))
        hello.write_text(HELLO)
        profile.write_text(PAGE.read_text().split("```toml\n")[1].split("```")[0])
        misspelt.write_text(profile.read_text().replace('gate = "api_health', 'gate = "api_helth'))
        return [
            _row("cockpit --help", ["--help"], 0, HELP_LIMIT, hello, pairs),
            _row("cockpit check", ["check", str(profile)], 0, CHECK_LIMIT, hello, pairs),
            _row("cockpit check of a misspelt gate", ["check", str(misspelt)], 1, CHECK_LIMIT, hello, pairs),
        ]


def _row(name: str, arguments: list[str], expected: int, limit: float, hello: Path, pairs: int) -> Row:
    cockpit = str(Path(sys.executable).with_name("cockpit"))
    ratios = paired_ratios(
        lambda: _run([cockpit, *arguments], expected), lambda: _run([str(hello), "--help"], 0), pairs
    )
    return Row(name, median(ratios), limit, "x", f"click hello --help: {spread(ratios)}")


def _run(argv: list[str], expected: int) -> float:
    began = time.perf_counter()
    finished = subprocess.run([sys.executable, *argv], capture_output=True, text=True, check=False)
    taken = time.perf_counter() - began
    assert finished.returncode == expected, finished.stdout + finished.stderr
    return taken
