"""The small form of the bench of load: a crowd with slow readers and idle connections meets no error."""

from __future__ import annotations

from pathlib import Path

from benchmarks.load import Form, measure, report

SMALL = Form(
    joins=60,
    places=20,
    join_seconds=1.0,
    active=12,
    slow=40,
    idle=100,
    seconds=5.0,
    drag_seconds=1.0,
    trial_seconds=3.0,
    arrive_seconds=2.0,
    loop_seconds=1.0,
    workers=4,
)


def test_f20_f27_f45_a_crowd_is_served_without_an_error_and_each_ack_is_kept_once(tmp_path: Path) -> None:
    result = measure(SMALL, tmp_path)
    said = report(SMALL, result)
    assert result.errors == 0, said
    assert result.joined == {"in": 20, "full": 40}
    assert result.idle_open == SMALL.idle
    assert len(result.kind("slow reader").seconds) == SMALL.slow
    assert result.slow_bytes > 0
    assert len(result.kind("draft").seconds) + len(result.kind("submit").seconds) >= SMALL.active
    # Each confirmed trial is stored once, with the bytes that were sent, and nothing else is.
    assert result.wrong == 0, said
    assert result.stored == result.acked > SMALL.workers
    assert min(result.rates.values()) > 0
