"""The widgets: one that draws lines and knows what changed."""
