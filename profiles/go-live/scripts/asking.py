"""Asking over HTTP, for the scripts beside this one. Standard library alone; tokens and bodies are never printed."""

import json
import os
import urllib.error
import urllib.request
import uuid

TIMEOUT_S = 8


def ask(method, url, given=None, **headers):
    """Status and body of an answer; the body as JSON, or None. A header's `_` stands for `-`."""
    status, _, found = answer(method, url, given, **headers)
    return status, found


def answer(method, url, given=None, **headers):
    """The same, with its headers between them."""
    body = None if given is None else json.dumps(given).encode()
    request = urllib.request.Request(url, body, method=method)  # noqa: S310 - variables say which scheme it has
    request.add_header("Content-Type", "application/json")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as got:  # noqa: S310
            return got.status, got.headers, _json(got)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers, _json(refused)
    except OSError as error:
        raise SystemExit(f"{url.split('?')[0]} cannot be reached: {error}") from None


def function(name, given):
    """What an edge function answers to the owner of a tenant; ends if it refuses."""
    status, found = ask(
        "POST",
        f"{os.environ['APP_URL']}/functions/v1/{name}",
        given,
        apikey=os.environ["ANON_KEY"],
        Authorization=f"Bearer {os.environ['OWNER_TOKEN']}",
        X_Request_Id=f"go-live-{uuid.uuid4()}",
    )
    if status == 401:
        raise SystemExit(
            f"{name} answers 401: log in as the owner anew and start with the token in GO_LIVE_OWNER_TOKEN"
        )
    if status >= 400:
        raise SystemExit(f"{name} answers {status}: {(found or {}).get('error', 'no JSON')}")
    return found


def _json(got):
    try:
        return json.loads(got.read())
    except ValueError:
        return None
