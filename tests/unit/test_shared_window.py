"""Several processes count together as one process counts by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.shared_window import SharedWindow, shared_window

SECRET = "a secret of the installation"
LIMIT = RateLimitItemPerMinute(5, 10, "join")


@pytest.fixture
def window() -> Iterator[Path]:
    with shared_window() as file:
        yield file


def limiter(window: Path) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(SharedWindow(window, SECRET))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.integers(1, 3)), max_size=25))
def test_it_allows_what_the_librarys_own_memory_allows(steps: list[tuple[bool, str, int]]) -> None:
    own = MovingWindowRateLimiter(MemoryStorage())
    with shared_window() as window:
        shared = limiter(window)
        for hits, key, cost in steps:
            ask = "hit" if hits else "test"
            assert getattr(shared, ask)(LIMIT, key, cost=cost) == getattr(own, ask)(LIMIT, key, cost=cost)


def test_what_is_older_than_the_limit_looks_back_is_forgotten(window: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = limiter(window)
    assert [shared.hit(LIMIT, "a") for _ in range(6)] == [True] * 5 + [False]
    later = time.time() + 601
    monkeypatch.setattr("app.shared_window.time.time", lambda: later)
    assert shared.test(LIMIT, "a")
    assert [shared.hit(LIMIT, "a") for _ in range(6)] == [True] * 5 + [False]


def _hit(window: Path, _number: int) -> bool:
    return limiter(window).hit(LIMIT, "a")


def test_processes_that_come_at_once_get_no_more_together_than_one_would(window: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        assert sum(pool.map(partial(_hit, window), range(30))) == LIMIT.amount


def test_the_file_holds_no_address_and_is_gone_afterwards() -> None:
    with shared_window() as window:
        limiter(window).hit(LIMIT, "203.0.113.77")
        assert b"203.0.113.77" not in window.read_bytes()
        assert window.parent.stat().st_mode & 0o077 == 0
    assert not window.parent.exists()


def test_it_does_all_that_the_library_asks_of_a_storage(window: Path) -> None:
    shared, own = SharedWindow(window, SECRET), MemoryStorage()
    for storage in (shared, own):
        assert [storage.incr("a", 60, amount) for amount in (1, 2)] == [1, 3]
        assert (storage.get("a"), storage.get("b")) == (3, 0)
        assert storage.get_expiry("a") == pytest.approx(time.time() + 60, abs=30)
        assert storage.get_expiry("b") == pytest.approx(time.time(), abs=30)
        assert storage.check()
        storage.clear("a")
        assert storage.get("a") == 0
        storage.incr("b", 60)
        storage.reset()
        assert storage.get("b") == 0
