"""Jobs that are stuck: what, why, since when; try again, put right, go past, give up."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.paging import PageAsked
from kt_flows.api.supervision_models import JobInFull, RetryAsked, SkipAsked
from kt_flows.api.values import Id, parse_id
from kt_flows.errors import NotFound
from kt_flows.runtime import operate
from kt_flows.store import job_list

router = APIRouter(route_class=Door, tags=["operations"])


@router.get(
    "/v1/jobs", response_model=models.Listed[models.Job], summary="List jobs, oldest first", **asks("jobs.read", 404)
)
def list_jobs(
    rt: Rt,
    who: Who,
    page: PageAsked,
    state: models.JobState | None = None,
    instanceId: Annotated[str | None, Query(max_length=100)] = None,
    kind: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """`?state=stuck`: what gave up and waits for a person."""
    filters: dict[str, Any] = {
        "state": state,
        "instance_id": parse_id(instanceId) if instanceId else None,
        "kind": kind,
    }
    with rt.reading() as reading:
        rows, last = job_list.page(reading, who, **filters, after=page.after(who, filters), limit=page.limit)
    cursor = page.next_cursor(who, filters, last)
    return said({"items": [shapes.job_json(row) for row in rows], "nextCursor": cursor})


@router.get("/v1/jobs/{id}", response_model=JobInFull, summary="One job", **asks("jobs.read", 404))
def read_job(rt: Rt, who: Who, id: Id) -> Response:
    """With the values that it was asked for with."""
    with rt.reading() as reading:
        view = job_list.visible(reading, who, parse_id(id))
    if view is None:
        raise NotFound
    return said({**shapes.job_json(view), "payload": view.payload})


@router.post(
    "/v1/jobs/{id}/retry",
    response_model=models.Job,
    summary="Try a stuck job again, now",
    **asks("jobs.operate", 404, 409, 413, 415, 422),
)
def retry_job(rt: Rt, who: Who, id: Id, body: RetryAsked | None = None) -> Response:
    """With `variables` and `payload` its data is put right before: the history keeps who changed which names."""
    asked = body or RetryAsked()
    view = operate.retry_job(rt, who, parse_id(id), payload=asked.payload, variables=asked.variables)
    return said(shapes.job_json(view))


@router.post(
    "/v1/jobs/{id}/skip",
    response_model=models.Job,
    summary="Go on without a stuck job",
    **asks("jobs.operate", 404, 409, 413, 415, 422),
)
def skip_job(rt: Rt, who: Who, id: Id, body: SkipAsked) -> Response:
    """As if the outside had answered `result`, or past the activity that cannot do its work.  409 at a gateway, an
    event or a timer, where there is no way past, and where the element does not take the result."""
    return said(shapes.job_json(operate.skip_job(rt, who, parse_id(id), body.reason, body.result)))


@router.post(
    "/v1/jobs/{id}/cancel",
    response_model=models.Job,
    summary="Give a stuck job up",
    **asks("jobs.operate", 404, 409, 413, 415, 422),
)
def cancel_job(rt: Rt, who: Who, id: Id, body: models.ReasonPerhaps | None = None) -> Response:
    return said(shapes.job_json(operate.cancel_job(rt, who, parse_id(id))))
