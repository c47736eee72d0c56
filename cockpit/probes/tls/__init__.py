"""The probe kind `tls`: its declaration, and its runner, which the keeper alone loads."""
