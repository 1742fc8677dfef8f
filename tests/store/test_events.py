"""The feed of changes: commit order, no gap when an earlier transaction commits later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kt_flows.store import events, history
from kt_flows.store.db import Database, Transaction
from kt_flows.store.ids import new_id
from support.postgres import fresh_database
from support.service import until

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def db() -> Iterator[Database]:
    with fresh_database() as one:
        yield one


def tell(tx: Transaction, what: str) -> None:
    history.tell(tx, [{"kind": "instance", "what": what, "instance_id": new_id()}], NOW)
    tx.send()  # as the commit, or the next question, would


def seen(db: Database, position: str) -> list[str]:
    return [event.what for event in events.EventSource(db).after(position, 100)]


def settled(db: Database, expected: list[str]) -> None:
    """Another database's transaction on the same server keeps changes back until it ends."""
    until("the changes", lambda: seen(db, "0-0") == expected)


def test_a_late_commit_is_not_behind_a_readers_back(db: Database) -> None:
    source = events.EventSource(db)
    head = source.head()
    with db.transaction() as slow:
        tell(slow, "slow")
        with db.transaction() as quick:
            tell(quick, "quick")
        assert seen(db, head) == []
    until("both", lambda: len(source.after(head, 100)) == 2)
    both = source.after(head, 100)
    assert sorted(event.what for event in both) == ["quick", "slow"]
    assert seen(db, both[0].position) == [both[1].what]
    assert seen(db, both[1].position) == []
    assert source.head() == both[1].position


def test_what_was_rolled_back_was_never_there(db: Database) -> None:
    def nothing() -> None:
        with db.transaction() as tx:
            tell(tx, "ghost")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        nothing()
    with db.transaction() as tx:
        tell(tx, "real")
    settled(db, ["real"])


def test_old_changes_are_forgotten_from_the_oldest_on(db: Database) -> None:
    with db.transaction() as tx:
        for number in range(5):
            tell(tx, str(number))
    with db.transaction() as tx:
        assert events.drop(tx, NOW) == 0, "nothing is as old as that"
        assert events.drop(tx, NOW + timedelta(seconds=1), batch=3) == 3
    settled(db, ["3", "4"])
