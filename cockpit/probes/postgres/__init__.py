"""The probe kind `postgres`: its declaration, and its runner, which the keeper alone loads."""
