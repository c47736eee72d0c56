"""`payments.py create|refund|settle|reconcile`: a payment in the provider's test mode, by the way that tenants go."""

import json
import os
import sys

from asking import function

CENTS = 1234


def create():
    made = function("payments", {"action": "create", "tenant": os.environ["TENANT"], "cents": CENTS, "test": True})
    if made["status"] != "succeeded":
        raise SystemExit(f"payment {made['id']} {made['status']}: see the provider's dashboard, in test mode")
    return made["id"]


def change(action):
    return function("payments", {"action": action, "payment": create()})


def reconcile():
    """A sample statement with two payments, both of which must be found."""
    lines = [{"payment": create(), "cents": CENTS} for _ in range(2)]
    return function("reconcile", {"statement": "sample of the checklist", "lines": lines})


if __name__ == "__main__":
    what = sys.argv[1]
    found = (
        {"id": create(), "status": "succeeded"}
        if what == "create"
        else reconcile()
        if what == "reconcile"
        else change(what)
    )
    print(json.dumps(found))
