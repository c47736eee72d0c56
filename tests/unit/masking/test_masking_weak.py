"""Which secrets are warned of, though they are taken."""

from __future__ import annotations

import pytest

from cockpit.masking.weak import weak

WORDS = ("shop", "production-north")


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("Kubernetes", "the secret `s` is a common word"),
        ("production-NORTH\n", "the secret `s` is a common word"),
        ("postgresql://app:hunter2@db/shop", "the password in the secret `s` has 7 characters; one of fewer than 8"),
        ("host=db user=app password=p", "the password in the secret `s` has 1 character; one of fewer than 8"),
        ("postgresql://db/shop?user=app&password=a%2Fb", "the password in the secret `s` has 3 characters"),
        ("redis://:password@cache:6379/0", "the password in the secret `s` is a common word"),
        ("Server=db;Pwd='production-north'", "the password in the secret `s` is a common word"),
    ],
)
def test_a_secret_that_stands_in_ordinary_text_is_warned_of_once_and_not_quoted(secret: str, said: str) -> None:
    (warning,) = weak({"s": secret}, WORDS)
    assert warning.startswith(said)
    assert warning.endswith("; change it")
    assert secret.strip() not in warning
    assert "hunter2" not in warning


@pytest.mark.parametrize(
    "secret",
    [
        "9wH-4kd_Lp2",
        "postgresql://app:9wH-4kd_Lp2@db/shop",
        "postgresql://app@db/shop",
        "host=db user=app passfile=/x",
        "https://hooks.example:8443/a?to=b@c",
        "app:9wH-4kd_Lp2",
        "",
    ],
)
def test_of_others_nothing_is_said(secret: str) -> None:
    assert weak({"s": secret}, WORDS) == ()
