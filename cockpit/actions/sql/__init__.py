"""The step kind `sql`: its declaration, and its runner, which the keeper alone loads."""
