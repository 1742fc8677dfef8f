"""What breaks: counted as it is listed, the first to break first, whoever asks and whatever they narrow it to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kt_flows.security import Actor
from kt_flows.store import deadlines, inbox
from kt_flows.store.db import Database, Reading
from kt_flows.store.deadlines import Asked, Due, Late
from support.piles import ACTORS, pile
from support.postgres import fresh_database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = NOW + timedelta(hours=1)
NARROWED = (
    {},
    {"definition_key": "loan"},
    {"branch": "ALA"},
    {"assignee": "boris"},
    {"unassigned": True, "branch": "AST"},
)


@pytest.fixture(scope="module")
def db() -> Iterator[Database]:
    with fresh_database() as db:
        pile(db, 7, NOW, 150)
        yield db


def listed(reading: Reading, actor: Actor, asked: Asked, limit: int = 4) -> list[Due]:
    found: list[Due] = []
    after = None
    while True:
        items, after = deadlines.page(reading, actor, asked, after=after, limit=limit)
        assert len(items) == limit or after is None
        found += items
        if after is None:
            return found


def late(items: list[Due]) -> Late:
    overdue = sum(item.due_at < NOW for item in items)
    return Late(overdue, len(items) - overdue)


@pytest.mark.parametrize("narrowed", NARROWED, ids=str)
def test_counts_are_what_the_list_shows(db: Database, narrowed: dict[str, object]) -> None:
    asked = Asked(NOW, HOUR, **narrowed)  # type: ignore[arg-type]
    with db.reading() as reading:
        for actor in ACTORS:
            items, sums = listed(reading, actor, asked), deadlines.sums(reading, actor, asked)
            assert [item.due_at for item in items] == sorted(item.due_at for item in items)
            assert len({(item.instance_id, item.task_id) for item in items}) == len(items)
            people = [item for item in items if item.kind == "task"]
            assert sums.tasks == late(people)
            assert sums.cases == late([item for item in items if item.kind == "case"])
            for by, name, of in (
                (sums.by_process, "definition_key", items),
                (sums.by_branch, "branch", items),
                (sums.by_person, "assignee", people),
            ):
                keys = Counter(getattr(item, name) for item in of)
                assert set(by) == set(keys)
                for key in keys:
                    assert by[key] == late([item for item in of if getattr(item, name) == key])


def test_it_is_the_task_list_up_to_then_and_the_cases_that_can_still_break(db: Database) -> None:
    with db.reading() as reading:
        for actor in ACTORS:
            items = listed(reading, actor, Asked(NOW, HOUR), 500)
            rows, _ = inbox.page(
                reading, actor, inbox.Asked(due_before=HOUR), sort=[("dueAt", False)], after=None, limit=500
            )
            assert {item.task_id for item in items if item.kind == "task"} == {row.id for row in rows}
        cases = [item for item in listed(reading, ACTORS[0], Asked(NOW, HOUR)) if item.kind == "case"]
        assert cases
        assert not any(item.variables.get("breached") for item in cases)


def test_people_of_other_groups_see_nothing(db: Database) -> None:
    nobody = ACTORS[-1]
    with db.reading() as reading:
        assert listed(reading, nobody, Asked(NOW, HOUR)) == []
        assert deadlines.sums(reading, nobody, Asked(NOW, HOUR)).by_process == {}
