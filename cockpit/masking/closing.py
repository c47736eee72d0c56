"""A process that holds secrets, closed: no core dump of it, nobody's debugger, no library's log, no TLS keys in a file.

Invariant: once `close` returned, a crash leaves no memory on a disk (`RLIMIT_CORE`, getrlimit(2); for what the kernel
pipes to a program, `PR_SET_DUMPABLE`, prctl(2)), other processes of the same user cannot read its memory or its
environment (`/proc/PID/mem`, proc(5)), and libraries that log URLs, headers and connection strings log nothing.
Children may not dump either, but are else as always: execve(2) makes them dumpable again.
"""

from __future__ import annotations

import os
from contextlib import suppress

LIBRARIES = ("httpx", "httpcore", "hpack", "h2", "psycopg", "apprise", "urllib3", "requests", "asyncio", "concurrent")
"""They log URLs, headers, connection strings, or what was called with which arguments."""
IN_ENVIRONMENT = {
    "SSLKEYLOGFILE": "would write the keys of every TLS connection into a file",
    "PYTHONASYNCIODEBUG": "would log calls with their arguments",
    "HTTPX_LOG_LEVEL": "would log requests with their headers",
    "HTTPCORE_LOG_LEVEL": "would log requests with their headers",
    "APPRISE_LOG_LEVEL": "would log addresses with their tokens",
}
"""What has a library tell secrets: taken out of the environment, and said once."""
_PR_SET_DUMPABLE = 4
_closed: list[tuple[str, ...]] = []


def close() -> None:
    """Close this process, once."""
    if not _closed:
        _closed.append(tuple(name for name in IN_ENVIRONMENT if os.environ.pop(name, None)))
        _without_dumps()
        _silence()


def not_followed() -> tuple[str, ...]:
    """What of the environment is not followed since this process was closed, a sentence each."""
    return tuple(f"{name} is not followed: it {IN_ENVIRONMENT[name]}" for names in _closed for name in names)


def _without_dumps() -> None:
    import ctypes  # both are for processes with secrets alone, and not for a first paint
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):  # the limit alone, where there is no prctl
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _silence() -> None:
    import logging

    logging.raiseExceptions = False  # a handler's error would print what was to be logged
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
        logger.setLevel(logging.CRITICAL + 1)
        # Loggers below them that were made already ask their own level first.
        for below, one in list(logging.root.manager.loggerDict.items()):
            if below.startswith(f"{name}.") and isinstance(one, logging.Logger):
                one.disabled = True
