"""The stand-in of `profiles/scheduler`: database, TLS pooler, container engine, application, monitoring."""
