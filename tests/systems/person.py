"""`python person.py NAME COMMAND…`: cockpit as another person of this host would have it on their screen.

cockpit asks the system who its user is. A test has one account, so this one answer is changed, and nothing else: the
second person has a process, a terminal and keys of their own.
"""

from __future__ import annotations

import pwd
import sys

_ask = pwd.getpwuid
pwd.getpwuid = lambda uid: pwd.struct_passwd((sys.argv[1], *_ask(uid)[1:]))

from cockpit.cli import main  # noqa: E402 - it may keep the answer

main(sys.argv[2:])
