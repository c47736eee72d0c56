"""How one came here by SSH, what of one's keys lies open here, and what of it the log can tell."""
