"""Whether the database takes only encrypted connections, as JSON. It logs in nowhere and needs no password.

It begins a connection without asking for TLS and sees whether the server goes on with it; then it asks for TLS and
looks at the certificate. Reads HOST, PORT, CA (a PEM file, or empty for the system's), DATABASE and DATABASE_USER.
Protocol: PostgreSQL documentation, 54.2.10 and 54.7.
"""

import json
import os
import socket
import ssl
import struct
import time

TIMEOUT_S = 5
HOST, PORT = os.environ["HOST"], int(os.environ["PORT"])


def connected():
    return socket.create_connection((HOST, PORT), timeout=TIMEOUT_S)


def plain(user):
    """What a client is told that does not ask for TLS: `refused`, or `accepted` if it is asked for its password."""
    told = b"".join(each.encode() + b"\0" for each in ("user", user, "database", os.environ["DATABASE"])) + b"\0"
    with connected() as server:
        server.sendall(struct.pack("!ii", len(told) + 8, 196608) + told)
        answer = server.recv(1024)
    if answer[:1] == b"R":
        return "accepted", ""
    fields = [each.decode("utf-8", "replace") for each in answer[5:].split(b"\0")]
    why = next((each[1:] for each in fields if each.startswith("M")), "")
    return ("refused" if "encryption" in why.lower() or "ssl" in why.lower() else "unknown"), why


def encrypted():
    context = ssl.create_default_context(cafile=os.environ["CA"] or None)
    with connected() as server:
        server.sendall(struct.pack("!ii", 8, 80877103))
        if server.recv(1) != b"S":
            return {"tls": "", "days_left": 0.0, "reason": "the server speaks no TLS"}
        with context.wrap_socket(server, server_hostname=HOST) as secured:
            ends = ssl.cert_time_to_seconds(secured.getpeercert()["notAfter"])
            return {"tls": secured.version(), "days_left": round((ends - time.time()) / 86400, 1), "reason": ""}


if __name__ == "__main__":
    try:
        answer, why = plain(os.environ["DATABASE_USER"])
        try:
            found = encrypted()
        except ssl.SSLError as error:
            found = {"tls": "", "days_left": 0.0, "reason": f"{error.reason}: {getattr(error, 'verify_message', '')}"}
    except OSError as error:
        raise SystemExit(f"the database cannot be reached: {error}") from None
    print(json.dumps({"plain": answer, "why": why, **found}))
