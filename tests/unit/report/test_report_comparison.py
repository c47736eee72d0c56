"""Runs beside each other: what is told of two and more of them."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from report_story import PROFILE, Told, long_night, until_migration, written

from cockpit.audit.line import Draft, digest, encode
from cockpit.cli import main
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import Bucket, ProbeRecord, Span, StepRecord, Threshold
from cockpit.report.compare.compared import Compared, read_compared
from cockpit.report.compare.comparing import done_otherwise, warnings
from cockpit.report.compare.comparing_tables import difference, durations, probes, worst
from cockpit.report.compare.comparison import compare
from cockpit.report.compare.comparison_records import Comparison
from cockpit.report.compare.comparison_text import markdown, text
from cockpit.report.compare.courses import Course, high_is_bad, probe_sides
from cockpit.report.compare.estimates import Estimate, overlay, rounded_up
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.friction import required_word

LOGS = Path(__file__).parents[2] / "logs" / "v1"
PROFILES = Path(__file__).parents[3] / "profiles"


class Slow(Told):
    """The same night, and everything takes longer."""

    def lasts(self, seconds: float) -> None:
        super().lasts(seconds * 1.6)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Compared]:
    folder = tmp_path_factory.mktemp("nights")
    aborted = until_migration()
    aborted.does(c.AbortRun, reason="no backup", typed=required_word(aborted.state, "abort", "", aborted.now()))
    told = {"base": long_night(), "aborted": aborted, "live": until_migration()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("report_story.Told", Slow)
        told["slow"] = long_night()
    return {name: read_compared(written(night.events, folder / f"{name}.jsonl")) for name, night in told.items()}


def cells(found: Comparison, label: str) -> list[tuple[str, str]]:
    (row,) = [cells for name, cells in durations(found).rows if name.strip() == label]
    return list(row)


# ---- how long ------------------------------------------------------------------------------------------------------


def test_times_stand_beside_each_other_with_their_difference(nights: dict[str, Compared]) -> None:
    found = compare([nights["base"], nights["slow"]])
    assert cells(found, "1.1 Announce the maintenance") == [("2m", ""), ("3m 12s", "▲ +1m 12s")]
    assert cells(found, "2.2 Migrate the users") == [("17m 12s ×2", ""), ("27m 12s ×2", "▲ +10m")]
    assert cells(found, "2.5 Drop the old columns") == [("skipped", ""), ("skipped", "")]
    assert cells(found, "held") == [("4m in 1", ""), ("6m 24s in 1", "")]
    back = compare([nights["slow"], nights["base"]])
    assert cells(back, "1.1 Announce the maintenance")[1] == ("2m", "▼ −1m 12s")


def test_what_is_not_done_has_no_difference(nights: dict[str, Compared]) -> None:
    found = compare([nights["base"], nights["aborted"], nights["live"]])
    assert cells(found, "the whole run")[1:] == [("6m 23s", ""), ("6m 23s", "")]
    assert cells(found, "2 Database")[1:] == [("open, 2m 23s", ""), ("open, 2m 23s", "")]
    assert cells(found, "1 Prepare")[1] == ("4m", "=")
    assert cells(found, "3 Follow up")[1] == ("open", "")
    assert found.remarks == (
        "B is a log of the same run as A",
        "C is a log of the same run as A",
        "B was aborted: no backup; compared as far as it went",
        "C is live: compared as far as it goes",
    )
    assert done_otherwise(found)[0] == "2.2 Migrate the users: A 1 try failed; B not reached; C not reached"


@pytest.mark.parametrize(
    ("base", "other", "told"),
    [
        (60, 60.9, "="),
        (60, 80, "+20 s"),
        (60, 90, "▲ +30 s"),
        (600, 640, "+40 s"),
        (200, 100, "▼ −1m 40s"),
        (0, 30, "▲ +30 s"),
    ],
)
def test_a_difference_is_marked_where_it_is_great_and_not_small_change(base: float, other: float, told: str) -> None:
    assert difference(base, other) == told


def test_what_was_only_shown_in_a_rehearsal_is_marked_and_not_compared(tmp_path: Path) -> None:
    runs = []
    for rehearsal in (False, True):
        night = Told(PROFILE, rehearsal=rehearsal)
        night.happens(e.StepDue(step="announce"))
        night.lasts(60)
        night.confirms()
        night.lasts(60)
        night.passes_gate()
        night.does(c.SignOff, step="approval", actor=e.Actor("bo", "bastion-1"))
        night.confirms(value="bk-1")
        action = night.starts("applied", mode="shown" if rehearsal else "real")
        night.lasts(5 if rehearsal else 90)
        night.happens(e.ActionEnded(action=action, step="scale_down", outcome="succeeded", duration_s=1))
        night.confirms()
        runs.append(read_compared(written(night.events, tmp_path / f"{rehearsal}.jsonl")))
    found = compare(runs)
    real, shown = cells(found, "2.1 Scale the application down")
    assert (real, shown) == (("1m 33s", ""), ("8 s ~", ""))
    assert any("only shown" in remark for remark in found.remarks)
    assert [each.id for each in found.estimates] == ["scale_down"]
    assert found.estimates[0].took_s == (93.0,)


# ---- other profiles ------------------------------------------------------------------------------------------------


def test_other_profiles_are_compared_as_far_as_ids_meet(nights: dict[str, Compared]) -> None:
    other = read_compared(LOGS / "every_type.jsonl")
    found = compare([nights["base"], other])
    assert "B is of another profile (shop) than A (virtue)" in " ".join(found.remarks)
    assert found.renamed == {"migrate": ("Migrate the users", "Migrate")}
    assert any("migrate is called differently" in told for told in warnings(found))
    assert cells(found, "Deploy (2.1 in B)") == [("–", ""), ("1m 25s", "")]
    assert cells(found, "1.1 Announce the maintenance") == [("2m", ""), ("–", "")]
    told = done_otherwise(found)
    assert "Look (1.2 in B): B skipped (seen already); not in A" in told
    assert [probe.id for probe in found.probes if all(probe.sides)] == ["api_health"]


def test_rows_of_others_stand_where_they_came_in_their_own_walk(nights: dict[str, Compared]) -> None:
    one = read_compared(LOGS / "acting.jsonl")
    orders = [[step.id for step in run.told.steps] for run in (nights["base"], one)]
    rows = [row.id for row in compare([nights["base"], one]).steps]
    for order in orders[:1]:
        assert [row for row in rows if row in order] == order
    assert sorted(rows) == sorted({*orders[0], *orders[1]})


# ---- probes --------------------------------------------------------------------------------------------------------


def test_values_of_probes_count_for_as_long_as_they_stood(nights: dict[str, Compared]) -> None:
    found = compare([nights["base"], nights["slow"]])
    (health,) = [row for row in found.probes if row.id == "api_health"]
    (side, _) = health.sides
    assert side is not None
    assert side.whole is not None
    assert side.whole.most == side.whole.worst > 400
    assert side.phases["database"].median > 300 > side.phases["prepare"].median
    assert side.phases["prepare"].most < 200
    labels = dict(probes(found).rows)
    assert labels["missing_profiles, median"] == (("0", ""), ("0", ""))
    assert labels["maintenance_page"] == (("no", ""), ("no", ""))
    assert labels["manual"] == (("never read", ""), ("never read", ""))
    assert "  1 Prepare, median" not in labels
    assert "  1 Prepare, median" in dict(probes(found, by_phase=True).rows)


def test_a_spike_belongs_to_the_phase_in_which_it_was_read() -> None:
    """The value that stood when a phase began counts in it; what was read before does not."""
    began = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)

    def at(minutes: float) -> datetime:
        return began + timedelta(minutes=minutes)

    probe = ProbeRecord(
        id="rate", title="", kind="http", unit="", interval_s=10, thresholds=(Threshold("pass", "<", 5.0),),
        bucket_s=60.0,
        buckets=(Bucket(at(0), 1, 1, 1, 6), Bucket(at(4), 1, 90, 2, 6), Bucket(at(12), 3, 4, 4, 3)),
    )  # fmt: skip
    visits = {"one": (at(0), at(8)), "two": (at(8), at(20))}
    steps = tuple(
        StepRecord(
            id=phase, number="1.1", title="", phase=phase, kind="confirm", behaviour="confirm", risk="routine",
            level="required", status="confirmed", attempts=1, planned_s=0, estimate_s=0, actual_s=0,
            visits=(Span(*when),),
        )
        for phase, when in visits.items()
    )  # fmt: skip
    told = Chronicle(probes=(probe,), steps=steps, ended=at(20), last=at(20))
    side = probe_sides(told)["rate"]
    assert side.whole == Course(median=2, worst=90, least=1, most=90, last=4)
    assert side.phases["one"] == Course(median=1, worst=90, least=1, most=90, last=2)
    assert side.phases["two"] == Course(median=4, worst=4, least=2, most=4, last=4)


@pytest.mark.parametrize(
    ("level", "op", "is_bad"),
    [("pass", "<", True), ("pass", ">=", False), ("fail", ">", True), ("warn", "<", False), ("pass", "==", None)],
)
def test_which_values_are_bad_is_for_the_thresholds_to_say(level: str, op: str, is_bad: bool | None) -> None:
    assert high_is_bad((Threshold(level, op, 5.0),)) is is_bad  # type: ignore[arg-type]
    assert high_is_bad(()) is None


def test_a_course_without_direction_tells_both_ends() -> None:
    assert worst(Course(1.0, None, 0.5, 2.0, 1.5)) == "0.5…2"


# ---- estimates -----------------------------------------------------------------------------------------------------

BASE = """
id = "shop"
title = "Shop"
partial = true

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "migrate"
title = "Migrate"
estimate = "10m"

