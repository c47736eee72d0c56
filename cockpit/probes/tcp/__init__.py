"""The probe kind `tcp`: its declaration, and its runner, which the keeper alone loads."""
