"""`logs.py errors|refused`: how many requests to edge functions ended so in the last 15 minutes.

Both ends of the time are told: asked without them, the platform looks at the last minute alone.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from asking import ask

MINUTES = 15
ENDED = {"errors": "r.status_code >= 500", "refused": "r.status_code = 429"}
COUNTED = (
    "select count(*) as count from function_edge_logs"
    " cross join unnest(metadata) m cross join unnest(m.response) r where "
)

if __name__ == "__main__":
    now = datetime.now(UTC)
    asked = urlencode(
        {
            "sql": COUNTED + ENDED[sys.argv[1]],
            "iso_timestamp_start": f"{now - timedelta(minutes=MINUTES):%Y-%m-%dT%H:%M:%SZ}",
            "iso_timestamp_end": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }
    )
    url = f"{os.environ['MANAGEMENT_URL']}/v1/projects/{os.environ['PROJECT']}/analytics/endpoints/logs.all?{asked}"
    status, found = ask("GET", url, Authorization=f"Bearer {os.environ['TOKEN']}")
    if status == 401:
        raise SystemExit("401: a new GO_LIVE_MANAGEMENT_TOKEN is made on the platform's account page")
    if status != 200 or not found or found.get("error") or not found.get("result"):
        raise SystemExit(f"the management API answers {status}: {(found or {}).get('error', 'no count')}")
    print(json.dumps({"count": found["result"][0]["count"]}))
