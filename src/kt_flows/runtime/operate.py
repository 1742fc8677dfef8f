"""What people do to cases and jobs from outside the diagram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.engine.step import Step
from kt_flows.errors import Conflict, FieldError, InvalidValues, NotFound
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.record import record
from kt_flows.runtime.work import say
from kt_flows.security import Actor
from kt_flows.store import definitions, instances, job_list, jobs
from kt_flows.store.db import Transaction, retried
from kt_flows.store.job_list import JobSeen
from kt_flows.store.jobs import JobView


@retried
def cancel(rt: Runtime, actor: Actor, instance_id: UUID, reason: str) -> instances.InstanceView:
    """Ends a case: tasks, timers and waits go.  Raises NotFound, Conflict (over already)."""
    now = rt.clock.now()
    with rt.transaction("operate.cancel") as tx:
        held = _held(tx, actor, instance_id, "active", "suspended")
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        nothing = Step(held.snapshot, "active", (), held.variables, (), (), (), (), (), ())
        record(tx, program, held, nothing, actor=actor, now=now)
        instances.keep(tx, held.id, status="cancelled", ended_at=now)
        say(tx, held, "cancelled", actor, now, reason=reason)
        return instances.one(tx, held.id)


@retried
def suspend(rt: Runtime, actor: Actor, instance_id: UUID, reason: str | None) -> instances.InstanceView:
    """Lets a case rest: nothing moves until it is resumed.  Raises NotFound, Conflict (not active)."""
    now = rt.clock.now()
    with rt.transaction("operate.suspend") as tx:
        held = _held(tx, actor, instance_id, "active")
        instances.keep(tx, held.id, status="suspended")
        say(tx, held, "suspended", actor, now, reason=reason)
        return instances.one(tx, held.id)


@retried
def resume(rt: Runtime, actor: Actor, instance_id: UUID, reason: str | None) -> instances.InstanceView:
    """Lets a resting case go on; deadlines that passed meanwhile act now.  Raises NotFound, Conflict."""
    now = rt.clock.now()
    with rt.transaction("operate.resume") as tx:
        held = replace(_held(tx, actor, instance_id, "suspended"), status="active")
        instances.keep(tx, held.id, status="active")
        say(tx, held, "resumed", actor, now, reason=reason)
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        step = machine.tick(program, held.snapshot, now=now)
        record(tx, program, held, step, actor=actor, now=now, woken=True)
        return instances.one(tx, held.id)


@retried
def migrate(
    rt: Runtime, actor: Actor, instance_id: UUID, version: int, *, dry_run: bool = False
) -> instances.InstanceView:
    """Moves a running case to another version of its process, with the latest versions of all that it calls.

    The case stands where it stood: every element with a token must be there in the new version, of the same kind and
    in the same sub-process.  Open edges follow the new diagram's variables; drafts and claims stay.  With `dry_run`
    it is only seen whether it would go.  Raises NotFound, Conflict naming the elements that do not fit.
    """
    now = rt.clock.now()
    with rt.transaction("operate.migrate") as tx:
        held = _held(tx, actor, instance_id, "active", "suspended")
        root = definitions.version(tx, held.definition_key, version)
        if root is None:
            raise NotFound(f"There is no version {version} of {held.definition_key}.")
        old = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        bundle_id = definitions.keep_bundle(tx, rt.programs.bound_now(tx, root))
        new = rt.programs.linked(tx, bundle_id, root.key)
        misfits = machine.misfits(old, new, held.snapshot, now=now)
        if misfits:
            raise Conflict(
                f"Version {version} has no place for a token at {', '.join(misfits)}.", code="migration_misfit"
            )
        if not dry_run:
            instances.keep(tx, held.id, definition_id=root.id, version=root.version, bundle_id=bundle_id)
            record(tx, new, held, machine.look(new, held.snapshot, now=now), actor=actor, now=now)
            say(tx, held, "migrated", actor, now, version=version)
        return instances.one(tx, held.id)


@retried
def retry_job(
    rt: Runtime,
    actor: Actor,
    job_id: UUID,
    *,
    payload: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
) -> JobSeen:
    """Tries a stuck job again, with all its attempts; before that puts right what it is tried with.

    `variables` are of the process that its element stands in, which reads its inputs anew with them; `payload`
    replaces named values of the call.  Raises NotFound, InvalidValues, Conflict (not stuck; nothing to put right).
    """
    now, payload, variables = rt.clock.now(), payload or {}, variables or {}
    with rt.transaction("operate.retry_job") as tx:
        job, held = _stuck_job(tx, actor, job_id)
        if held is not None:
            names = {"payload": sorted(payload), "variables": sorted(variables)}
            changed = {what: of for what, of in names.items() if of}
            say(tx, held, "job.retried", actor, now, wait=job.wait, job=job.kind, **changed)
        if job.kind == jobs.INCIDENT or payload or variables:
            held, wait = _of_a_case(job, held)
            program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
            if job.kind != jobs.INCIDENT:
                step = machine.mend(program, held.snapshot, wait, variables=variables, payload=payload, now=now)
                record(tx, program, held, step, actor=actor, now=now)
                _ask_again(tx, job, step, now)
            elif payload:
                raise InvalidValues([FieldError("payload", "Здесь ничего не вызывается", "unknown")])
            else:
                step = machine.retry(program, held.snapshot, wait, variables, now=now)
                jobs.close(tx, [job.id], "done")
                record(tx, program, held, step, actor=actor, now=now, settled=job.id)
        else:
            jobs.keep(tx, job.id, state="available", attempt=0, run_at=now)
        return job_list.one(tx, job.id)


@retried
def skip_job(
    rt: Runtime, actor: Actor, job_id: UUID, reason: str, result: Mapping[str, Any] | None = None
) -> JobSeen:
    """Goes on without a stuck job: as if the outside had answered `result`, or past the element of an incident.

    Raises NotFound, InvalidValues, Conflict (not stuck; nothing to go past; the element refuses).
    """
    now = rt.clock.now()
    with rt.transaction("operate.skip_job") as tx:
        job, held = _stuck_job(tx, actor, job_id)
        held, wait = _of_a_case(job, held)
        if job.kind == jobs.TIMER:
            raise machine.ElementRefuses(f"{job.element_id}: a timer has no answer. Retry it with other variables.")
        given = {"result": sorted(result)} if result else {}
        say(tx, held, "job.skipped", actor, now, wait=wait, job=job.kind, reason=reason, **given)
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        step = machine.skip(program, held.snapshot, wait, result, now=now)
        jobs.close(tx, [job.id], "cancelled")
        record(tx, program, held, step, actor=actor, now=now)
        return job_list.one(tx, job.id)


@retried
def cancel_job(rt: Runtime, actor: Actor, job_id: UUID) -> JobSeen:
    """Gives a stuck job up; its case goes on waiting for nothing, and people see that.  Raises NotFound, Conflict."""
    now = rt.clock.now()
    with rt.transaction("operate.cancel_job") as tx:
        job, held = _stuck_job(tx, actor, job_id)
        jobs.close(tx, [job.id], "cancelled")
        if held is not None:
            say(tx, held, "job.cancelled", actor, now, wait=job.wait, job=job.kind)
        return job_list.one(tx, job.id)


def _of_a_case(job: JobView, held: instances.Held | None) -> tuple[instances.Held, int]:
    """The case that waits for the job, and by which wait.  Raises Conflict where it rests, or there is none."""
    if held is None or job.wait is None:
        raise Conflict("No case waits for this job: it can be retried as it is, or cancelled.", code="job_of_no_case")
    if held.status != "active":
        raise Conflict(f"The case is {held.status}.", code="instance_not_active")
    return held, job.wait


def _ask_again(tx: Transaction, job: JobView, step: Step, now: datetime) -> None:
    """Frees the row of a job that the case still waits for, as the case asks for it now."""
    for asked in (one for one in step.jobs if one.wait == job.wait):
        jobs.keep(tx, job.id, state="available", attempt=0, run_at=now, payload=dict(asked.payload))
    for timer in (one for one in step.timers if one.wait == job.wait):
        jobs.keep(tx, job.id, state="available", attempt=0, run_at=timer.due_at)


def _stuck_job(tx: Transaction, actor: Actor, id: UUID) -> tuple[JobView, instances.Held | None]:
    seen = job_list.visible(tx, actor, id)
    if seen is None:
        raise NotFound
    held = instances.hold(tx, seen.instance_id) if seen.instance_id else None
    job = jobs.hold(tx, id)
    if job is None or job.state != "stuck":
        raise Conflict("The job is not stuck any more.", code="job_not_stuck")
    return job, held


def _held(tx: Transaction, actor: Actor, id: UUID, *statuses: str) -> instances.Held:
    seen = instances.visible(tx, actor, id)
    if seen is None:
        raise NotFound
    held = instances.hold(tx, id)
    if held is None or held.status not in statuses:
        state = held.status if held is not None else seen.state  # one that was put away cannot be held
        raise Conflict(f"The case is {state}.", code="instance_not_active")
    return held
