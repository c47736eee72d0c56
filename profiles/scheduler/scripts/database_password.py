"""How strong the password in DATABASE_URL is, as JSON: its length, its entropy, whether it is a well-known one.

The password itself is never printed. That it is the one in use shows elsewhere: probes log in with it.
"""

import json
import math
import os
from collections import Counter
from urllib.parse import unquote, urlsplit

KNOWN = {"", "postgres", "password", "scheduler", "admin", "root", "secret", "changeme", "123456", "test"}

if __name__ == "__main__":
    split = urlsplit(os.environ["DATABASE_URL"])
    password = unquote(split.password or "")
    shares = [count / len(password) for count in Counter(password).values()]
    bits = -sum(share * math.log2(share) for share in shares) * len(password)
    is_known = password.lower() in KNOWN or password == (split.username or "")
    print(json.dumps({"length": len(password), "entropy_bits": round(bits, 1), "well_known": is_known}))
