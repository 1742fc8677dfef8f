"""The one commit: all or nothing, readings that cannot write, victims of a deadlock that come again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kt_flows.store import notices
from kt_flows.store.db import Database, Transaction, retried
from kt_flows.store.tables import notice
from support.postgres import fresh_database

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def db() -> Iterator[Database]:
    with fresh_database() as one:
        yield one


def publish(tx: Transaction, key: str) -> None:
    notices.publish(tx, key=key, text=key, groups=[], instance_id=None, now=NOW)


def break_lines(db: Database) -> None:
    address = sa.make_url(db.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def keys(db: Database) -> list[str]:
    with db.reading() as reading:
        return [row.key for row in reading.all(sa.select(notice.c.key).order_by(notice.c.key))]


def test_all_or_nothing(db: Database) -> None:
    def halfway() -> None:
        with db.transaction() as tx:
            publish(tx, "a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        halfway()
    assert keys(db) == []
    with db.transaction() as tx:
        publish(tx, "a")
    assert keys(db) == ["a"]


def test_a_reading_cannot_write(db: Database) -> None:
    with db.reading() as reading, pytest.raises(DBAPIError, match="read-only"):
        reading.all(notice.delete().returning(notice.c.key))


def test_what_was_touched_is_counted(db: Database) -> None:
    with db.transaction() as tx:
        publish(tx, "a")
        assert notices.withdraw(tx, "a") is not None
        assert notices.withdraw(tx, "a") is None


def test_a_deadlocks_victim_comes_again(db: Database) -> None:
    with db.transaction() as tx:
        for key in ("a", "b"):
            publish(tx, key)
    barrier = threading.Barrier(2)
    runs = []

    @retried
    def cross(first: str, second: str) -> None:
        with db.transaction() as tx:
            runs.append(first)
            tx.first(sa.select(notice).where(notice.c.key == first).with_for_update())
            if len(runs) <= 2:
                barrier.wait(10)
            tx.first(sa.select(notice).where(notice.c.key == second).with_for_update())

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(cross, "a", "b"), pool.submit(cross, "b", "a")]:
            done.result(30)
    assert len(runs) == 3


def test_every_connection_gives_up_in_time(db: Database) -> None:
    with db.reading() as reading:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
            assert reading.value(sa.text(f"show {name}")) != "0"


def test_one_caller_finds_out_that_the_lines_are_broken_and_no_more(db: Database) -> None:
    with db.transaction() as tx:
        publish(tx, "a")
    break_lines(db)
    with pytest.raises(DBAPIError) as broken:
        keys(db)
    assert broken.value.connection_invalidated
    assert [keys(db) for _ in range(3)] == [["a"]] * 3


def test_a_verb_whose_line_breaks_before_its_commit_runs_again(db: Database) -> None:
    runs = []

    @retried
    def verb() -> None:
        runs.append(1)
        with db.transaction() as tx:
            publish(tx, "a")
            if len(runs) == 1:
                break_lines(db)
            publish(tx, "b")

    verb()
    assert (len(runs), keys(db)) == (2, ["a", "b"])


def test_a_commit_without_an_answer_is_the_callers_to_ask_again(db: Database) -> None:
    runs = []

    @retried
    def verb() -> None:
        runs.append(1)
        with db.transaction() as tx:
            publish(tx, "a")
            break_lines(db)

    with pytest.raises(DBAPIError):
        verb()
    assert len(runs) == 1


def test_what_is_wrong_every_time_is_said_at_once(db: Database) -> None:
    runs = []

    @retried
    def verb() -> None:
        runs.append(1)
        with db.transaction() as tx:
            tx.do(sa.text("select 1 / 0"))

    with pytest.raises(DBAPIError):
        verb()
    assert len(runs) == 1
