"""The summary of a report: what, where, when, who, against what; and what a reader must know before all else."""

from __future__ import annotations

import shlex

from cockpit.report.pages.account import Account
from cockpit.report.pages.phrasing import UNPROVEN, Phrasing, against_window
from cockpit.run.wording_trust import told_trust
from cockpit.text import counted

FEW = 3
"""Troubles that are named before all else; the others stand with what was verified."""


def facts_of(account: Account, say: Phrasing) -> list[tuple[str, str]]:
    """The summary: what, where, when, who, against what."""
    told = account.told
    kept = {"confirmed": "confirmed", "done_outside": "done outside", "skipped": "skipped",
            "not_applicable": "did not apply", "conflict": "IN CONFLICT", "open": "open"}  # fmt: skip
    forward = [step for step in told.steps if not step.plan]
    back = [step for step in told.steps if step.plan]
    counts, counts_back = (
        ", ".join(f"{count} {word}" for status, word in kept.items() if (count := sum(s.status == status for s in way)))
        for way in (forward, back)
    )
    failed = sum(each.outcome not in ("succeeded", "requested", "running") for each in told.actions)
    held_s = sum(each.seconds for each in told.holds)
    window = told.window
    end = say.moment(told.ended) or f"{say.moment(told.last)}, its last event"
    facts = [
        ("What", f"{told.title or told.profile} ({told.profile})"),
        ("Where", told.environment + (" (production)" if told.production and told.environment != "production" else "")),
        ("When", f"{say.moment(told.began)} to {end} ({say.zone_name})"),
        ("Took", say.lasted(told.duration_s)),
        ("Window", f"{say.moment(window.start)} to {say.moment(window.end)}; {against_window(told)}" if window
            else "none was agreed"),
        ("No return", f"after {say.moment(window.no_return)}" if window and window.no_return else ""),
        ("Started by", told.started_by),
        ("Profile", told_trust(told.trust, told.began)),
        ("Acting", ", ".join(each.who for each in told.people if each.acted)),
        ("Watching", ", ".join(each.who for each in told.people if each.watched and not each.acted)),
        ("Ended by", told.ended_by),
        ("Steps", counts + (f"; on the way back {counts_back}" if counts_back else "")),
        ("Deviations", str(len(told.deviations))),
        ("Triggers", str(len(told.triggers))),
        ("Holds", f"{len(told.holds)}, {say.lasted(held_s)} in all" if told.holds else "0"),
        ("Actions", f"{len(told.actions)}, {failed} not successful" if told.actions else "0"),
        ("Signatures", _signatures(account)),
        ("Planned with", f"the medians of {told.earlier_runs} earlier runs" if told.earlier_runs else "estimates"),
        ("Run", told.run),
    ]  # fmt: skip
    return [(name, text) for name, text in facts if text]


def _signatures(account: Account) -> str:
    """How many count, what is unsigned; empty where nothing is signed."""
    signed = account.verification.signed
    if signed is None:
        return ""
    good = sum(bool(each.by) for each in signed.signatures)
    bad, unsigned = len(signed.signatures) - good, len(signed.unsigned)
    told = [
        f"{good} that count",
        f"{bad} THAT DO NOT COUNT" if bad else "",
        f"{counted(unsigned, 'fact')} unsigned" if unsigned else "",
    ]
    return ", ".join(filter(None, told))


def warnings_of(account: Account) -> list[tuple[str, str]]:
    """What a reader must know before all else: a word, and a sentence."""
    told, found = account.told, list[tuple[str, str]]()
    found += [("Damaged", f"{trouble}.") for trouble in account.troubles[:FEW]]
    if len(account.troubles) > FEW:
        found.append(
            ("Damaged", f"in {counted(len(account.troubles) - FEW, 'more place')}, named at the end, under The log.")
        )
    if told.unproven_since is not None:
        last = counted(told.unproven_events, "event stands", "events stand")
        what = f"the last {last} behind the damage, and the one before them may be it"
        how = f"They are told as they stand there, their times marked {UNPROVEN.strip()}"
        found.append(("Not proven", f"{what}. {how}; nothing shows that they are what was written."))
    elif account.troubles:
        found.append(("Not whole", "what stands behind the damage is not told here."))
    if not account.verification.ok and not account.troubles:
        found.append(("Does not verify", f"{account.verification.problem}."))
    if account.verification.torn_bytes and not account.troubles:
        found.append(("Cut in a line", f"{cut_in_a_line(account)}."))
    if account.went_on:
        found.append(("Left behind", f"the run goes on in {account.went_on}; this tells it until then."))
    if told.rehearsal:
        why = f" against production: {told.rehearsal_reason}" if told.rehearsal_reason else ""
        found.append(("Rehearsal", f"nothing outside was changed{why}."))
    if told.outcome == "live":
        found.append(
            ("Live", "the log has no end: the run was going on, or its end is not here. This tells it until then.")
        )
    if told.outcome == "aborted":
        found.append(("Aborted", f"{told.outcome_reason or 'no reason given'}."))
    if told.rolled_back:
        why = f": {told.rollbacks[-1].reason}" if told.rollbacks and told.rollbacks[-1].reason else ""
        found.append(("Rolled back", f"by {told.rollbacks[-1].title}{why}." if told.rollbacks else ""))
    if told.unknown_types:
        kinds = ", ".join(told.unknown_types[:10])
        found.append(("Newer log", f"events that this cockpit does not know are not told ({kinds}); update cockpit."))
    return found


def cut_in_a_line(account: Account) -> str:
    """What is said of bytes without a newline at the end of a log; of a live run it may be the line in the writing."""
    torn = counted(account.verification.torn_bytes, "byte of the log is", "bytes of the log are")
    return f"the last {torn} no whole line, and not counted: it was being written just then, or it was cut off there"


def verify_command(account: Account) -> str:
    """What to type to verify the log again, against the head that was told."""
    anchor = f" --anchor {account.head.seq}:{account.head.digest[:32]}" if account.head is not None else ""
    return f"cockpit verify {shlex.quote(account.path.name)}{anchor}"
