"""Moving the clock: each due moment in its turn, at its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kt_flows.clock import ShiftedClock
from kt_flows.sandbox.clock import Advance, duration
from kt_flows.sandbox.sandbox import Sandbox
from support.outside import letter

SECOND = timedelta(seconds=1)
SOON = timedelta(seconds=20)
"""A test may be this slow between two looks at a running clock."""


class Plan:
    """Work with dates: each job may make others when it is done."""

    def __init__(self, clock: ShiftedClock) -> None:
        self.clock = clock
        self.start = clock.now()
        self.jobs: list[tuple[datetime, str, Callable[[], None]]] = []
        self.done: list[tuple[str, timedelta]] = []

    def add(self, after: timedelta, name: str, then: Callable[[], None] = lambda: None) -> None:
        self.jobs.append((self.start + after, name, then))

    def next_due(self, after: datetime) -> datetime | None:
        return min((at for at, _, _ in self.jobs if at > after), default=None)

    def drain(self) -> None:
        while due := [job for job in self.jobs if job[0] <= self.clock.now()]:
            for job in sorted(due, key=lambda job: job[0]):
                self.jobs.remove(job)
                self.done.append((job[1], self.clock.now() - self.start))
                job[2]()


@pytest.fixture
def shifted() -> ShiftedClock:
    return ShiftedClock()


def test_each_due_moment_happens_at_its_own_time(shifted: ShiftedClock) -> None:
    plan, kept = Plan(shifted), list[timedelta]()
    plan.add(timedelta(hours=18), "warn", lambda: plan.add(timedelta(hours=19), "remind"))
    plan.add(timedelta(hours=24), "due")
    plan.add(timedelta(hours=31), "later")
    plan.add(timedelta(), "now")
    now = Advance(shifted, kept.append, [plan]).by(timedelta(hours=30))
    assert [name for name, _ in plan.done] == ["now", "warn", "remind", "due"]
    for (_, at), hours in zip(plan.done, (0, 18, 19, 24), strict=True):
        assert timedelta(hours=hours) <= at < timedelta(hours=hours) + SOON
    assert timedelta(hours=30) <= now - plan.start < timedelta(hours=30) + SOON
    assert kept[-1] == shifted.offset
    assert kept == sorted(kept)


def test_work_that_cannot_be_done_does_not_hold_the_clock_up(shifted: ShiftedClock) -> None:
    plan = Plan(shifted)

    class Held(Plan):
        def drain(self) -> None:
            pass

    held = Held(shifted)
    held.add(timedelta(hours=1), "held by another worker")
    plan.add(timedelta(hours=2), "mine")
    Advance(shifted, lambda offset: None, [held, plan]).by(timedelta(hours=3))
    assert [name for name, _ in plan.done] == ["mine"]


def test_retries_every_half_hour_happen_each_in_its_turn(shifted: ShiftedClock) -> None:
    plan = Plan(shifted)

    def again(turn: int) -> Callable[[], None]:
        return lambda: plan.add(timedelta(minutes=30) * (turn + 1), f"try {turn + 1}", again(turn + 1))

    plan.add(timedelta(minutes=30), "try 1", again(1))
    Advance(shifted, lambda offset: None, [plan]).by(timedelta(hours=6) + SECOND)
    assert [name for name, _ in plan.done] == [f"try {turn}" for turn in range(1, 13)]


def test_a_late_answer_arrives_between_the_deadlines_around_it(tmp_path: Path, shifted: ShiftedClock) -> None:
    box = Sandbox(tmp_path, shifted)
    box.provider.behave("late")
    box.post.submit(box.address, [box.provider_address], letter().as_bytes())
    plan, seen = Plan(shifted), list[int]()
    plan.add(timedelta(hours=24), "due", lambda: seen.append(len(box.mailbox.mails())))
    plan.add(timedelta(hours=26), "after", lambda: seen.append(len(box.mailbox.mails())))
    Advance(shifted, lambda offset: None, [box.provider, plan]).by(timedelta(hours=30))
    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT24H", timedelta(hours=24)),
        ("P3D", timedelta(days=3)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("PT86460S", timedelta(seconds=86460)),
        ("P2W", timedelta(weeks=2)),
        ("PT0S", timedelta()),
    ],
)
def test_durations(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "24", "-PT1H", "P1M", "P1Y", "PT1H ", "P401D", "1 day", "PT1e3S"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        duration(text)


def test_the_clock_is_aware_and_in_utc(shifted: ShiftedClock) -> None:
    assert Advance(shifted, lambda offset: None, []).now().tzinfo is UTC
