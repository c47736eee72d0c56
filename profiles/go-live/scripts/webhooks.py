"""Where the payment provider sends its events, and whether they arrive.

`look`        says how many endpoints are right, which are wrong, and how many lead to other programs
`register`    makes the right one, and switches those off that lead to the same function elsewhere
`unregister`  takes that back: what the run $RUN did, and nothing that an earlier one did
`send`        has it send a test event
`retry`       has it send one that fails twice, to see that it comes a third time, later each time
"""

import json
import os
import sys
import time
import uuid
from urllib.parse import urlsplit

from asking import ask

PATH = "/functions/v1/webhooks"
URL = f"{os.environ['APP_URL']}{PATH}"
PROVIDER = f"{os.environ['PROVIDER_URL']}/v1"
MARK = "go_live"
CREATED, DISABLED = (f"{what} by {os.environ.get('RUN', '')}" for what in ("created", "disabled"))


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
    ours = [url for url in enabled if urlsplit(url).path == PATH]
    return {"right": ours.count(URL), "wrong": [url for url in ours if url != URL], "others": len(enabled) - len(ours)}


def register():
    found = look()
    if not found["right"]:  # first, so that at no moment events go nowhere
        provider("POST", "webhook_endpoints", {"url": URL, "metadata": {MARK: CREATED}})
    for each in endpoints():
        if each["status"] == "enabled" and each["url"] in found["wrong"]:
            change(each, "disabled", {**each["metadata"], MARK: DISABLED})
    return look()


def unregister():
    marked = endpoints()
    for each in marked:
        if each["metadata"].get(MARK) == DISABLED:
            change(each, "enabled", {name: value for name, value in each["metadata"].items() if name != MARK})
    for each in marked:
        if each["metadata"].get(MARK) == CREATED:
            provider("DELETE", f"webhook_endpoints/{each['id']}")
    return look()


def change(endpoint, status, metadata):
    provider("POST", f"webhook_endpoints/{endpoint['id']}", {"status": status, "metadata": metadata})


def send(**more):
    event = {"id": f"go-live-{uuid.uuid4()}", "tenant": os.environ["TENANT"], "type": "test", **more}
    began = time.monotonic()
    sent = provider("POST", "test_events", event)["sent"]
    answers = [each["status"] for each in sent]
    if not answers or answers[-1] != 200:
        why = "the webhook secret differs from the provider's" if 401 in answers else "see its dashboard"
        raise SystemExit(f"the event did not arrive, answers {answers}: {why}")
    # from an answer to the next attempt, where the provider tells it: how long an answer takes is no pause
    ends = [each.get("answered_at", each["at"]) for each in sent]
    pauses = [round(later["at"] - end, 3) for end, later in zip(ends, sent[1:], strict=False)]
    return {"answers": answers, "pauses": pauses, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    does = {
        "look": look,
        "register": register,
        "unregister": unregister,
        "send": send,
        "retry": lambda: send(fail_times=2),
    }
    print(json.dumps(does[sys.argv[1]]()))
