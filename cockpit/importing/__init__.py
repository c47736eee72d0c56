"""Runbooks to profiles: what a team wrote in Markdown, as a profile that `cockpit check` passes.

    bytes ─▶ source ─▶ repairing ─▶ parsing ─▶ Document (sections and blocks, each with its lines)
    Document ─▶ meaning (what is this section for?) ─▶ readers ─▶ Draft (profile + ledger) ─▶ writing ─▶ TOML

Invariants: every line of the source is accounted for in the ledger, be it as "not mapped"; nothing is trusted: what
was ticked is a claim, a command is a `confirm` step that shows it, and no secret of the source is copied.
"""
