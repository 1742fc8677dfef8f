"""A job's span: in the trace of who asked for it, or beside that."""

from __future__ import annotations

from contextlib import AbstractContextManager

from kt_flows import tracing
from kt_flows.store import jobs
from kt_flows.store.jobs import JobView
from kt_flows.tracing import Span


def traced(job: JobView) -> AbstractContextManager[Span]:
    """A span around all that a job does and brings about.

    A timer may be due days after who set it has ended: it begins a trace of its own, with a link to that one.
    """
    apart = job.kind in (jobs.TIMER, jobs.START_TIMER)
    return tracing.span(
        job.kind,
        "internal" if apart else "consumer",
        parent=None if apart else job.traceparent,
        link=job.traceparent if apart else None,
        job_id=job.id,
        job_kind=job.kind,
        instance_id=job.instance_id,
        element_id=job.element_id,
        attempt=job.attempt,
    )
