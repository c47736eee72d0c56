"""Makes `docs/import.svg`, the picture of an import's preview: a small runbook, and the profile made of it.

.uv/bin/uv run python docs/import_preview.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path

PICTURE = Path(__file__).with_name("import.svg")
SIZE = (120, 36)
RUNBOOK = """\
# Move the shop to PostgreSQL 17

Owner: the platform team. Reviewed before every release.

## Pre-deployment checklist

- [x] Backup of the old database verified
- [ ] Error rate < 1 %
- [ ] Replica is in sync

## Phase 1: Migration (20 minutes)

```bash
# Stop the writers
kubectl scale deployment/shop --replicas=0

# The shop must say that it is in maintenance
curl -f https://shop.example.com/health
```

```sql
ALTER TABLE orders ADD COLUMN region text;
UPDATE orders SET region = 'eu';
```

```yaml
replicas: 3
```

## Rollback

1. Restore the backup
2. Start the writers
"""


async def take_picture() -> str:
    """Import the runbook, go to a command of it, and return the screen as SVG."""
    from cockpit.importing.imported import imported
    from cockpit.importing.source import Source
    from cockpit.tui.importing.app import PreviewApp

    app = PreviewApp(imported([Source(name="SHOP.md", lines=tuple(RUNBOOK.splitlines()))]))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.2)
        app.preview.action_move(RUNBOOK.splitlines().index("kubectl scale deployment/shop --replicas=0"))
        await pilot.pause(0.2)
        return app.export_screenshot(title="cockpit import SHOP.md --preview")


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(asyncio.run(take_picture()))


if __name__ == "__main__":
    main()
