"""What looks long and random and is no secret stays readable."""

# ruff: noqa: E501 - output as programs print it
from __future__ import annotations

import pytest

from cockpit.masking.mask import Mask
from cockpit.masking.stream import Masker

HARMLESS = {
    "sha256sum": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  release.tar.gz",
    "git": "commit 7f3a91c2d4e5f60718293a4b5c6d7e8f90123456\nAuthor: Ana <ana@example.com>\n\n    Rotate the token (#12)",
    "docker": "postgres@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: Pulling from library/postgres",
    "kubectl": "NAME                     READY   STATUS    AGE\nsk-ingress-7d9f8b6c5d-x2x9z   1/1   Running   3d\ntoken-service-0  1/1 Running 2d",
    "kubectl_secrets": "NAME       TYPE                                  DATA   AGE\nsh.helm.v1   helm.sh/release.v1   1   3d\ndb-token   Opaque   2   9d",
    "kubernetes": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nsecretName: db-token\nsecretKeyRef:\n  name: db\n  key: password",
    "psql": "                  id                  | key\n--------------------------------------+-----\n 550e8400-e29b-41d4-a716-446655440000 | a\n(1 row)",
    "psql_error": 'psql: error: connection to server at "127.0.0.1", port 5432 failed: fe_sendauth: no password supplied',
    "terraform": "aws_instance.web: Refreshing state... [id=i-0abcd1234efgh5678]\nPlan: 1 to add, 0 to change, 0 to destroy.",
    "systemd": "Nov 22 05:00:00 host systemd[1]: Started Token refresh service. MainPID=1234 InvocationID=0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----",
    "ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq0b8QmGqFQpR3xwYy0Yb6C2nVvU1sQyYzL9m3k2abc ana@bastion",
    "fingerprint": "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU ana@bastion (ED25519)",
    "head": "head 7f3a·91c2  seq 117  run 01J9ZK3M5Q8R7T6V4W2X0Y1Z9A",
    "integrity": '"integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="',
    "urls": "GET http://localhost:8080/health 200 OK; see https://example.com/a:b@c and ssh://git@github.com/x/y.git",
    "references": "psql postgresql://${user}:${password}@db/x; curl -H 'Authorization: Bearer $TOKEN' https://x/?token=${token}",
    "masked": "password=******** token=<redacted> Authorization: Bearer ‹secret api_token›",
    "prose": "The password is in the vault. Authorization: see the runbook. Type your token when asked; the cookie is optional.",
    "python": '  File "app.py", line 3, in connect\n    psycopg.connect(host=host, password=password)',
    "etag": 'ETag: W/"5e15153d-120f"\nX-Request-Id: 7b1c9c3e-3f0a-4d57-9a87-0f5f0a1d2c3b\nX-Cache-Key: /health',
    "sizes": "Cookie consent: yes; keys: 12; max_tokens=4096; page_token: 3; token_count=120000",
}  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_harmless_output_stays_as_it_is(text: str) -> None:
    assert Mask({"it": "Zq8#never-there"}).text(text) == text
    masker = Masker({"it": "Zq8#never-there"})
    pieces = [masker.feed(bytes([byte])) for byte in text.encode()]
    assert b"".join([*pieces, masker.end()]).decode() == text
