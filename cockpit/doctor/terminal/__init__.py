"""The terminal that one stands at: asked what it can, with its mode given back whatever happens."""
