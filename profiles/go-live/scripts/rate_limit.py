"""How many requests a minute one caller may make, by the header that says so; fails if nothing is counted.

Three calls of the same caller: what is left must fall between two of them. Between two others a new minute may begin.
"""

import itertools
import json
import os

from asking import answer

LIMIT, LEFT = "X-RateLimit-Limit", "X-RateLimit-Remaining"

if __name__ == "__main__":
    url = f"{os.environ['APP_URL']}/functions/v1/admin?may=payments.create"
    keys = {"apikey": os.environ["ANON_KEY"], "Authorization": f"Bearer {os.environ['ADMIN_TOKEN']}"}
    left = []
    for _ in range(3):
        status, headers, _ = answer("GET", url, **keys)
        if status == 401:
            raise SystemExit("401: log in as the Admin anew and start with the token in GO_LIVE_ADMIN_TOKEN")
        if LIMIT not in headers or LEFT not in headers:
            raise SystemExit(f"admin answers {status} without {LIMIT} and {LEFT}: calls are not limited")
        left.append(int(headers[LEFT]))
    if not any(later < earlier for earlier, later in itertools.pairwise(left)) and left[-1] > 0:
        raise SystemExit(f"of {headers[LIMIT]} calls there are {left} left after each of three: nothing is counted")
    print(json.dumps({"limit": int(headers[LIMIT]), "left": left}))
