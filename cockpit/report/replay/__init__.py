"""A log that is sought and played: its places, what was true there, its timeline, and where one can jump."""
