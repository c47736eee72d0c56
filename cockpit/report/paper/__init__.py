"""What is left of a run, for paper: it writes and locks nothing, and needs no terminal, no keeper, no room on disk."""
