"""That the screen's benchmark measures what it says; never how well it went."""

from __future__ import annotations

import bench_screen
import pytest

pytestmark = pytest.mark.benchmark


def test_a_real_screen_is_measured_through_a_terminal() -> None:
    with bench_screen._run(30, "changing") as run_dir:
        with bench_screen._cockpit(run_dir) as program:
            assert 0.05 < program.until(bench_screen.PAINTED) < 60
            rate, cpu = program.idle(3.0)
            assert "Do the thing number 0" in program.text
            answers = bench_screen._pressed(program, 4)
            memory_mb = program.memory_mb
        assert program.process.returncode == 0
    assert rate > 0, "the values change every second"
    assert 0 < cpu < 400
    assert all(seconds > 0 and size > 0 for seconds, size in answers)
    assert 20 < memory_mb < 1000
