"""What is counted is what the list shows, whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kt_flows.security import Actor
from kt_flows.store import inbox
from kt_flows.store.db import Database, Reading
from kt_flows.store.inbox import Asked, Open
from support.piles import ACTORS, GROUPS, pile
from support.postgres import fresh_database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def listed(reading: Reading, actor: Actor, asked: Asked, limit: int = 7) -> int:
    """How many there are by leafing through the list."""
    seen, after = [], None
    while True:
        rows, after = inbox.page(reading, actor, asked, sort=[("dueAt", False)], after=after, limit=limit)
        seen += [row.id for row in rows]
        if after is None:
            assert len(seen) == len(set(seen))
            return len(seen)


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_what_the_list_shows(seed: int) -> None:
    with fresh_database() as db:
        pile(db, seed, NOW)
        with db.reading() as reading:
            for actor in ACTORS:
                found = inbox.counts(reading, actor, NOW)
                assert found.mine == listed(reading, actor, Asked(assignee=actor.name))
                assert found.unassigned == listed(reading, actor, Asked(unassigned=True))
                assert found.overdue == listed(reading, actor, Asked(due_before=NOW))
                for group in {*GROUPS, *found.groups}:
                    counted = found.groups.get(group, Open(0, 0))
                    assert counted.open == listed(reading, actor, Asked(group=group))
                    assert counted.overdue == listed(reading, actor, Asked(group=group, due_before=NOW))


def test_before_and_after_a_time_are_all_that_are_due(db: Database) -> None:
    with db.reading() as reading:
        root = ACTORS[0]
        halves = (Asked(due_before=NOW), Asked(due_after=NOW), Asked())
        before, after, every = (listed(reading, root, half) for half in halves)
        timeless = [row for row in _all(reading) if row.due_at is None]
        assert before
        assert after
        assert before + after == every - len(timeless)


def test_a_variable_is_found_by_its_text(db: Database) -> None:
    with db.reading() as reading:
        for name, value, said in (("branch", "ALA", "ALA"), ("breached", True, "true")):
            wanted = {row.id for row in _all(reading) if row.variables.get(name) == value}
            rows, _ = inbox.page(
                reading,
                ACTORS[0],
                Asked(variables={name: said}),
                sort=[("createdAt", False)],
                after=None,
                limit=500,
            )
            assert wanted
            assert {row.id for row in rows} == wanted


@pytest.fixture(scope="module")
def db() -> Database:  # type: ignore[misc]
    with fresh_database() as db:
        pile(db, 99, NOW)
        yield db


def _all(reading: Reading) -> list[inbox.TaskView]:
    return inbox.page(reading, ACTORS[0], Asked(), sort=[("dueAt", False)], after=None, limit=500)[0]
