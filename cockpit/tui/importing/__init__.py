"""`cockpit import --preview`: the runbook and what was made of it, side by side, before anything is used."""
