"""An import made by hand: a small runbook, the profile it became, and the fate of every line."""

from __future__ import annotations

from cockpit.importing.imported import Account, Imported
from cockpit.importing.ledger import Ledger
from cockpit.importing.source import Note, Source
from cockpit.importing.writing import written
from cockpit.profile.model import Phase, Profile, RollbackPlan, Step

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

```yaml
replicas: 1

image: shop
```
"""


def made(environment: str = "production") -> Imported:
    """The same whatever the readers make of a runbook: what tests of screens and accounts are about is what is told."""
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
    for line in (12, 16, 18, 20, 26, 30):
        ledger.lay(line, line, "fence")
    for line in (19, 27, 29):
        ledger.leave(line, line, "yaml is shown nowhere and run by nothing")
    for line in (7, 8, 14, 15, 19, 24, 27, 29):
        ledger.ask(line, line)
    return Imported(
        profile=profile,
        toml=written(profile, {"phases.steps rate": ["SHOP.md:8: write its query"]}, ("Imported from SHOP.md.",)),
        accounts=(Account(source=source, entries=ledger.entries()),),
        notes=(Note(line=8, text="probe `error_rate` needs its query", source="SHOP.md"),),
    )
