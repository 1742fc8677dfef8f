"""Measurements as series: each as it is while they are few, averages over equal lengths of time of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kt_flows.clock import to_text
from kt_flows.store import indicators
from kt_flows.store.db import Database
from kt_flows.store.indicators import MOST, Series
from kt_flows.store.reports import Asked
from support.laid import Shelf
from support.postgres import fresh_database

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)
YEAR = timedelta(days=365)
SOON = timedelta(seconds=2)


@pytest.fixture
def db() -> Iterator[Database]:
    with fresh_database() as db:
        yield db


def lay(db: Database, measured: Sequence[tuple[datetime, Any]]) -> None:
    """A case for each, every other one put away."""
    with db.transaction() as tx:
        shelf = Shelf(tx, FIRST, {"perf": ("perf",)})
        for number, (at, what) in enumerate(measured):
            shelf.put("perf", at, "completed", {"indicators": what}, away=number % 2 == 0, bundle="perf")


def one(name: str, value: Any, at: datetime | str, unit: Any = "percent") -> dict[str, Any]:
    status = "ok" if value is not None else "no_data"
    said = at if isinstance(at, str) else to_text(at)
    return {"name": name, "unit": unit, "value": value, "at": said, "status": status}


def read(db: Database, asked: Asked | None = None) -> list[Series]:
    with db.reading() as reading:
        return indicators.series(reading, asked or Asked(FIRST, FIRST + YEAR, "perf"))


def test_few_are_as_they_were_measured(db: Database) -> None:
    moments = [FIRST + STEP * number for number in (2, 0, 1, 3)]
    values: dict[datetime, float | None] = dict(zip(moments, (30.5, 10, None, 40), strict=True))
    lay(db, [(at, [one("cpu", value, at + SOON), one("ram", 1, at + SOON)]) for at, value in values.items()])
    cpu, ram = read(db)
    assert (cpu.name, cpu.unit, ram.name) == ("cpu", "percent", "ram")
    assert list(cpu.points.items()) == [(at + SOON, values[at]) for at in sorted(moments)]
    [within, _] = read(db, Asked(moments[2], moments[3], "perf"))
    assert list(within.points) == [moments[2] + SOON, moments[0] + SOON]
    assert read(db, Asked(FIRST, FIRST + YEAR, "other")) == []


def test_what_is_no_measurement_is_none(db: Database) -> None:
    odd = [one("cpu", "much", "yesterday"), one("cpu", True, "2026-02-31T00:00:00Z", None), {"value": 1}, None, 3]
    lay(db, [(FIRST, odd), (FIRST + STEP, "text"), (FIRST + STEP * 2, None), (FIRST + STEP * 3, {"a": 1})])
    assert read(db) == [Series("cpu", "percent", {FIRST: None})]


@pytest.mark.parametrize("count", [6, MOST * 2])
def test_a_source_without_data_has_no_unit_and_leaves_a_gap(db: Database, count: int) -> None:
    moments = [FIRST + STEP * number for number in range(count)]
    lost = range(count // 3, count // 2)
    lay(
        db,
        [
            (
                at,
                [
                    one("disk", None, at, None) if number in lost else one("disk", number, at),
                    one("new", None, at, None),
                ],
            )
            for number, at in enumerate(moments)
        ],
    )
    disk, new = read(db)
    assert (disk.unit, new.unit, set(new.points.values())) == ("percent", None, {None})
    assert sum(value is None for value in disk.points.values()) == len(lost) * len(disk.points) // count


def test_many_are_averaged_and_a_gap_is_a_gap(db: Database) -> None:
    count = MOST * 2
    gap = range(300, 340)
    moments = [FIRST + STEP * number for number in range(count) if number not in gap]
    lay(db, [(at, [one("cpu", (at - FIRST) / STEP, at), one("odd", "x", at), {"no": "name"}]) for at in moments])
    cpu, odd = read(db)
    assert len(cpu.points) == len(odd.points) == MOST
    assert set(odd.points.values()) == {None}
    assert list(cpu.points) == sorted(cpu.points)
    length = (moments[-1] - FIRST) / MOST
    for at, value in cpu.points.items():
        last = at == max(cpu.points)
        inside = [(moment - FIRST) / STEP for moment in moments if at <= moment and (last or moment < at + length)]
        assert value == (pytest.approx(sum(inside) / len(inside)) if inside else None), at
    assert sum(value is None for value in cpu.points.values()) in (19, 20)


def test_many_at_one_time(db: Database) -> None:
    lay(db, [(FIRST, [one("cpu", number, FIRST)]) for number in range(MOST + 1)])
    [cpu] = read(db)
    assert [value for value in cpu.points.values() if value is not None] == [MOST / 2]
