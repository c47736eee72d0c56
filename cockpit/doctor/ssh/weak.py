"""Keys that can be broken, by their kind and length."""

from __future__ import annotations

from cockpit.audit.agent import AgentKey, string

_SHORTEST_RSA = 2048


def weakness(key: AgentKey) -> str:
    """Why a public key is weak; empty if it is not known to be."""
    blob = key.certified or key.blob
    kind, place = string(blob, 0)
    if kind == b"ssh-dss":
        return "it is a DSA key of 1024 bits"
    if kind == b"ssh-rsa":
        _, place = string(blob, place)
        modulus, _ = string(blob, place)
        bits = int.from_bytes(modulus, "big").bit_length()
        if bits < _SHORTEST_RSA:
            return f"it is an RSA key of {bits} bits"
    return ""
