"""The account of an import: its figures, and what is said of every line."""

from __future__ import annotations

from cockpit.importing.accounting import counts, held, line_counts
from cockpit.importing.imported import imported
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
    found = line_counts(made().accounts)
    assert found.lines == len(RUNBOOK.splitlines())
    assert (found.actionable, found.mapped, found.not_mapped) == (8, 7, 1)
    assert found.actionable == found.mapped + found.not_mapped


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
        probes=(Probe(id="cpu", kind="prometheus", pass_when=("value < 80", "value<=3 && value != 2")),),
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
