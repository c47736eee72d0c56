"""The checked-out source of the release: enough of it for `npm run test`, `npm audit` and `docker build`."""

from __future__ import annotations

import json
from pathlib import Path

_TEST = """
const test = require("node:test");
const assert = require("node:assert");
const { overlaps } = require("../src/overlaps");

test("appointments that touch do not overlap", () => assert.equal(overlaps(9, 10, 10, 11), false));
test("appointments that share an hour overlap", () => assert.equal(overlaps(9, 11, 10, 12), true));
"""
_DOCKERFILE = """FROM node:20-alpine
ENV NODE_ENV=production
COPY . /app
USER node
CMD ["node", "/app/dist/main.js"]
"""


def check_out(folder: Path) -> Path:
    """Lay the source out; returns its folder."""
    source = folder / "source"
    package = {"name": "scheduler-api", "version": "1.0.0", "private": True}
    depends = {"dependencies": {"ms": "2.1.3"}}
    locked = {"version": "2.1.3"}
    lock = {**package, "lockfileVersion": 3, "requires": True}
    files = {
        "package.json": json.dumps({**package, "scripts": {"test": "node --test"}, **depends}),
        "package-lock.json": json.dumps({**lock, "packages": {"": {**package, **depends}, "node_modules/ms": locked}}),
        "Dockerfile": _DOCKERFILE,
        "src/overlaps.js": "exports.overlaps = (a, b, c, d) => a < d && c < b;\n",
        "test/overlaps.test.js": _TEST,
    }
    for name, text in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return source
