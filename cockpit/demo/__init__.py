"""A small system to deploy: real enough that probes turn red and green because it really changes.

It is an order service on loopback, with a database, customers who keep ordering, and a crew that does the deployment's
work when a step of the run becomes current. All of it is one process of its own (`python -m cockpit.demo.system`) with
one temporary folder; it ends with the run, or when asked to, and leaves nothing behind.

It must never listen on anything but loopback, nor touch anything outside its folder.
"""
