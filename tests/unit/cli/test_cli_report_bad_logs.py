"""A report of whatever is given for a log: a clear answer, and all that can be told, marked where nothing proves it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bad_logs import BAD_LOGS, EVENTS, BadLog

from cockpit.cli import main


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    """Status, standard output and standard error of a command."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    said = capsys.readouterr()
    for text in said:
        assert "Traceback" not in text
        assert "this should not have happened" not in text
        assert "cockpit-unpacked-" not in text
    return ended.value.code, said.out, said.err


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_what_can_be_told_of_a_bad_log_is_told(bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(bad.write(tmp_path))
    status, out, err = answered(capsys, "report", path, "--format", "json")
    can_be_told = bool(bad.counting) or bad.name == "CRLF"
    if not can_be_told:
        assert status in (1, 3)
        assert re.fullmatch(r"cockpit: [^\n]+\n", err)
        assert out == ""
        return
    told = json.loads(out)
    is_wrong = bool(bad.says) and bad.name != "cut in a line"  # its writer may still go on
    assert status == int(is_wrong)
    assert told["verification"]["ok"] is not is_wrong
    assert bool(told["troubles"]) is is_wrong
    is_repeated = bad.name == "twice"
    after = 0 if is_repeated else bad.after
    assert (told["run"]["events"], told["run"]["unproven_events"]) == (bad.counting + after, after)
    assert (told["run"]["unproven_since"] is not None) is bool(after)
    if is_wrong:
        assert re.search(bad.says, " ".join(told["troubles"]))
        assert err.startswith("cockpit: ")
    if bad.counting + after > 40:
        kinds = [each["kind"] for each in told["run"]["deviations"]]
        assert kinds in (["hold", "override", "skip"], ["hold", "skip"]), "without its step nothing is overridden"
    if is_repeated:
        assert f"{EVENTS} events under numbers that came before: not told again" in told["troubles"]


@pytest.mark.parametrize("bad", [bad for bad in BAD_LOGS if bad.counting and bad.says], ids=str)
def test_a_page_and_a_document_of_a_bad_log_say_so(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(bad.write(tmp_path))
    for format_ in ("html", "md"):
        _, out, err = answered(capsys, "report", path, "--format", format_, "-o", "-")
        assert err.startswith("cockpit: "), "it is said at once, not at the end of the report alone"
        assert re.search(
            r"(Damaged|Not whole|Does not verify|Cut in a line|Left behind):",
            out[: out.index("Summary</h2>" if format_ == "html" else "## Summary")],
        )
        assert re.search(bad.says, out.replace("\\", ""))
        assert ("✖ 2" in out) is bool(bad.after and bad.name != "twice")
