"""Where the payment provider sends its events, and whether they arrive.

`look`        says how many endpoints are right and how many wrong
`register`    makes the right one, and switches those off that lead elsewhere
`unregister`  takes that back
`send`        has it send a test event
`retry`       has it send one that fails twice, to see that it comes a third time, later each time
"""

import json
import os
import sys
import time
import uuid

from asking import ask

URL = f"{os.environ['APP_URL']}/functions/v1/webhooks"
PROVIDER = f"{os.environ['PROVIDER_URL']}/v1"
MARK = "go_live"


def provider(method, path, given=None):
    status, found = ask(method, f"{PROVIDER}/{path}", given, Authorization=f"Bearer {os.environ['PROVIDER_KEY']}")
    if status == 401:
        raise SystemExit(
            "the provider answers 401: make a new key in its dashboard and start with it in GO_LIVE_PROVIDER_KEY"
        )
    if status >= 400:
        raise SystemExit(f"the provider answers {status} to {method} {path}")
    return found


def endpoints():
    return provider("GET", "webhook_endpoints")["data"]


def look():
    enabled = [each["url"] for each in endpoints() if each["status"] == "enabled"]
    return {"right": enabled.count(URL), "wrong": [url for url in enabled if url != URL]}


def register():
    for each in endpoints():
        if each["status"] == "enabled" and each["url"] != URL:
            provider("POST", f"webhook_endpoints/{each['id']}", {"status": "disabled", "metadata": {MARK: "disabled"}})
    if not look()["right"]:
        provider("POST", "webhook_endpoints", {"url": URL, "metadata": {MARK: "created"}})
    return look()


def unregister():
    for each in endpoints():
        if (done := each["metadata"].get(MARK)) == "created":
            provider("DELETE", f"webhook_endpoints/{each['id']}")
        elif done == "disabled":
            provider("POST", f"webhook_endpoints/{each['id']}", {"status": "enabled", "metadata": {}})
    return look()


def send(**more):
    began = time.monotonic()
    sent = provider("POST", "test_events", {"id": f"go-live-{uuid.uuid4()}", "tenant": 1, "type": "test", **more})[
        "sent"
    ]
    answers = [each["status"] for each in sent]
    if not answers or answers[-1] != 200:
        why = "the webhook secret differs from the provider's" if 401 in answers else "see its dashboard"
        raise SystemExit(f"the event did not arrive, answers {answers}: {why}")
    return {"answers": answers, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    does = {
        "look": look,
        "register": register,
        "unregister": unregister,
        "send": send,
        "retry": lambda: send(fail_times=2),
    }
    print(json.dumps(does[sys.argv[1]]()))
