"""The Virtue platform as a stand-in: application, monitoring, webhooks, a database and a cluster."""
