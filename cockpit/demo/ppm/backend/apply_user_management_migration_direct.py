# mypy: ignore-errors
"""apply_user_management_migration_direct.py [--json]: applies the migration, all or nothing."""

import sys

import user_synchronization_service as service
from answering import run


def act():
    with service.database() as connection:
        connection.execute(service.MIGRATION)
        return service.migration(connection)


run(act, "--json" in sys.argv)
