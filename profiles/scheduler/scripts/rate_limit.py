"""Whether requests are really counted, as JSON: two requests, of which the second must have less left than the first.

The second says that it came from elsewhere: whoever is believed that has a limit of their own for every request.

`rate_limit.py exhaust` goes on until it is refused, at most 110 times: for staging, since who runs it is shut out for a
quarter of an hour afterwards. Reads APP_URL from the environment.
"""

import json
import sys

from asking import ask

PATH = "/api/organizations/available/rate-limit"

if __name__ == "__main__":
    most = 110 if sys.argv[1:] == ["exhaust"] else 2
    left, limit, window_s, refused_after = [], 0, 0, 0
    for number in range(1, most + 1):
        elsewhere = {"X-Forwarded-For": f"198.51.100.{number}"} if number > 1 else {}
        status, headers, _ = ask("GET", PATH, headers=elsewhere)
        if status == 429:
            refused_after = number - 1
            break
        left.append(int(headers.get("ratelimit-remaining", "-1")))
        limit = int(headers.get("ratelimit-limit", "0"))
        window_s = int(headers.get("ratelimit-policy", ";w=0").partition(";w=")[2] or 0)
    # Others may be counted in between: what counts is that it falls.
    counts = bool(refused_after) or (len(left) > 1 and left[-1] < left[0])
    found = {"limit": limit, "window_s": window_s, "counts": counts, "refused_after": refused_after}
    print(json.dumps({**found, "refused": status == 429}))
