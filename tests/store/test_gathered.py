"""Writes that are gathered: in the order of the program, as one statement where nothing asks in between."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kt_flows.store.db import Database, Transaction, Write
from support.postgres import fresh_database

ADD = Write("thing", "insert into thing (id, n) values (%(id)s, %(n)s)", adds=True)
SET = Write("thing", "update thing set n = n + %(by)s where id = %(id)s")
OTHER = Write("other", "insert into other (id) values (%(id)s)", adds=True)
N = sa.text("select n from thing")


@pytest.fixture
def db() -> Iterator[Database]:
    with fresh_database() as db:
        with db.engine.begin() as connection:
            connection.execute(sa.text("create table thing (id uuid primary key, n int)"))
            connection.execute(sa.text("create table other (id uuid primary key references thing)"))
        yield db


@pytest.fixture
def sent(db: Database) -> list[str]:
    """Statements as they go out."""
    found: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *given: found.append(given[2]))
    return found


def test_several_go_as_one_statement_before_the_commit(db: Database, sent: list[str]) -> None:
    one, two = uuid4(), uuid4()
    with db.transaction() as tx:
        tx.gather(ADD, id=one, n=1)
        tx.gather(ADD, id=two, n=2)
        tx.gather(OTHER, id=one)
        assert sent == []
    assert len(sent) == 1
    with db.reading() as reading:
        assert sorted(row.n for row in reading.all(N)) == [1, 2]


def test_a_question_sees_what_was_gathered(db: Database, sent: list[str]) -> None:
    with db.transaction() as tx:
        tx.gather(ADD, id=uuid4(), n=7)
        assert tx.value(N) == 7
        tx.gather(ADD, id=uuid4(), n=8)
        assert tx.do(sa.text("update thing set n = n + 1")) == 2
        tx.gather(ADD, id=uuid4(), n=9)
        assert [row.n for row in tx.all(N)] == [8, 9, 9]
        tx.gather(ADD, id=uuid4(), n=1)
        assert tx.first(sa.text("select count(*) from thing")) == (4,)


def test_a_change_of_what_was_just_written_comes_after_it(db: Database, sent: list[str]) -> None:
    """Two parts of one statement would not see each other."""
    id = uuid4()
    with db.transaction() as tx:
        tx.gather(ADD, id=id, n=1)
        tx.gather(SET, id=id, by=1)
        tx.gather(SET, id=id, by=1)
    assert len(sent) == 3
    with db.reading() as reading:
        assert reading.value(N) == 3


def test_nothing_is_sent_where_the_block_fails(db: Database, sent: list[str]) -> None:
    def fail(tx: Transaction) -> None:
        tx.gather(ADD, id=uuid4(), n=1)
        raise KeyError("half way")

    with pytest.raises(KeyError), db.transaction() as tx:
        fail(tx)
    assert sent == []


def test_what_the_database_refuses_undoes_all(db: Database) -> None:
    def refused(tx: Transaction) -> None:
        tx.gather(ADD, id=uuid4(), n=1)
        tx.gather(OTHER, id=uuid4())

    with pytest.raises(IntegrityError), db.transaction() as tx:
        refused(tx)
    with db.reading() as reading:
        assert reading.all(N) == []


def test_a_glance_is_one_statement_without_a_transaction(db: Database) -> None:
    with db.glance() as reading:
        assert reading.value(sa.text("select 1")) == 1
        assert reading.value(sa.text("select pg_current_xact_id_if_assigned()")) is None
    with db.transaction() as tx:
        tx.gather(ADD, id=uuid4(), n=1)
    with db.reading() as reading:
        assert reading.value(sa.text("show transaction_read_only")) == "on"
