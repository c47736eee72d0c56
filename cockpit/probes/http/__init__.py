"""The probe kind `http`: its declaration, and its runner, which the keeper alone loads."""
