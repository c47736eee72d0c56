"""Steps that send a message."""
