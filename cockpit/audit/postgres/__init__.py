"""The log in PostgreSQL, for teams on several hosts: the same lines, byte by byte (docs/store.md).

psycopg is imported by modules of this folder alone, and by none before a store is opened.
"""
