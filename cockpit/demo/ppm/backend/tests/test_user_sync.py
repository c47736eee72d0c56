# mypy: ignore-errors
"""The synchronization, tried on whatever database the environment names, as such tests do."""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import user_synchronization_service as service


class Percentage(unittest.TestCase):
    def test_what_the_migration_makes_the_rollback_takes_away(self):
        for name in ("on_auth_user_created", "handle_new_user", "user_profiles_user_id_key"):
            assert name in service.MIGRATION
            assert name in service.ROLLBACK

    @unittest.skipUnless(os.environ.get("DATABASE_URL"), "there is no database to try it on")
    def test_a_new_user_is_counted(self):
        with service.database() as connection:
            before = service.status(connection)["total_auth_users"]
            connection.execute(
                "insert into auth.users (email, encrypted_password) values (gen_random_uuid() || '@test.invalid', '')"
            )
            assert service.status(connection)["total_auth_users"] == before + 1


if __name__ == "__main__":
    unittest.main()
