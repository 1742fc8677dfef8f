"""Random cases from every element on a database: after every move the rows are what the snapshot waits for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kt_flows.clock import FixedClock
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.doctor import examine
from kt_flows.settings import Settings
from support.desk import Desk
from support.postgres import fresh_database

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
MOST_MOVES = 120


def sound(desk: Desk) -> None:
    assert list(examine(desk.rt)) == [], desk.trail


@pytest.mark.parametrize("seed", range(12))
def test_rows_follow_every_move(seed: int) -> None:
    clock = FixedClock(NOW)
    with fresh_database() as db:
        desk = Desk(Runtime(db, clock, Settings(mode="sandbox")), clock, seed, sound)
        desk.moved("start")
        for _ in range(MOST_MOVES):
            if desk.look().state == "completed":
                return
            if desk.choose.random() < 0.3 or not desk.work():
                desk.anything()
        raise AssertionError(f"does not end: {desk.trail}")
