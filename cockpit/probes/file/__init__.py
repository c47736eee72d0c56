"""The probe kind `file`: its declaration, and its runner, which the keeper alone loads."""
