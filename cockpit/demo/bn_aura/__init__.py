"""BN-Aura's stand-in: a clinic system on a hosted database, as it is before its unified workflow is deployed."""
