"""The probe kind `env`: its declaration, and its runner, which the keeper alone loads."""
