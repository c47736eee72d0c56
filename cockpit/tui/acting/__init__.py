"""What the operator's acting keys do: ask what has to be asked, then hand a command to the seat."""
