"""Texts to people, sent through a channel or by hand."""
