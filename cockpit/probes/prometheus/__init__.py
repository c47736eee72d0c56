"""The probe kind `prometheus`: its declaration, and its runner, which the keeper alone loads."""
