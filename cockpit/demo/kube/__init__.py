"""A Kubernetes API on loopback that stands in for a cluster, for the real `kubectl`."""
