"""The account of an import: its figures, and what is said of every line."""

from __future__ import annotations

import import_story
from msgspec.structs import replace

from cockpit.importing.account_text import report, stretches, summary
from cockpit.importing.accounting import counts, held, line_counts
from cockpit.importing.imported import Account, imported
from cockpit.importing.ledger import Ledger
from cockpit.importing.source import Note, Source
from cockpit.profile.model import Phase, Probe, Profile, RollbackPlan, Step, Trigger, Variable

RUNBOOK = """\
# Move the shop

Some words about it.

## Before

- [x] Tell the team
- [ ] Response time < 2 seconds

## Deployment

```bash
# stop it
systemctl stop shop
sleep 30
```

```sql
UPDATE shop SET open = false;
DELETE FROM baskets;
```

```yaml
replicas: 3
```

## Rollback

1. Start the old one
"""


def made(text=RUNBOOK, name="SHOP.md"):
    return imported([Source(name=name, lines=tuple(text.splitlines()))])


def test_counts_are_of_what_the_profile_holds():
    found = counts(made())
    assert (found.commands, found.sql, found.waits, found.claimed) == (1, 2, 1, 1)
    assert (found.plans, found.rollback_steps, found.thresholds) == (1, 1, 1)
    assert found.steps == 2 + 4 + 1


def test_lines_that_ask_for_something_are_mapped_or_not_and_no_third_thing():
    found = line_counts(import_story.made().accounts)
    assert found.lines == len(import_story.RUNBOOK.splitlines())
    assert (found.actionable, found.mapped, found.not_mapped) == (8, 5, 3)
    assert (found.told, found.left) == (10, 1)


def test_notes_are_counted_after_their_kind():
    notes = [Note(line=1, text="x", kind="repaired"), Note(line=2, text="x", kind="secret"), Note(line=2, text="x")]
    found = line_counts(made().accounts, notes)
    assert (found.repaired, found.secrets) == (1, 1)


def test_thresholds_are_comparisons_with_a_number_wherever_a_condition_stands():
    step = Step(id="look", title="Look", gate=("rate > 95.0", "api.passing", 'json.status == "ok"', "x >= -1"))
    profile = Profile(
        id="shop",
        environment="staging",
        phases=(Phase(id="one", title="One", steps=(step,), exit=("cpu < 80",)),),
        probes=(Probe(id="load", kind="prometheus", pass_when=("value < 80", "value<=3 && value != 2")),),
        triggers=(Trigger(id="bad", title="Bad", when=("errors > 5",)),),
        rollbacks=(RollbackPlan(id="back", title="Back", phases=(), when=("since.look < 600",)),),
        variables=(Variable(name="a", env="A"), Variable(name="b", env="B", default="x"), Variable(name="c", value="")),
    )
    assert held(profile).thresholds == 2 + 1 + 3 + 1 + 1
    assert held(profile).to_give == 1


def test_a_note_says_which_of_several_sources_it_is_of():
    both = imported(
        [
            Source(name=name, lines=("## Checks", "", f"- [ ] {metric} < 80 %"))
            for name, metric in (("A.md", "CPU usage"), ("B.md", "Memory usage"))
        ]
    )
    assert {note.source for note in both.notes} == {"A.md", "B.md"}


def test_the_few_lines_say_what_is_not_mapped_and_why_then_what_is_left():
    told = summary(import_story.made())
    assert told[:5] == [
        "SHOP.md: 30 lines; 5 of 8 that ask for something are mapped, 3 are not",
        "  not mapped: line 19, “replicas: 3”: yaml is shown nowhere and run by nothing",
        "  not mapped: line 27, “replicas: 1”: yaml is shown nowhere and run by nothing",
        "  not mapped: line 29, “image: shop”: yaml is shown nowhere and run by nothing",
        "  1 line of prose stands nowhere in the profile",
    ]
    assert told[-2:] == ["left to you:", "  SHOP.md:8  probe `error_rate` needs its query"]


def test_many_lines_that_are_not_mapped_are_cut_and_counted_and_none_is_missing_from_the_report():
    lines = tuple(f"- [ ] item {number}" for number in range(1, 101))
    source, whole = Source(name="L.md", lines=lines), import_story.made()
    ledger = Ledger(source)
    ledger.ask(1, 100)
    for line in range(2, 101, 2):
        ledger.give(line, line, "step tell")
    made_of_many = replace(whole, accounts=(Account(source=source, entries=ledger.entries()),), notes=())
    told = summary(made_of_many)
    assert sum(line.startswith("  not mapped: ") for line in told) == 12
    assert "  … 38 more stretches not mapped; --report says all" in told
    marked = [line for line in report(made_of_many) if line.startswith("!")]
    assert [line.split()[1] for line in marked] == [str(line) for line in range(1, 101, 2)]
    assert all("nothing reads it" in line for line in marked)


def test_lines_that_follow_one_another_are_one_stretch_if_the_reason_is_the_same():
    source = Source(name="L.md", lines=("a", "b", "c", "d"))
    ledger = Ledger(source)
    ledger.ask(1, 4)
    ledger.leave(1, 2, "one reason")
    ledger.leave(3, 3, "another")
    ledger.give(4, 4, "title")
    assert [(first.line, last.line) for first, last in stretches(ledger.entries())] == [(1, 2), (3, 3)]


def test_the_report_is_cut_to_a_terminal_and_to_nothing_else():
    wide = Source(name="W.md", lines=("- [ ] " + "word " * 100,))
    made_wide = replace(import_story.made(), accounts=(Account(source=wide, entries=Ledger(wide).entries()),), notes=())
    assert max(map(len, list(report(made_wide, 60))[:2])) <= 60
    assert any(line.endswith("word word") for line in report(made_wide))
