"""What stands in each pane, as pure functions from a view to lines: no Textual, no clock, no I/O."""
