"""What goes wrong under the worker: the database leaves, refuses, or a case breaks whatever touches it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from kt_flows.errors import Broken, Refused
from kt_flows.jobs.faults import as_ours, database_away
from kt_flows.jobs.handlers import Handlers
from kt_flows.runtime import operate, periodic, settle
from kt_flows.store import jobs
from kt_flows.store.db import Transaction
from kt_flows.store.embedded import NoPostgres
from kt_flows.store.jobs import JobView
from kt_flows.store.tables import job
from support.postgres import out_of_reach

from .conftest import Site, eventually
from .test_worker import ADMIN, working


def wrapped(original: psycopg.Error, *, invalidated: bool = False) -> DBAPIError:
    """As SQLAlchemy raises it."""
    kind = OperationalError if isinstance(original, psycopg.OperationalError) else DBAPIError
    return kind("select 1", {}, original, connection_invalidated=invalidated)


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (wrapped(psycopg.OperationalError("connection refused")), True),
        (wrapped(errors.AdminShutdown()), True),
        (wrapped(errors.CannotConnectNow()), True),
        (wrapped(errors.DiskFull()), True),
        (wrapped(errors.TooManyConnections()), True),
        (wrapped(errors.LockNotAvailable()), True),
        (wrapped(errors.SerializationFailure()), True),
        (wrapped(errors.IdleInTransactionSessionTimeout(), invalidated=True), True),
        (wrapped(errors.QueryCanceled()), False),
        (wrapped(errors.ProgramLimitExceeded()), False),
        (wrapped(errors.UntranslatableCharacter()), False),
        (wrapped(errors.UniqueViolation()), False),
        (NoConnection("the pool is empty"), True),
        (psycopg.OperationalError("not back yet"), True),
        (NoPostgres(), True),
        (SQLAlchemyError("a statement of ours"), False),
        (KeyError("x"), False),
    ],
)
def test_whose_fault_it_is(error: Exception, away: bool) -> None:
    assert database_away(error) is away


def test_what_a_row_keeps_of_a_fault_quotes_no_data() -> None:
    assert as_ours(DataError("insert", {}, Exception("+7 701 234 56 78"))).message == "DataError"
    assert as_ours(ValueError("a\x00b" + "c" * 999)).message.startswith("ValueError: abccc")
    assert len(as_ours(ValueError("c" * 9_999)).message) <= 500
    ours = Broken("said")
    assert as_ours(ours) is ours


def test_a_call_made_while_the_database_leaves_is_settled_when_it_is_back_and_made_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = site.begin("line", subscriber_id="S-1")
    gone, made, cut, run = ExitStack(), [], threading.Event(), Handlers.run

    def calls(self: Handlers, job: JobView) -> Mapping[str, Any]:
        made.append(job.key)
        answer = run(self, job)
        gone.enter_context(out_of_reach(site.rt.db))
        cut.set()
        return answer

    monkeypatch.setattr(Handlers, "run", calls)
    thread = threading.Thread(target=site.worker().outside_work)
    with gone:
        thread.start()
        assert cut.wait(10)
        assert thread.is_alive()
    thread.join(20)
    assert not thread.is_alive()
    assert site.elements(id) == ["read"]
    assert len(made) == 1
    assert len(site.sandbox.emulators["line"].records) == 1


def test_a_lost_database_counts_no_try(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    id = site.begin("line", subscriber_id="S-1")

    def lost(self: Handlers, job: JobView) -> Mapping[str, Any]:
        raise wrapped(errors.AdminShutdown(), invalidated=True)

    worker = site.worker()
    with monkeypatch.context() as patched:
        patched.setattr(Handlers, "run", lost)
        for _ in range(15):  # more often than it is tried
            assert worker.outside_work()
            site.clock.advance(timedelta(seconds=1))
    assert (site.job(id).state, site.job(id).attempt) == ("available", 0)
    assert worker.outside_work()
    assert site.elements(id) == ["read"]


def test_a_worker_goes_on_when_the_database_is_back(site: Site) -> None:
    with working(site.worker()):
        first = site.begin("line", subscriber_id="S-1")
        eventually(lambda: site.elements(first) == ["read"])
        with out_of_reach(site.rt.db), pytest.raises(SQLAlchemyError):
            site.begin("line", subscriber_id="S-2")
        second = site.begin("line", subscriber_id="S-3")
        eventually(lambda: site.elements(second) == ["read"])


def test_an_answer_that_the_database_refuses_is_tried_again_and_then_stuck(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = site.begin("request")
    made, run = [], Handlers.run

    def calls(self: Handlers, job: JobView) -> Mapping[str, Any]:
        made.append(job.attempt)
        return run(self, job)

    def refuses(tx: Transaction, *_: Any, **__: Any) -> None:
        tx.value(sa.text("""select '"\\u0000"'::jsonb"""))  # PostgreSQL keeps no NUL

    monkeypatch.setattr(Handlers, "run", calls)
    monkeypatch.setattr(settle, "record", refuses)
    worker = site.worker()
    for _ in range(20):
        if worker.outside_work():
            site.clock.advance(timedelta(hours=2))
    assert made == list(range(1, 13))
    last = site.job(id)
    assert (last.state, last.last_error) == ("stuck", "DataError")
    monkeypatch.undo()
    operate.retry_job(site.rt, ADMIN, last.id)
    assert worker.outside_work()
    assert site.elements(id) == ["answer"]


def test_a_call_whose_failure_cannot_be_settled_either_is_stuck(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    id = site.begin("line", subscriber_id="S-1")

    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    for verb in ("done", "failed"):
        monkeypatch.setattr(settle, verb, breaks)
    assert site.worker().outside_work()
    assert (site.job(id).state, site.job(id).last_error) == ("stuck", "RuntimeError: a fault of ours")


def case_of(site: Site, id: UUID) -> UUID | None:
    with site.rt.reading() as reading:
        found = jobs.one(reading, id)
    return found.instance_id if found is not None else None


@pytest.mark.parametrize(
    "fault", [wrapped(errors.UntranslatableCharacter()), ValueError("unreadable"), Refused("no")]
)
def test_a_case_that_breaks_its_timer_keeps_no_other_from_its_time(
    site: Site, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    bad, good = site.begin("late"), site.begin("late")
    due = settle.due

    def breaks(rt: Any, id: Any) -> bool:
        if case_of(site, id) == bad:
            raise fault
        return due(rt, id)

    worker = site.worker()
    site.clock.advance(timedelta(hours=1))
    with monkeypatch.context() as patched:
        patched.setattr(settle, "due", breaks)
        assert worker.short_work()
        assert site.elements(good) == ["chief"]
        for _ in range(20):
            worker.short_work()
            site.clock.advance(timedelta(hours=2))
    assert site.look(bad).state == "stuck"
    with site.rt.reading() as reading:
        stuck = reading.value(sa.select(job.c.id).where(job.c.instance_id == bad, job.c.state == "stuck"))
    operate.retry_job(site.rt, ADMIN, stuck)
    assert worker.short_work()
    assert site.elements(bad) == ["chief"]


def test_a_case_that_is_locked_keeps_no_other_from_its_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    held, free = site.begin("late"), site.begin("late")
    due = settle.due

    def contended(rt: Any, id: Any) -> bool:
        if case_of(site, id) == held:
            raise wrapped(errors.LockNotAvailable())
        return due(rt, id)

    site.clock.advance(timedelta(hours=1))
    worker = site.worker()
    with monkeypatch.context() as patched:
        patched.setattr(settle, "due", contended)
        assert worker.short_work()
        assert site.elements(free) == ["chief"]
        with pytest.raises(OperationalError):
            worker.short_work()
    assert worker.short_work()
    assert site.elements(held) == ["chief"]


def test_a_turn_that_fails_is_put_off_and_not_doubled(site: Site) -> None:
    with site.rt.db.transaction() as tx:
        periodic.jobs.put_periodic(
            tx,
            key="start.timer:nobody",
            kind="start.timer",
            payload={"definition_key": "line", "cycle": "R/PT1H"},  # without its element: a fault
            run_at=site.clock.now(),
            now=site.clock.now(),
        )
    worker = site.worker()
    assert worker.short_work()
    assert not worker.short_work()
    site.clock.advance(periodic.PUT_OFF)
    assert worker.short_work()
    assert site.cases("line") == 0
