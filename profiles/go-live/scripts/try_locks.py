"""Whether the two lock functions keep others out: called as edge functions call them, many at a time.

Prints what happened as JSON. Uses a number of its own, and lets it go at the end.
"""

import json
import os
import secrets
from concurrent.futures import ThreadPoolExecutor

from asking import ask

AT_ONCE = 8
NUMBER = secrets.randbelow(2**62)


def call(name, key):
    return ask("POST", f"{os.environ['APP_URL']}/rest/v1/rpc/{name}", {"lock_id": NUMBER}, apikey=key)


def asked(name):
    status, found = call(name, os.environ["SERVICE_KEY"])
    if status != 200:
        raise SystemExit(f"{name} answers {status}: {found}")
    return found


if __name__ == "__main__":
    with ThreadPoolExecutor(AT_ONCE) as people:
        let_in = sum(people.map(asked, ["pg_try_advisory_lock"] * AT_ONCE))
    one_after_another = [asked("pg_try_advisory_lock") for _ in range(3)]
    stranger, _ = call("pg_try_advisory_lock", os.environ["ANON_KEY"])
    freed = asked("pg_advisory_unlock")
    again = asked("pg_try_advisory_lock")
    asked("pg_advisory_unlock")
    told = {"let_in": let_in, "later": sum(one_after_another), "stranger": stranger, "freed": freed, "again": again}
    print(json.dumps(told))
