"""A run told after the night: as a page, a document, data and tables, with its pictures."""
