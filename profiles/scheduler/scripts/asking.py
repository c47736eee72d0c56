"""Asking the application, for the scripts beside this one. Standard library alone."""

import json
import os
import urllib.error
import urllib.request

TIMEOUT_S = 8


def ask(method, path, *, token="", given=None, headers=None):
    """Status, headers (names in lower case) and body of an answer; the body as JSON, or None."""
    body = None if given is None else json.dumps(given).encode()
    url = os.environ["APP_URL"] + path
    if not url.startswith(("http://", "https://")):
        raise SystemExit("APP_URL is no URL of HTTP: SCHEDULER_APP_URL")
    request = urllib.request.Request(url, body, method=method)  # noqa: S310
    for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
        request.add_header(name, value)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return _read(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return _read(answer)
    except OSError as error:
        raise SystemExit(f"the application cannot be reached: {error}") from None


def logged_in(email, password):
    """The answer to a login that must work; its tokens are never printed."""
    status, _, found = ask("POST", "/api/auth/login", given={"email": email, "password": password})
    if status != 200 or not found:
        raise SystemExit(f"the login of {email} is answered with {status}: {(found or {}).get('message', 'no JSON')}")
    return found


def _read(answer):
    text = answer.read()
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, found
