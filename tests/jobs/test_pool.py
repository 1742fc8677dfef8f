"""Threads that sleep until there is work: one look for one commit, and no fault that ends them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from kt_flows.jobs.pool import Pool

from .conftest import eventually


class Work:
    """Counts the looks; `todo` is done one a look."""

    def __init__(self) -> None:
        self.looks = 0
        self.todo = 0
        self.fault: Exception | None = None
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        with self._lock:
            self.looks += 1
            if self.fault is not None:
                raise self.fault
            if self.todo == 0:
                return False
            self.todo -= 1
            return True


@contextmanager
def running(work: Callable[[], bool], many: int, pause: float) -> Iterator[Pool]:
    pool = Pool("test", many, work, lambda: pause)
    pool.start()
    try:
        yield pool
    finally:
        pool.end()
        pool.join(time.monotonic() + 10)


def test_a_commit_costs_one_look_and_not_one_a_thread() -> None:
    work = Work()
    with running(work, 10, 60) as pool:
        eventually(lambda: work.looks == 10)
        for number in range(1, 11):
            pool.wake()
            eventually(lambda least=10 + number: work.looks >= least)
    assert work.looks < 40  # a herd would have made it 110


def test_one_thread_looks_at_the_clock() -> None:
    work = Work()
    with running(work, 5, 0.01):
        eventually(lambda: work.looks > 20)
        work.todo = 50
        eventually(lambda: work.todo == 0)


def test_a_signal_during_a_look_is_not_lost() -> None:
    begun, over, looks = threading.Event(), threading.Event(), []

    def work() -> bool:
        looks.append(1)
        begun.set()
        over.wait(10)
        return False

    with running(work, 1, 60) as pool:
        assert begun.wait(10)
        pool.wake()
        over.set()
        eventually(lambda: len(looks) == 2)


def test_faults_end_no_thread_and_an_absent_database_is_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kt_flows.jobs.pool.AFTER_A_FAULT", 0.01)
    work = Work()
    work.fault = OperationalError("x", {}, Exception("gone"))
    with caplog.at_level(logging.WARNING), running(work, 1, 0.01):
        eventually(lambda: work.looks > 5)
        work.fault = None
        work.todo = 1
        eventually(lambda: work.todo == 0)
        assert caplog.text.count("the database is away") == 1
        work.fault = KeyError("ours")
        eventually(lambda: "a job broke: KeyError" in caplog.text)
        work.fault = None
        work.todo = 1
        eventually(lambda: work.todo == 0)


def test_what_comes_due_sooner_is_not_slept_over() -> None:
    """One thread watches a far date when a nearer one comes in: whoever is woken watches that."""
    looks, pause = [], [60.0]

    def work() -> bool:
        looks.append(time.monotonic())
        return False

    pool = Pool("test", 3, work, lambda: pause[0])
    pool.start()
    try:
        eventually(lambda: len(looks) == 3)
        for nearer in (30.0, 0.05):
            pause[0], before = nearer, len(looks)
            pool.wake()
            eventually(lambda before=before: len(looks) > before)
        before = len(looks)
        eventually(lambda: len(looks) > before, within=5)
    finally:
        pool.end()
        pool.join(time.monotonic() + 10)
