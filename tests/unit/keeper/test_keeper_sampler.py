"""What samples say, and what they leave out."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.keeper.rounding import rounded, says_the_same, written
from cockpit.keeper.sampler import KEY_S, LINE_BYTES, SILENCE_S, Sampler
from cockpit.run.readings import Reading, Scalar, Status


def reading(probe: str = "api", value: Scalar = 1.0, *, ended: float = 0.0, latency_ms: float | None = 10.0) -> Reading:
    return Reading(probe=probe, status="pass", value=value, latency_ms=latency_ms, began_mono=ended, ended_mono=ended)


def test_nothing_is_said_before_anything_was_read() -> None:
    assert Sampler(["api"]).sample(100.0) == ()


def test_the_first_sample_is_a_key_frame() -> None:
    sampler = Sampler(["api", "queue"])
    sampler.take(reading("queue", ended=99.5))
    (sample,) = sampler.sample(100.0)
    assert sample.key
    assert [r.probe for r in sample.readings] == ["queue"]
    assert sample.ages == (None, 1)


def test_a_reading_that_says_the_same_is_not_repeated() -> None:
    sampler = Sampler(["api"])
    sampler.take(reading(value=1.0))
    sampler.sample(0.0)
    sampler.take(reading(value=1.0001, ended=1.0))
    assert sampler.sample(1.0) == ()


def test_a_reading_that_changed_is_told_alone() -> None:
    sampler = Sampler(["api", "queue"])
    sampler.take(reading("api"))
    sampler.take(reading("queue"))
    sampler.sample(0.0)
    sampler.take(reading("queue", 2.0, ended=1.0))
    (sample,) = sampler.sample(1.4)
    assert not sample.key
    assert [(r.probe, r.value) for r in sample.readings] == [("queue", 2.0)]
    assert sample.ages == (2, 1)


def test_ages_are_told_every_ten_seconds_although_nothing_changed() -> None:
    sampler = Sampler(["api"])
    sampler.take(reading())
    sampler.sample(0.0)
    assert sampler.sample(SILENCE_S - 0.1) == ()
    (sample,) = sampler.sample(SILENCE_S)
    assert (sample.key, sample.readings, sample.ages) == (False, (), (10,))


def test_a_key_frame_comes_each_minute() -> None:
    sampler = Sampler(["api"])
    sampler.take(reading())
    sampler.sample(0.0)
    keys = [t for t in range(1, 200) for sample in sampler.sample(float(t)) if sample.key]
    assert keys == [60, 120, 180]
    assert KEY_S == 60


def test_ages_of_an_earlier_keeper_go_on() -> None:
    sampler = Sampler(["api", "manual"], {"manual": 40.0})
    sampler.take(reading(ended=99.0))
    assert sampler.sample(100.0)[0].ages == (1, 60)


def test_many_long_readings_are_spread_over_lines_that_fit() -> None:
    names = [f"p{n}" for n in range(300)]
    sampler = Sampler(names)
    for name in names:
        sampler.take(reading(name, "\N{SNOWMAN}" * 4000))
    samples = sampler.sample(1.0)
    assert len(samples) > 1
    assert [r.probe for sample in samples for r in sample.readings] == names
    assert all(len(msgspec.json.encode(sample)) < 2 * LINE_BYTES for sample in samples)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, 0.0), (1.23456, 1.23), (0.00123456, 0.00123), (999.9, 1000.0), (12345.6, 12346.0), (-1.239, -1.24),
        (7, 7), (True, True), (None, None), ("a\x1b[2J", "a␛[2J"), (float("nan"), "nan"), (float("inf"), "inf"),
    ],
)  # fmt: skip
def test_a_value_is_rounded_to_what_can_be_read(value: Scalar, expected: Scalar) -> None:
    assert rounded(value) == expected
    assert type(rounded(value)) is type(expected)
    assert rounded(rounded(value)) == rounded(value)


def test_a_small_change_of_latency_alone_says_nothing_new() -> None:
    assert says_the_same(written(reading(latency_ms=100.0)), written(reading(latency_ms=120.0)))
    assert not says_the_same(written(reading(latency_ms=100.0)), written(reading(latency_ms=300.0)))
    assert not says_the_same(written(reading(latency_ms=100.0)), written(reading(latency_ms=None)))


def test_another_status_is_always_news() -> None:
    first = reading()
    second = msgspec.structs.replace(first, status="fail")
    assert not says_the_same(written(first), written(second))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["pass", "fail", "error"]),
            st.one_of(st.none(), st.integers(-5, 5), st.floats(allow_nan=True), st.text(max_size=5)),
            st.one_of(st.none(), st.floats(0, 1000)),
            st.floats(0, 30),
        )
    )
)
def test_whoever_folds_all_samples_knows_every_probe_as_a_person_would_read_it(
    readings: list[tuple[int, Status, Scalar, float | None, float]],
) -> None:
    names = [f"p{n}" for n in range(4)]
    sampler, known, newest, mono = Sampler(names), dict[str, Reading](), dict[str, Reading](), 0.0
    for number, status, value, latency_ms, pause in readings:
        mono += pause
        taken = Reading(names[number], status, value, latency_ms=latency_ms, began_mono=mono, ended_mono=mono)
        newest[names[number]] = written(taken)
        sampler.take(taken)
        for sample in sampler.sample(mono):
            known.update((one.probe, one) for one in sample.readings)
            for name, age in zip(names, sample.ages, strict=True):
                assert (age is None) == (name not in newest)
        assert known.keys() == newest.keys()
        assert all(says_the_same(known[name], newest[name]) for name in newest)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_twice_changes_nothing_and_moves_a_number_by_half_a_percent_at_most(value: float) -> None:
    once = rounded(value)
    assert isinstance(once, float)
    assert rounded(once) == once
    assert abs(once - value) <= abs(value) * 0.0051
