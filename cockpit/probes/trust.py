"""Whom TLS connections trust. A context takes 20 ms and a megabyte to build, so those of one kind share one."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from cockpit.errors import ProbeError
from cockpit.text import shortened


@lru_cache(maxsize=32)
def trusting(ca_file: str, *, checks_name: bool = True) -> ssl.SSLContext:
    """Return the context that trusts the system's authorities, or those of one PEM file. Raises `ProbeError`.

    Without `checks_name` only the chain is verified: whoever uses it judges the name.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        said = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ProbeError(f"`ca_file` {shortened(Path(ca_file).name, 80)} cannot be read as PEM: {said}") from error
    context.check_hostname = checks_name
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Python's own default, which a host's openssl.cnf can lower
    return context


@lru_cache(maxsize=1)
def unverified() -> ssl.SSLContext:
    """Return the context for servers of whom the profile says why nobody verifies them: encrypted, to whomever."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@lru_cache(maxsize=1)
def looking() -> ssl.SSLContext:
    """Return the context that accepts any certificate: only for looking at it, never for sending anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
