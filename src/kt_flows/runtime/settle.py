"""What became of a job: done, failed, due (walk B).  Who has lost the job changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from kt_flows.engine import machine
from kt_flows.engine.program import Program
from kt_flows.engine.step import Step
from kt_flows.errors import Broken, FlowsError
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.record import record
from kt_flows.security import SERVICE
from kt_flows.store import history, instances, jobs
from kt_flows.store.db import Transaction, retried
from kt_flows.store.jobs import JobView

log = logging.getLogger(__name__)

Move = Callable[[Program, instances.Held, int, datetime], Step]


@retried
def due(rt: Runtime, id: UUID) -> bool:
    """A timer's time has come: fires what is due in its case.  False where another worker has it."""
    now = rt.clock.now()
    with rt.transaction("settle.due") as tx:
        found = jobs.hold_due(tx, id, now)
        if found is None:
            return False
        held, _ = found
        if held.status != "active":
            jobs.close(tx, [id], "cancelled")
            return True
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        step = machine.tick(program, held.snapshot, now=now)
        record(tx, program, held, step, actor=SERVICE, now=now, settled=id)
        return True


@retried
def done(rt: Runtime, claimed: JobView, result: Mapping[str, Any]) -> bool:
    """An outside call has answered: the case goes on.  False where the lease was lost meanwhile."""

    def move(program: Program, held: instances.Held, wait: int, now: datetime) -> Step:
        return machine.finish(program, held.snapshot, wait, result, now=now)

    return _settle(rt, claimed, move)


@retried
def failed(rt: Runtime, claimed: JobView, error: FlowsError, again_at: datetime | None) -> bool:
    """An outside call has failed: again at a later time, or for good.

    For good: the diagram catches the error's code, or the job is stuck for a person to look at.
    """
    if again_at is not None:
        with rt.transaction("settle.again") as tx:
            if not _still_ours(tx, claimed):
                return False
            jobs.keep(tx, claimed.id, state="available", run_at=again_at, last_error=error.message, lease_until=None)
            return True
    return _settle(rt, claimed, _failure(claimed, error), error)


@retried
def short_failed(rt: Runtime, job: JobView, error: FlowsError, again_at: Callable[[int], datetime | None]) -> bool:
    """A job that is never leased has failed: its try is counted and what follows is written in one transaction.

    `again_at` says from the tries so far when the next one is.  False where another worker has it.
    """
    now = rt.clock.now()
    with rt.transaction("settle.short_failed") as tx:
        held = instances.hold(tx, job.instance_id, skip_locked=True) if job.instance_id else None
        mine = jobs.hold(tx, job.id, skip_locked=True)
        if held is None or mine is None or mine.state != "available" or mine.run_at > now:
            return False
        later = again_at(mine.attempt + 1)
        jobs.keep(tx, job.id, attempt=mine.attempt + 1, last_error=error.message)
        if later is not None:
            jobs.keep(tx, job.id, run_at=later)
        else:
            _move(tx, rt, held, mine, _failure(mine, error), error, now)
        return True


@retried
def give_up(rt: Runtime, job: JobView, error: FlowsError) -> bool:
    """The last way out, where not even a failure can be settled: the job is stuck, the case stands as it stood.

    False where the job has changed hands since `job` was read.
    """
    with rt.transaction("settle.give_up") as tx:
        held = instances.hold(tx, job.instance_id) if job.instance_id else None
        mine = jobs.hold(tx, job.id)
        if held is None or mine is None or (mine.state, mine.lease_token) != (job.state, job.lease_token):
            return False
        _stuck(tx, rt, held, mine, error, rt.clock.now())
        return True


def _failure(job: JobView, error: FlowsError) -> Move:
    def move(program: Program, held: instances.Held, wait: int, now: datetime) -> Step:
        if job.kind == jobs.TIMER:
            raise machine.Uncaught(error.message)
        return machine.fail(program, held.snapshot, wait, error.code, error.message, now=now)

    return move