[[phases.steps]]
id = "look"
title = "Look"
estimate = "5m"

[[phases.steps]]
id = "tell"
title = "Tell"

[[phases.steps]]
id = "settle"
title = "Settle"
kind = "wait"
duration = "20m"

[[rollbacks]]
id = "back"
title = "Back"

[[rollbacks.phases]]
id = "undo"
title = "Undo"

[[rollbacks.phases.steps]]
id = "restore"
title = "Restore"
estimate = "1h"
"""
PRODUCTION = """
extends = "base.toml"
environment = "production"

[[phases]]
id = "one"

[[phases.steps]]
id = "look"
estimate = "6m"
"""
ANA = e.Actor(user="ana", host="bastion-1")


def night(folder: Path, name: str, took: dict[str, float], profile: str = "production.toml") -> Compared:
    """A run of that profile in which steps took so many seconds."""
    loaded = load(folder / profile, installed())
    at = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
    mono, bodies = 0.0, list[tuple[float, e.Body]]()
    sources = tuple(e.SourceFile(name=Path(s.name).name, digest=s.digest, toml=s.toml) for s in loaded.sources)
    bodies.append(
        (0.0, e.RunStarted(profile=loaded.profile, profile_digest="00", sources=sources, cockpit_version="0"))
    )
    for step, seconds in took.items():
        if step == "restore":
            bodies.append((mono, e.RollbackChosen(plan="back", steps=("restore",), reason="r")))
        mono += seconds
        bodies.append((mono, e.StepConfirmed(step=step, attempt=1)))
    prev, lines = "0" * 64, list[bytes]()
    for seq, (when, body) in enumerate(bodies, 1):
        instant = e.Instant(at + timedelta(seconds=when), "b", when)
        lines.append(encode(Draft(f"id{seq}", instant, ANA, body), run=name, seq=seq, prev=prev))
        prev = digest(lines[-1][:-1])
    (folder / f"{name}.jsonl").write_bytes(b"".join(lines))
    return read_compared(folder / f"{name}.jsonl")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "production.toml").write_text(PRODUCTION)
    return tmp_path


def test_wrong_estimates_are_the_median_of_all_runs_rounded_up(shop: Path) -> None:
    runs = [
        night(shop, f"R{n}", {"migrate": took, "look": 350.0, "tell": 42.0, "settle": 3000.0})
        for n, took in enumerate((800.0, 1000.0, 871.0))
    ]
    found = compare(runs)
    assert [(each.id, each.new, each.took_s) for each in found.estimates] == [
        ("migrate", "15m", (800.0, 1000.0, 871.0)),
        ("tell", "45s", (42.0, 42.0, 42.0)),
    ]
    assert found.estimates[0].places == ("base.toml:11",)
    assert found.estimates[0].factor == 1.45
    assert compare(runs, off_by=1.5).estimates[0].id == "tell"


def test_a_run_that_was_rolled_back_is_compared_as_one(shop: Path) -> None:
    path = shop / "R1.jsonl"
    night(shop, "R1", {"migrate": 800.0, "restore": 60.0})
    lines = path.read_bytes().splitlines(keepends=True)
    at = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    draft = Draft("end", e.Instant(at, "b", 3600.0), ANA, e.RunFinished())
    path.write_bytes(path.read_bytes() + encode(draft, run="R1", seq=len(lines) + 1, prev=digest(lines[-1][:-1])))
    found = compare([night(shop, "R2", {"migrate": 800.0}), read_compared(path)])
    assert "B was rolled back: the whole run is its way there and back" in found.remarks


def test_a_run_of_another_profile_does_not_count_for_the_estimates(shop: Path) -> None:
    (shop / "other.toml").write_text('extends = "production.toml"\nid = "other"\n')
    own = night(shop, "R1", {"migrate": 800.0})
    other = night(shop, "R2", {"migrate": 9000.0}, "other.toml")
    found = compare([own, other])
    assert [(each.id, each.took_s) for each in found.estimates] == [("migrate", (800.0,))]
    assert any("does not count for the estimates" in remark for remark in found.remarks)


def test_a_step_that_did_not_do_its_work_says_nothing_of_its_estimate(shop: Path) -> None:
    skipped = night(shop, "R1", {"migrate": 600.0})
    assert compare([skipped, skipped]).estimates == ()


@pytest.mark.parametrize(
    ("took", "planned"),
    [(0.4, 5), (42, 45), (60, 60), (61, 90), (599, 600), (601, 660), (3599, 3600), (3601, 3900), (7 * 3600 + 1, 26100)],
)
def test_estimates_are_rounded_as_people_plan(took: float, planned: float) -> None:
    assert rounded_up(took) == planned


def paste(folder: Path, each: Estimate) -> None:
    """As a person does: the line instead of the old one, or right below the id."""
    file, line = each.places[-1].split(":")
    lines = (folder / file).read_text().splitlines()
    assert lines[int(line) - 1] == f'id = "{each.id}"'
    end = next((n for n in range(int(line), len(lines)) if lines[n].startswith("[")), len(lines))
    kept = [own for own in lines[int(line) : end] if not own.startswith("estimate =")]
    lines[int(line) : end] = [each.toml, *kept]
    (folder / file).write_text("\n".join(lines) + "\n")


def test_what_is_printed_can_be_pasted_into_the_profile(shop: Path) -> None:
    took = {"migrate": 1400.0, "look": 60.0, "tell": 130.0, "settle": 5.0, "restore": 9000.0}
    found = compare([night(shop, "R1", took), night(shop, "R2", took)])
    assert [each.id for each in found.estimates] == ["migrate", "look", "tell", "restore"]
    for each in reversed(found.estimates):  # from the end, so that lines before stay where they are
        paste(shop, each)
    assert checked(shop / "production.toml") == 0
    loaded = load(shop / "production.toml", installed())
    planned = {step.id: step.estimate_s for _, step in loaded.profile.every_step()}
    assert planned == {"migrate": 1440.0, "look": 60.0, "tell": 150.0, "settle": 1200.0, "restore": 9000.0}
    again = compare([night(shop, "R3", took), night(shop, "R4", took)])
    assert again.estimates == ()


def checked(path: Path) -> int:
    """The exit status of `cockpit check`."""
    with pytest.raises(SystemExit) as ended:
        main(["check", str(path)])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", ["virtue", "ppm"])
def test_new_estimates_of_a_shipped_profile_pass_its_check(tmp_path: Path, name: str) -> None:
    """Twice as long as planned, everywhere that a time can be had; pasted line by line, and laid over."""
    shutil.copytree(PROFILES / name, tmp_path / name)
    shop = tmp_path / name
    (file,) = {path.name for path in shop.glob("staging.toml")} or {path.name for path in shop.glob("production.toml")}
    loaded = load(shop / file, installed())
    took = {step.id: 2 * step.estimate_s + 90.0 for _, step in loaded.profile.steps()}
    found = compare([night(shop, "R1", took, file)])
    assert len(found.estimates) > 3
    (shop / "estimates.toml").write_text(overlay(found.estimates))
    (shop / "next.toml").write_text(f'extends = ["{file}", "estimates.toml"]\n')
    assert checked(shop / "next.toml") == 0
    for each in reversed(found.estimates):
        paste(shop, each)
    assert checked(shop / file) == 0
    planned = [
        {s.id: s.estimate_s for _, s in load(shop / f, installed()).profile.steps()} for f in (file, "next.toml")
    ]
    assert planned[0] == planned[1]
    assert {each.id: each.new_s for each in found.estimates}.items() <= planned[0].items()


def test_estimates_can_be_laid_over_the_profile_as_a_file(shop: Path) -> None:
    took = {"migrate": 1400.0, "look": 60.0, "tell": 130.0, "settle": 5.0, "restore": 9000.0}
    found = compare([night(shop, "R1", took)])
    (shop / "estimates.toml").write_text(overlay(found.estimates))
    (shop / "next.toml").write_text('extends = ["production.toml", "estimates.toml"]\n')
    loaded = load(shop / "next.toml", installed())
    planned = {step.id: step.estimate_s for _, step in loaded.profile.every_step()}
    assert planned == {"migrate": 1440.0, "look": 60.0, "tell": 150.0, "settle": 1200.0, "restore": 9000.0}


# ---- as text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_but_one_to_paste_is_wider_than_the_terminal(nights: dict[str, Compared], columns: int) -> None:
    other = read_compared(LOGS / "acting.jsonl")
    found = compare([nights["base"], nights["slow"], nights["aborted"], other, nights["live"]])
    lines = text(found, UTC, columns, by_phase=True).splitlines()
    assert [line for line in lines if len(line) > columns and not line.startswith("# ")] == []
    heads = [line.split() for line in lines if re.fullmatch(r"\s+A(\s+[B-E] ?.*)?", line)]
    assert {letter for head in heads for letter in head} >= set("ABCDE")


def test_hostile_texts_neither_act_nor_are_markdown(nights: dict[str, Compared]) -> None:
    base = nights["base"]
    evil = "[x](http://x)<img src=x>\x1b]0;x\x07\u202e|`a`"
    steps = tuple(replace(step, title=evil, reason=evil, by=f"{evil}@h") for step in base.told.steps)
    deviations = tuple(replace(each, where=evil, reason=evil) for each in base.told.deviations)
    values = {evil: evil}
    told = replace(
        base.told, steps=steps, deviations=deviations, values=values, title=evil, environment=evil, outcome_reason=evil
    )
    found = compare([base, Compared(told, base.state, (evil,))])
    for shown in (text(found, UTC, 80), markdown(found, UTC)):
        assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    document = markdown(found, UTC).split("```toml")[0]
    assert "[x](" not in document
    assert not re.search(r"(?<!\\)<img", document)


def test_of_a_damaged_log_what_counts_is_compared(tmp_path: Path) -> None:
    raw = (LOGS / "night.jsonl").read_bytes()
    path = tmp_path / "night.jsonl"
    path.write_bytes(raw.replace(b"the twelve are test users", b"the twelve are real users"))
    run = read_compared(path)
    assert [step.status for step in run.told.steps] == ["confirmed", "confirmed", "open", "open", "open"]
    assert "line 32 does not chain to line 31" in run.troubles[0]
    found = compare([read_compared(LOGS / "night.jsonl"), run])
    assert any(told.startswith("B: line 32") for told in warnings(found))
