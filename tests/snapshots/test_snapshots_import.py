"""How the preview of an import looks: side by side, one above the other, and as a walk."""

from __future__ import annotations

import pytest
from screen_story import apart, until

from cockpit.importing.imported import Account, Imported
from cockpit.importing.ledger import Ledger
from cockpit.importing.source import Note, Source
from cockpit.importing.writing import written
from cockpit.profile.model import Phase, Profile, RollbackPlan, Step
from cockpit.tui.importing.app import PreviewApp

RUNBOOK = """\
# Move the shop to its new house

Some words about it, which say why.

## Preparation (15 minutes)

- [x] Tell the team
- [ ] Error rate < 2 %

## Deployment

```bash
# stop the old one
systemctl stop shop
sleep 30
```

```yaml
replicas: 3
```

## Rollback

1. Start the old one
"""


def made(environment: str) -> Imported:
    """By hand: these pictures are of the screen, whatever the readers make of a runbook."""
    source = Source(name="SHOP.md", lines=tuple(RUNBOOK.splitlines()))
    steps = (
        Step(id="tell", title="Tell the team", claimed="ticked in the runbook", source="SHOP.md:7"),
        Step(id="rate", title="Error rate < 2 %", gate=("error_rate < 2.0",), source="SHOP.md:8"),
    )
    stop = Step(id="stop", title="Stop the old one", command="systemctl stop shop", source="SHOP.md:13-14")
    wait = Step(id="wait", title="Wait", kind="wait", behaviour="wait", estimate_s=30, settings={"duration": "30s"})
    back = Step(id="start", title="Start the old one", source="SHOP.md:24")
    profile = Profile(
        id="shop",
        environment=environment,
        production=environment == "production",
        title="Move the shop to its new house",
        phases=(
            Phase(id="preparation", title="Preparation", stage="before", steps=steps),
            Phase(id="deployment", title="Deployment", steps=(stop, wait)),
        ),
        rollbacks=(
            RollbackPlan(id="rollback", title="Rollback", phases=(Phase(id="back", title="Rollback", steps=(back,)),)),
        ),
    )
    ledger = Ledger(source)
    gives = {
        1: "title", 5: "phase preparation", 7: "step tell", 8: "step rate", 10: "phase deployment", 13: "step stop",
        14: "step stop", 15: "step wait", 22: "rollback plan rollback", 24: "step start",
    }  # fmt: skip
    for line, became in gives.items():
        ledger.give(line, line, became)
    for line in (12, 16, 18, 20):
        ledger.lay(line, line, "fence")
    ledger.leave(19, 19, "yaml is shown nowhere and run by nothing")
    for line in (7, 8, 14, 15, 19, 24):
        ledger.ask(line, line)
    return Imported(
        profile=profile,
        toml=written(profile, {"phases.steps rate": ["SHOP.md:8: write its query"]}, ("Imported from SHOP.md.",)),
        accounts=(Account(source=source, entries=ledger.entries()),),
        notes=(Note(line=8, text="probe `error_rate` needs its query", source="SHOP.md"),),
    )


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch):
    """The picture depends on no terminal's wishes."""
    for name in ("NO_COLOR", "COCKPIT_THEME", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)


def app(environment: str = "production") -> PreviewApp:
    return PreviewApp(made(environment))


def after(*keys):
    async def before(pilot):
        await until(pilot, lambda: bool(pilot.app.preview._panes["source"].lines), "the first paint")
        for key in keys:
            await apart(pilot, key)

    return before


def test_a_step_and_its_lines_side_by_side(snap_compare):
    assert snap_compare(app(), terminal_size=(120, 40), run_before=after(*["j"] * 12))


def test_a_line_that_is_not_mapped_on_a_small_terminal(snap_compare):
    assert snap_compare(app("staging"), terminal_size=(80, 24), run_before=after("n"))


def test_the_walk_beside_the_source(snap_compare):
    assert snap_compare(app(), terminal_size=(120, 40), run_before=after(*["j"] * 14, "t"))
