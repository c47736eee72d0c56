"""Whether the newest backup that the platform has completed is at most $WITHIN_H hours old; says how old it is.

Where it can go back to any moment, the platform lists no single backups, but how far that reaches.
"""

import os
from datetime import UTC, datetime

from asking import ask

if __name__ == "__main__":
    url = f"{os.environ['MANAGEMENT_URL']}/v1/projects/{os.environ['PROJECT']}/database/backups"
    status, found = ask("GET", url, Authorization=f"Bearer {os.environ['TOKEN']}")
    if status == 401:
        raise SystemExit("401: a new GO_LIVE_MANAGEMENT_TOKEN is made on the platform's account page")
    if status != 200 or not found:
        raise SystemExit(f"the management API answers {status}")
    made = [datetime.fromisoformat(each["inserted_at"]) for each in found["backups"] if each["status"] == "COMPLETED"]
    newest = [at if at.tzinfo else at.replace(tzinfo=UTC) for at in made]
    if reaches := (found.get("physical_backup_data") or {}).get("latest_physical_backup_date_unix"):
        newest.append(datetime.fromtimestamp(reaches, UTC))
    if not newest:
        raise SystemExit("no backup was ever completed: see the platform's dashboard, database, backups")
    age_h = (datetime.now(UTC) - max(newest)).total_seconds() / 3600
    if age_h > float(os.environ["WITHIN_H"]):
        raise SystemExit(f"the newest completed backup is {age_h:.0f} h old: see the platform's dashboard, backups")
    print(f"the newest completed backup is {age_h:.1f} h old")
