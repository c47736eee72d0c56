"""Secrets taken out of texts and streams, before these reach anything that stays or is shown.

`Mask` is for texts, `Masker` for streams of bytes that come in pieces, `short` says which values cannot be masked well.
Both masks know two sorts of secrets: those they were told, by name (`‹secret DATABASE_URL›`), in every form that
programs write them in; and those that nobody told, by shape (`‹secret: GitHub token›`).

Invariants: what is put in place of a secret says what it was, and nothing else of it. Time is linear in what is read,
whatever it is (RE2, google/re2, `doc/syntax.txt`), and memory is bounded: a stream holds back at most what `stream`
says. What merely looks long and random (digests, ids, certificates, public keys) stays readable.
"""
