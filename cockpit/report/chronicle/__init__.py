"""A log in one pass to one frozen value, from which the report and the comparison are told."""
