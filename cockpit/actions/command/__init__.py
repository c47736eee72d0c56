"""The step kind `command`: its declaration, and its runner, which the keeper alone loads."""
