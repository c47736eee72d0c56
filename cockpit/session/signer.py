"""One seat's own signatures: what of its person's waits for one gets it, and the heads of others are countersigned.

Invariant: nothing is signed but a head that this seat holds and that is durable; what is written was checked first. A
fact is tried once by itself, and then whenever the person asks; signatures alone give no reason to sign. Everything
here may wait for a person's hand: it runs in a thread of its own, and writes only what `decide` lets it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from cockpit.audit.line import Head
from cockpit.errors import LogError, SigningError
from cockpit.run.commands import RecordSignature, RecordSigningFailure
from cockpit.run.people import name_of
from cockpit.run.signed import unsigned_of
from cockpit.run.state import RunState
from cockpit.run.state_people import UnsignedFact
from cockpit.session.follower import Follower
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.session.seat import Seat

LOOK_S = 1.0
LEFT_S = 5.0
"""So long a fact of the same person is left to the seat that decided it, which may have gone."""
LEFT_TO_OTHERS_S = 75.0
"""The same while another seat of theirs is here, which may be waiting for a hand at a key."""
PAUSE_S = 5.0
"""Between two countersignatures."""
TELL_S = 0.7
"""A key that has not signed by then waits for its owner's hand."""
PATIENCE_S = 1.0
"""How long closing waits for what is being broken off; nothing is written after that."""
BEGIN_S = 0.5
"""Before the first look, so that no screen is painted later for it."""


