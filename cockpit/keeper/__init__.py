"""The run's background process: it probes, judges gates, and writes what it sees (`python -m cockpit.keeper`)."""
