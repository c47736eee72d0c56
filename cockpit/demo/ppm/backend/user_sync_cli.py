# mypy: ignore-errors
"""user_sync_cli.py status | sync [--dry-run] | create-profile USER_ID [--role ROLE], each with [--json]"""

import argparse

import user_synchronization_service as service
from answering import run


def main():
    parser = argparse.ArgumentParser()
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ("status", "sync", "create-profile"):
        action = actions.add_parser(name)
        action.add_argument("--json", action="store_true")
    actions.choices["sync"].add_argument("--dry-run", action="store_true")
    actions.choices["create-profile"].add_argument("user_id")
    actions.choices["create-profile"].add_argument("--role", default="user", choices=["user", "manager", "admin"])
    given = parser.parse_args()

    def act():
        with service.database() as connection:
            if given.action == "status":
                return service.status(connection)
            if given.action == "sync":
                return service.sync(connection, given.dry_run)
            return service.create_profile(connection, given.user_id, given.role)

    run(act, given.json)


main()