class Signer:
    """Of one seat."""

    def __init__(self, seat: Seat, follower: Follower) -> None:
        self._seat, self._follower = seat, follower
        self._closing, self._woken = threading.Event(), threading.Event()
        self._signing: threading.Thread | None = None
        self._is_asked = False
        self._tried_seq = 0
        self._seen: dict[int, float] = {}
        """Facts that wait, with when each was first seen, on the monotonic clock."""
        self._countersigned_s = -PAUSE_S
        self._is_resting = False
        """No more countersignatures are made until the person asks: the key wants their hand, or there is none."""

    def begin(self) -> None:
        """Sign in a thread of its own, where the run asks for signatures."""
        state = self._follower.view.state
        if state.started is None or state.profile.signing == "off" or state.is_rehearsal:
            return
        self._signing = threading.Thread(target=self._look, name="cockpit-signer", daemon=True)
        self._signing.start()

    def wake(self) -> None:
        """There may be something to sign."""
        self._woken.set()

    def again(self) -> str:
        """Sign what waits, also what failed; what there is to sign, for people; empty if there is nothing."""
        if self._signing is None:
            return ""
        state = self._follower.view.state
        self._is_resting = False
        own = unsigned_of(state, name_of(self._seat.actor))
        told = f"signing {len(own)} of yours up to {own[-1].seq}" if own else ""
        if not own and (other := self._to_countersign(state)):
            told = f"countersigning the head at {other}"
        self._is_asked = True
        self._woken.set()
        return told

    def close(self) -> None:
        """Break off what is being signed, and sign no more. An agent that hangs is not waited for to its end."""
        self._closing.set()
        self._woken.set()
        if self._signing is not None and self._signing is not threading.current_thread():
            self._signing.join(PATIENCE_S)

    # ---- when ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self._closing.wait(BEGIN_S)
        while not self._closing.is_set():
            self._woken.clear()
            try:
                self._sign_what_is_due()
            except (LogError, OSError) as error:
                self._follower.tell_signing(f"NOT SIGNED: {error}; S tries again")
            self._woken.wait(LOOK_S)

    def _sign_what_is_due(self) -> None:
        view = self._follower.view
        if self._follower.damage is not None or view.read_only or view.went_on or view.state.unknown_types:
            return
        is_asked, self._is_asked = self._is_asked, False
        own = unsigned_of(view.state, name_of(self._seat.actor))
        now_s = time.monotonic()
        self._seen = {each.seq: self._seen.get(each.seq, now_s) for each in own}
        due = [each for each in own if is_asked or self._is_due(each, now_s)]
        if due:
            self._sign(view.state, due[-1])
        elif not own and self._follower.view.signing.startswith("NOT SIGNED"):
            self._follower.tell_signing("")  # at another seat it was
        elif (seq := self._to_countersign(view.state)) and (is_asked or now_s - self._countersigned_s >= PAUSE_S):
            self._countersign(view.state, seq, is_asked=is_asked)

    def _is_due(self, fact: UnsignedFact, now_s: float) -> bool:
        if fact.seq <= self._tried_seq or fact.failed:
            return False
        if fact.by == self._seat.actor:
            return True
        name, here = name_of(self._seat.actor), self._follower.view.here
        is_other_here = any(
            each.seat != self._seat.id and each.by is not None and name_of(each.by) == name for each in here
        )
        return now_s - self._seen[fact.seq] >= (LEFT_TO_OTHERS_S if is_other_here else LEFT_S)

    def _to_countersign(self, state: RunState) -> int:
        """The newest fact of others that this person has not vouched for; 0 if there is none."""
        name = name_of(self._seat.actor)
        newest = max((seq for who, seq in state.to_sign.items() if who != name), default=0)
        known_as = (name, f"{name}@{self._seat.actor.host}")  # a name may hold an @ itself
        own = max((head.seq for who, head in state.signed.items() if who in known_as), default=0)
        return newest if newest > own and not self._is_resting else 0

    # ---- signing -------------------------------------------------------------------------------------------------

    def _sign(self, state: RunState, fact: UnsignedFact) -> None:
        self._tried_seq = fact.seq
        try:
            self._put(state, fact.seq, is_countersignature=False)
        except SigningError as error:
            if self._closing.is_set():
                return
            self._follower.tell_signing(f"NOT SIGNED: {visible(str(error))}; S tries again")
            self._seat.submit(self._seat.command(RecordSigningFailure, seq=fact.seq, reason=visible(str(error))))
        else:
            self._follower.tell_signing("")

    def _countersign(self, state: RunState, seq: int, *, is_asked: bool) -> None:
        """For want of a key, or of a hand at it, nothing is told: nobody waits for a countersignature."""
        self._countersigned_s = time.monotonic()
        try:
            self._put(state, seq, is_countersignature=True, is_asked=is_asked)
        except SigningError as error:
            self._is_resting = True
            if is_asked and not self._closing.is_set():
                self._follower.tell_signing(f"not countersigned: {visible(str(error))}; S tries again")
        else:
            self._follower.tell_signing("")

    def _put(self, state: RunState, seq: int, *, is_countersignature: bool, is_asked: bool = True) -> None:
        """Sign the head at a fact and write that down. Raises SigningError, LogError."""
        from cockpit.audit.agent import AgentKey  # what follows starts programs: not before the first paint
        from cockpit.audit.signing import NAMESPACE, principals
        from cockpit.session.signing import chosen_key, sign_head, trust_of

        actor, trust, held = self._seat.actor, trust_of(state), self._follower.memory.held.get(seq)
        if trust is None:
            raise SigningError("this run fixed no list of allowed signers")
        if held is None:
            raise SigningError(f"this screen does not hold fact {seq} any more", hint="sign a checkpoint by hand")
        key = chosen_key(trust, principals(actor), NAMESPACE)
        if not is_asked and isinstance(key, AgentKey) and key.is_hardware:
            raise SigningError("the key wants a hand at it")
        head = Head(seq=seq, digest=held.digest)
        self._follower.sync()
        told = f"signing the head {head.short} at {seq}: touch or confirm your key if it asks"
        telling = threading.Timer(TELL_S, self._follower.tell_signing, (told,))
        telling.daemon = True
        telling.start()
        try:
            made = sign_head(state.run, head, trust, actor, held.at, key=key, cancelled=self._closing)
        finally:
            telling.cancel()
            telling.join()
        if self._closing.is_set():
            raise SigningError("signing was broken off")
        self._seat.submit(
            self._seat.command(
                RecordSignature,
                seq=seq,
                digest=head.digest,
                principal=made.principal,
                key=made.key,
                signature=made.signature,
                is_countersignature=is_countersignature,
            )
        )
