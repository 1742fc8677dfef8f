"""When a failed job comes again: later each time, never too late, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kt_flows.jobs.retry import DEFAULT_ATTEMPTS, again_at

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
LONGEST = timedelta(hours=1) * 1.25


@given(key=st.text(max_size=60))
def test_without_a_policy_each_wait_is_longer_and_the_last_is_followed_by_none(key: str) -> None:
    times = [again_at(None, attempt, NOW, key) for attempt in range(1, DEFAULT_ATTEMPTS + 1)]
    waits = [moment - NOW for moment in times if moment is not None]
    assert len(waits) == DEFAULT_ATTEMPTS - 1
    assert times[-1] is None
    assert waits == sorted(waits)
    assert timedelta(seconds=1) <= waits[0] <= timedelta(seconds=1.25)
    assert waits[-1] <= LONGEST


@given(key=st.text(max_size=60), attempt=st.integers(min_value=DEFAULT_ATTEMPTS, max_value=10**9))
def test_without_a_policy_nobody_tries_for_ever(key: str, attempt: int) -> None:
    assert again_at(None, attempt, NOW, key) is None


@given(
    times=st.integers(min_value=1, max_value=50),
    minutes=st.integers(min_value=1, max_value=600),
    attempt=st.integers(min_value=1, max_value=100),
    key=st.text(max_size=60),
)
def test_a_policy_s_tries_are_as_many_and_as_far_apart_as_it_says(
    times: int, minutes: int, attempt: int, key: str
) -> None:
    moment = again_at(f"R{times}/PT{minutes}M", attempt, NOW, key)
    assert (moment is None) == (attempt > times)
    if moment is not None:
        every = timedelta(minutes=minutes)
        assert every <= moment - NOW <= every * 1.25


@given(attempt=st.integers(min_value=1, max_value=10**6))
def test_a_policy_without_a_number_never_gives_up(attempt: int) -> None:
    assert again_at("R/PT1M", attempt, NOW) is not None


def test_the_same_job_comes_at_the_same_time_and_jobs_are_spread() -> None:
    assert again_at(None, 3, NOW, "a") == again_at(None, 3, NOW, "a")
    assert len({again_at(None, 3, NOW, str(number)) for number in range(20)}) > 10


def test_a_policy_that_is_none_is_no_policy_of_ours() -> None:
    with pytest.raises(ValueError, match="R3/PT5M"):
        again_at("sometimes", 1, NOW)
