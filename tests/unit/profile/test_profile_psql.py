"""Which `psql` would go on after an error."""

from __future__ import annotations

import pytest

from cockpit.profile.psql import careless_psql


@pytest.mark.parametrize(
    "command",
    [
        "psql -f a.sql",
        'psql "$URL" -f a.sql',
        "psql -Xqf a.sql",
        "psql -X --file=a.sql",
        "psql $URL \\\n  --file a.sql",
        "PGPASSWORD=x /usr/bin/psql -h db -f a.sql",
        "kubectl exec db -- psql -v ON_ERROR_STOP=0 -f a.sql",
        "psql -f b.sql; psql -v ON_ERROR_STOP=1 -c 'select 1'",
    ],
)
def test_a_script_run_without_stopping_at_errors_is_found(command: str) -> None:
    assert len(list(careless_psql(command))) == 1


@pytest.mark.parametrize(
    "command",
    [
        "psql -v ON_ERROR_STOP=1 -f a.sql",
        "psql --set=ON_ERROR_STOP=on -f a.sql",
        "psql --variable 'ON_ERROR_STOP=1' --file a.sql",
        "psql -c 'select 1'",
        "psql -dfoo -Ufred",
        "psql | grep -f patterns",
        "mypsql -f a.sql",
        "psqlrc -f a.sql",
    ],
)
def test_what_stops_or_runs_no_script_is_left_alone(command: str) -> None:
    assert list(careless_psql(command)) == []


def test_the_place_is_that_of_the_word_psql() -> None:
    assert list(careless_psql("first\n  sudo psql -f a.sql\n")) == [(2, 8)]
