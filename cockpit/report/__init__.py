"""What is told of a run apart from its screens: after the night, and on paper.

Invariant: nothing here appends to a log. `marks` says what stands out in one, for every room.
"""
