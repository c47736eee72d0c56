"""`python -m cockpit.cli`: the same as `cockpit`."""

from cockpit.cli import main

main()
