"""Sums of the cases of a time: counted by the database and one by one; by the words that the diagrams have."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kt_flows.engine.definition import read_definition
from kt_flows.store import reports
from kt_flows.store.db import Database
from kt_flows.store.reports import Asked, Count
from support.api import folder
from support.laid import Shelf
from support.postgres import fresh_database

FIRST = datetime(2026, 3, 1, 19, tzinfo=UTC)
"""Midnight in Almaty."""
DAY = timedelta(days=1)
DAYS = [FIRST + DAY * number for number in range(4)]
KEYS = ("house", "flat")
BPMN = Path(__file__).resolve().parents[2] / "bpmn"


def lay(db: Database, seed: int, many: int) -> list[dict[str, Any]]:
    draw, rows = random.Random(seed), []
    with db.transaction() as tx:
        shelf = Shelf(tx, FIRST, {f"of {key}": (key,) for key in KEYS})
        for _ in range(many):
            said = {
                "breached": draw.choice((True, False, None)),
                "code": draw.choice(("A1", "B2", "x" * 300, None, 7)),
                "fault_party": draw.choice(("provider", "operator", None)),
                "compensation_state": draw.choice(("none", "proposed", "granted", "rejected")),
            }
            row: dict[str, Any] = {
                "key": draw.choice(KEYS),
                "began": FIRST + draw.choice((DAY * draw.random() * 4, DAY, DAY * 2 - timedelta(microseconds=1))),
                "status": draw.choice(("active", "suspended", "completed", "completed", "cancelled")),
                "variables": {name: value for name, value in said.items() if draw.random() < 0.9},
            }
            row["bundle"] = f"of {row['key']}"
            rows.append(row | {"id": shelf.put(**row, away=draw.random() < 0.5)})
    return rows


@pytest.fixture(scope="module", params=(1, 2))
def laid(request: pytest.FixtureRequest) -> Iterator[tuple[Database, list[dict[str, Any]]]]:
    with fresh_database() as db:
        yield db, lay(db, request.param, 150)


def counted(rows: list[dict[str, Any]]) -> Count:
    def number(what: Any) -> int:
        return sum(1 for row in rows if what(row))

    def late(row: dict[str, Any]) -> Any:
        return row["variables"].get("breached")

    return Count(
        started=len(rows),
        completed=number(lambda row: row["status"] == "completed"),
        cancelled=number(lambda row: row["status"] == "cancelled"),
        active=number(lambda row: row["status"] in ("active", "suspended")),
        in_time=number(lambda row: row["status"] == "completed" and late(row) is False),
        breached=number(lambda row: late(row) is True),
        granted=number(lambda row: row["variables"].get("compensation_state") == "granted"),
    )


@pytest.mark.parametrize("key", [None, *KEYS])
def test_sums_are_what_the_cases_say(laid: tuple[Database, list[dict[str, Any]]], key: str | None) -> None:
    db, rows = laid
    begin, end = FIRST + timedelta(hours=3), FIRST + DAY * 3
    asked = Asked(begin, end, key)
    mine = [row for row in rows if begin <= row["began"] < end and key in (None, row["key"])]
    with db.reading() as reading:
        sums = reports.sums(reading, asked, DAYS[:3])
    assert sums.all == counted(mine)
    days = {number: [row for row in mine if DAYS[number] <= row["began"] < DAYS[number + 1]] for number in range(3)}
    assert sums.by_day == {number: counted(of) for number, of in days.items()}
    of_key = {one: [row for row in mine if row["key"] == one] for one in KEYS}
    assert sums.by_process == {one: counted(of) for one, of in of_key.items() if of}
    late = [row["variables"] for row in mine if row["variables"].get("breached") is True]
    for found, name in ((sums.by_cause, "code"), (sums.by_fault, "fault_party")):
        values = [one.get(name) for one in late]
        assert found == Counter(None if value is None else str(value)[:200] for value in values)
        assert list(found.values()) == sorted(found.values(), reverse=True)
    assert sums.bundles == tuple(sorted({row["bundle"] for row in mine}))
    assert sums.span is not None
    ids = [row["id"] for row in mine]
    assert (sums.span.first, sums.span.last) == (min(ids), max(ids))


def test_a_time_without_cases(laid: tuple[Database, list[dict[str, Any]]]) -> None:
    db, _ = laid
    with db.reading() as reading:
        sums = reports.sums(reading, Asked(FIRST - DAY, FIRST), [FIRST - DAY])
    assert (sums.all, sums.by_day, sums.bundles, sums.span) == (Count(), {}, (), None)


def test_a_month_is_granted_where_the_diagram_says_so() -> None:
    """The word that is counted is what bpmn/compensation sets where a month was given, and nowhere else."""
    files = {name.removeprefix("compensation/"): data for name, data in folder(BPMN / "compensation").items()}
    said = {
        (element.id, template.text)
        for element in read_definition(files).elements.values()
        for name, template in element.outputs
        if name == "compensation_state"
    }
    granting = {id for id, text in said if text == reports._GRANTED}
    assert granting == {"grant_free_month", "manual_compensation"}
    assert len(said) > len(granting)
