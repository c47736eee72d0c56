"""What a seat does beside showing the run: it notes the heads that it saw, and checks every signature that it reads.

Invariant: a signature that does not hold is shown, and nothing goes forward from this seat until a person said that it
may; one that could not be checked is not taken for a bad one. It writes to the person's own notes alone.
"""

from __future__ import annotations

import threading

from cockpit.audit.line import Head
from cockpit.errors import LogError
from cockpit.run.commands import Refusal
from cockpit.run.state import RunState
from cockpit.session.follower import Follower
from cockpit.session.memory import Claim
from cockpit.session.noted import Notebook
from cockpit.session.view import Rejected
from cockpit.text import shortened, visible

LOOK_S = 1.0
"""Between two looks; also before the first, so that no screen is painted later for it."""
PATIENCE_S = 1.0
"""How long closing waits for a check."""
ATTEMPTS = 3
"""To have a signature checked, where ssh-keygen did not answer."""


class Witness:
    """Of one seat."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._notebook = Notebook(follower.notes_name or follower.view.state.run)
        self._checking = threading.Lock()
        self._closing = threading.Event()
        self._looking: threading.Thread | None = None
        self._failures = 0

    def begin(self) -> None:
        """Look from time to time, in a thread of its own."""
        self._looking = threading.Thread(target=self._look, name="cockpit-witness", daemon=True)
        self._looking.start()

    def close(self) -> None:
        """Note the last head, and look no more. A check that hangs is not waited for to its end."""
        self._closing.set()
        if self._looking is not None and self._looking is not threading.current_thread():
            self._looking.join(PATIENCE_S)
            self._note()

    def _look(self) -> None:
        while not self._closing.wait(LOOK_S):
            self._note()
            self.check()

    def _note(self) -> None:
        head = self._follower.vouched  # of a log that was rewritten, what was held before
        if head is None:
            return
        try:
            if self._follower.damage is None:
                self._follower.sync()  # what a power cut could still take away is not noted
        except LogError:
            return
        self._notebook.note(head)

    @property
    def is_behind(self) -> bool:
        """Whether signatures were read that were not checked, and could be."""
        return bool(self._follower.memory.claims) and not self._failures

    def check(self) -> None:
        """Check what was read since the last time. Any thread may; blocks for some milliseconds a signature."""
        claims = self._follower.memory.claims
        with self._checking:
            while claims and not self._closing.is_set():
                claim = claims[0]  # it stays there meanwhile: what is being checked is unchecked, see `is_behind`
                if not self._is_settled(claim):
                    return
                if claims[0] is claim:  # else there were more than are remembered, and it went by itself
                    claims.popleft()

    def _is_settled(self, claim: Claim) -> bool:
        from cockpit.audit.signing import judged  # starts programs: nothing that is needed before the first paint
        from cockpit.session.signing import trust_of

        event, held = claim.event, claim.held
        if held is None and claim.is_too_old:
            return True  # `cockpit verify` checks all of them
        head = Head(seq=claim.seq, digest=held.digest) if held is not None else None
        worth = judged(event, head, trust_of(self._follower.view.state), held.at if held else event.instant.at)
        if not worth.was_checked and self._failures < ATTEMPTS:
            self._failures += 1
            self._follower.tell_signing(f"signatures are not checked: {worth.why_not}")
            return False
        if worth.was_checked:
            self._failures = 0
        if worth.was_checked and not worth.by:
            by = shortened(getattr(event.body, "principal", "") or getattr(event.body, "person", ""), 40)
            self._follower.reject(Rejected(seq=event.seq, by=by, why=worth.why_not))
        return True

    def objection(self, state: RunState) -> Refusal | None:
        """Why nothing goes forward from this seat: a signature that does not count, and that nobody waived."""
        if state.rollback is not None:
            return None
        for each in self._follower.view.rejected:
            if each.seq not in state.waived_signatures:
                why = f"the signature of {visible(each.by)} at {each.seq} does not count: {each.why}"
                return Refusal(why, "find out who wrote it; w goes on in spite of it, with a reason", "bad_signature")
        return None