@retried
def internal(rt: Runtime, id: UUID, run: Callable[[Transaction, JobView, instances.Held], Any]) -> bool:
    """A job that only touches our own tables: run and settled in one transaction.  False where another has it."""
    now = rt.clock.now()
    with rt.transaction("settle.internal") as tx:
        found = jobs.hold_due(tx, id, now)
        if found is None:
            return False
        held, job = found
        if job.wait is None:
            return False
        if held.status != "active":
            jobs.close(tx, [id], "cancelled")
            return True
        result = run(tx, job, held)
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        step = machine.finish(program, held.snapshot, job.wait, result, now=now)
        record(tx, program, held, step, actor=SERVICE, now=now, settled=id)
        return True


def _settle(rt: Runtime, claimed: JobView, move: Move, error: FlowsError | None = None) -> bool:
    now = rt.clock.now()
    with rt.transaction("settle.done" if error is None else "settle.failed") as tx:
        held = instances.hold(tx, claimed.instance_id) if claimed.instance_id else None
        if not _still_ours(tx, claimed):
            return False
        if held is None or claimed.wait is None:
            state = "done" if error is None else "stuck"
            jobs.keep(tx, claimed.id, state=state, lease_until=None, last_error=error.message if error else None)
            return True
        _move(tx, rt, held, claimed, move, error, now)
        return True


def _move(
    tx: Transaction,
    rt: Runtime,
    held: instances.Held,
    job: JobView,
    move: Move,
    error: FlowsError | None,
    now: datetime,
) -> None:
    """Moves the case by what its job brought; where it does not take it, the job is stuck."""
    if held.status not in ("active", "suspended") or job.wait is None:
        jobs.close(tx, [job.id], "cancelled")
        return
    try:
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        step = move(program, held, job.wait, now)
    except machine.NoSuchWait:
        jobs.close(tx, [job.id], "cancelled")
    except machine.Uncaught:
        assert error is not None
        _stuck(tx, rt, held, job, error, now)
    except SQLAlchemyError:
        raise
    except Exception as broken:  # the case stands as it stood; a person sees why it does not go on
        log.exception("%s: the case did not take what its job brought", job.kind)
        _stuck(tx, rt, held, job, _as_ours(broken), now)
    else:
        record(tx, program, held, step, actor=SERVICE, now=now, settled=job.id)


def _as_ours(error: Exception) -> FlowsError:
    return error if isinstance(error, FlowsError) else Broken(f"{type(error).__name__}: {error}")


def _still_ours(tx: Transaction, claimed: JobView) -> bool:
    job = jobs.hold(tx, claimed.id)
    return job is not None and job.state == "running" and job.lease_token == claimed.lease_token


def _stuck(
    tx: Transaction, rt: Runtime, held: instances.Held, claimed: JobView, error: FlowsError, now: datetime
) -> None:
    jobs.keep(tx, claimed.id, state="stuck", lease_until=None, last_error=error.message)
    detail: dict[str, Any] = {"job": claimed.kind, "code": error.code, "message": error.message}
    watches = _watched(tx, rt, held, claimed, now) if claimed.kind == jobs.TIMER else None
    if watches is not None:
        detail["watches"] = watches
    line = {"kind": "stuck", "element_id": claimed.element_id, "detail": detail, "wait": claimed.wait}
    history.add(tx, held.id, [line], actor=SERVICE.name, now=now)
    history.tell(tx, [{"kind": "instance", "what": "stuck", "instance_id": held.id}], now)


def _watched(tx: Transaction, rt: Runtime, held: instances.Held, timer: JobView, now: datetime) -> int | None:
    """The token for which a timer that only watches is open: with that one it goes, and no line says so."""
    try:
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        places = machine.places(program, held.snapshot, now=now)
    except FlowsError:  # the case cannot be read, and stays where it is
        return None
    return next((one.attached for one in places if one.wait == timer.wait), None)
