"""What a probe reaches, as logs and screens show it: never a user, a password or a part of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.probes.http.declaration import http_target, url_problems
from cockpit.probes.postgres.declaration import postgres_target


@pytest.mark.parametrize(
    ("dsn", "target"),
    [
        ("postgresql://ana:pw@db.example:5432/shop", "postgresql://db.example:5432/shop"),
        ("postgres://db/shop?sslmode=require", "postgresql://db/shop"),
        ("postgresql://a,b:5433/shop", "postgresql://a,b:5433/shop"),
        ("postgresql:///shop?host=/tmp", "postgresql://local/shop"),
        ("host=db port=5433 dbname=shop password=pw", "postgresql://db:5433/shop"),
        ("password='it\\'s host=evil' host = db dbname='my shop'", "postgresql://db/my shop"),
        ("user=ana", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_a_dsn_is_shown_as_host_and_database(dsn: str, target: str) -> None:
    assert postgres_target(dsn) == target


# Letters that nothing else in these texts is made of, among the characters that cut texts into parts.
PASSWORDS = st.text(alphabet="QXZ:/?#@%'\\ =&.19", min_size=1, max_size=12)


def _shows(target: str) -> bool:
    return any(letter in target for letter in "QXZ")


@given(password=PASSWORDS)
def test_no_part_of_a_password_is_ever_in_a_target(password: str) -> None:
    assert not _shows(postgres_target(f"postgresql://ana:{password}@db/shop"))
    assert not _shows(postgres_target(f"postgresql://db/shop?password={password}"))
    quoted = password.replace("\\", "\\\\").replace("'", "\\'")
    assert not _shows(postgres_target(f"dbname=shop password='{quoted}' host=db"))


@given(password=PASSWORDS)
def test_a_url_with_a_password_is_refused_without_showing_it(password: str) -> None:
    url = f"http://ana:{password}@shop/x"
    problems = url_problems("url", url)
    assert not any(_shows(problem) for problem in problems)
    assert problems or not _shows(http_target(url))
