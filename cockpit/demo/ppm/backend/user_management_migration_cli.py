# mypy: ignore-errors
"""user_management_migration_cli.py verify|test|rollback [--dry-run] [--json]"""

import argparse

import user_synchronization_service as service
from answering import run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["verify", "test", "rollback"])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    def act():
        with service.database() as connection:
            if given.action == "verify":
                return service.migration(connection)
            if given.action == "test":
                return service.try_trigger(connection)
            connection.execute(service.ROLLBACK)
            return {**service.migration(connection), "rolled_back": True}

    run(act, given.json)


main()
