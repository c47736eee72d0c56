"""How strong the weakest password in DATABASE_URL and APP_DATABASE_URL is, as JSON: length, entropy, well known or not.

A password itself is never printed. That the first is the one in use shows elsewhere: probes log in with it.
"""

import json
import math
import os
from collections import Counter
from urllib.parse import unquote, urlsplit

KNOWN = {"", "postgres", "password", "scheduler", "admin", "root", "secret", "changeme", "123456", "test"}


def strength(url):
    """Length, bits (Shannon entropy of the characters times their number), and whether everybody knows it."""
    split = urlsplit(url)
    password = unquote(split.password or "")
    shares = [count / len(password) for count in Counter(password).values()]
    bits = -sum(share * math.log2(share) for share in shares) * len(password)
    return len(password), round(bits, 1), password.lower() in KNOWN or password == (split.username or "")


if __name__ == "__main__":
    lengths, bits, known = zip(
        *(strength(os.environ[name]) for name in ("DATABASE_URL", "APP_DATABASE_URL")), strict=True
    )
    print(json.dumps({"length": min(lengths), "entropy_bits": min(bits), "well_known": any(known)}))
