"""The shim: the process between the keeper and a command (`python -P -m cockpit.actions.shim`).

It is a session of its own, so it outlives the keeper that started it; standard library only, so that it is there in a
moment. Files are the only way between the two, in both directions but for the first order: what a living keeper sees
and what a new one finds is then the same, and no slow or dead reader can hold up a command.
"""
