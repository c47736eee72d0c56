"""cockpit: a terminal cockpit for production deployments."""

__version__ = "0.1.0"
