"""What is told of a run apart from its screens: the rest of it on paper.

Invariant: nothing here writes, locks, or needs a terminal, a keeper or a disk with room.
"""
