"""Jobs that are always there and belong to no case: the mailbox, processes that begin by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from kt_flows.engine.calendar import parse_cycle
from kt_flows.engine.dialect import Element
from kt_flows.errors import FlowsError
from kt_flows.runtime.bodies import hash_of
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.opening import open_case
from kt_flows.security import SERVICE
from kt_flows.store import definitions, jobs
from kt_flows.store.db import retried
from kt_flows.store.ids import new_id
from kt_flows.store.jobs import JobView

TIDY = "store.tidy"
TIDY_EVERY = timedelta(hours=1)
PUT_AWAY = "store.put_away"
FINISH = "signal.finish"
EVERY = {TIDY: TIDY_EVERY, PUT_AWAY: timedelta(minutes=1), FINISH: timedelta(minutes=1)}
"""How often each comes that is always there."""
PUT_OFF = timedelta(minutes=1)


@retried
def keep(rt: Runtime, key: str, kind: str) -> None:
    """Makes sure that the job is there and due."""
    now = rt.clock.now()
    with rt.transaction("periodic.keep") as tx:
        jobs.put_periodic(tx, key=key, kind=kind, payload={}, run_at=now, now=now)


@retried
def nudge(rt: Runtime, key: str) -> None:
    """Makes it due now."""
    with rt.transaction("periodic.nudge") as tx:
        jobs.nudge(tx, key, rt.clock.now())


@retried
def again(rt: Runtime, job: JobView, error: FlowsError | None = None) -> None:
    """Its turn is over, well or not: the next one comes, and turns that were missed are not made up for.

    One that was nudged meanwhile comes again at once: what the nudge was for may have come too late for this turn.
    """
    every = EVERY.get(job.kind) or timedelta(seconds=rt.settings.mail_poll_seconds)
    with rt.transaction("periodic.again") as tx:
        mine = jobs.hold(tx, job.id)
        if mine is None or mine.lease_token != job.lease_token:
            return
        jobs.keep(
            tx,
            job.id,
            state="available",
            attempt=0 if error is None else mine.attempt,
            run_at=rt.clock.now() if mine.run_at != job.run_at else rt.clock.now() + every,
            lease_until=None,
            last_error=error.message if error else None,
        )


@retried
def start_due(rt: Runtime, job: JobView) -> bool:
    """Starts a case of a process that begins by the clock, once however many turns were missed."""
    now = rt.clock.now()
    with rt.transaction("periodic.start") as tx:
        mine = jobs.hold(tx, job.id, skip_locked=True)
        if mine is None or mine.state != "available" or mine.run_at > now:
            return False
        root = definitions.version(tx, str(mine.payload["definition_key"]), None)
        element = str(mine.payload["element_id"])
        if root is None or not _begins(rt.programs.definition(tx, root.id).start_timers.get(element), mine):
            jobs.close(tx, [mine.id], "cancelled")  # the newest version does not begin by the clock any more
            return True
        open_case(
            tx,
            rt,
            SERVICE,
            root,
            id=new_id(),
            variables={},
            body_hash=hash_of(key=mine.key, run_at=mine.run_at.isoformat()),
            business_key=mine.run_at.isoformat(),
            source=mine.key,
            now=now,
            start_element=element,
        )
        if "cycle" not in mine.payload:
            jobs.close(tx, [mine.id], "done")
            return True
        jobs.keep(
            tx,
            mine.id,
            run_at=_next_turn(mine.run_at, str(mine.payload["cycle"]), now),
            attempt=0,
            last_error=None,
        )
        return True


@retried
def put_off(rt: Runtime, job: JobView, error: FlowsError) -> bool:
    """A turn could not be taken: again in a minute, for ever.  False where another worker has taken it meanwhile."""
    with rt.transaction("periodic.put_off") as tx:
        mine = jobs.hold(tx, job.id, skip_locked=True)
        if mine is None or (mine.state, mine.run_at) != ("available", job.run_at):
            return False
        run_at = rt.clock.now() + PUT_OFF
        jobs.keep(tx, job.id, attempt=mine.attempt + 1, run_at=run_at, last_error=error.message)
        return True


def _begins(element: Element | None, job: JobView) -> bool:
    """Whether the newest version still begins there: with a cycle, or on the very date that this job is for."""
    if element is None or element.timer is None or element.timer.kind not in job.payload:
        return False
    return element.timer.kind == "cycle" or element.timer.value.literal == job.payload["date"]


def _next_turn(last: datetime, cycle: str, now: datetime) -> datetime:
    _, every = parse_cycle(cycle)
    return last + every * ((now - last) // every + 1)
