"""What is watched: kinds of probes, the judging of what they find, and the schedule they keep."""
