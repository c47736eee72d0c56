"""Which secrets are warned of, though they are taken."""

from __future__ import annotations

import pytest

from cockpit.masking.weak import short_inside, weak

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


@pytest.mark.parametrize(
    "secret",
    [
        "postgresql://app:hunter2@db/shop",
        "postgresql://app:hunter2@",
        "postgresql://app@corp:hunter2@db,db2:5433/shop?sslmode=require",
        "postgresql://db/shop?user=app&password=hunter2",
        "https://ana:hunter2@shop.example/",
        "host=db user=app password=hunter2",
        "host=db password='hunter2' user=app",
        "Server=db;Pwd=hunter2",
        " redis://:h%75nter2@cache:6379/0\n",
    ],
)
def test_a_short_password_inside_of_a_secret_is_refused_as_a_short_secret_is(secret: str) -> None:
    said = short_inside("s", secret)
    assert said.startswith("the password in the secret `s` has ")
    assert said.endswith("one of fewer than 8 cannot be kept out of what is shown and logged")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "secret",
    [
        "postgresql://app:9wH-4kd_Lp2@db/shop",
        "postgresql://app@db/shop",
        "postgresql:///shop?host=/run/postgresql",
        "host=db user=app passfile=/x",
        "https://matrix.example:8448/@bot:example",
        "https://hooks.example:443/?to=a@b",
        "https://k8Jd92mXq4LpR7tW:x@api.example/",
        "9wH-4kd_Lp2=",
        "app:9wH-4kd_Lp2",
        "",
    ],
)
def test_what_has_none_or_only_looks_like_it_is_not_refused(secret: str) -> None:
    assert short_inside("s", secret) == ""
