"""The CRM's side: start a case, send it messages, see what it waits for and what happened."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.paging import PageAsked
from kt_flows.api.values import Id, IdempotencyKey, Moment, idempotency_key, moment, parse_id, variable_filters
from kt_flows.errors import NotFound
from kt_flows.runtime import operate, start
from kt_flows.security import Actor
from kt_flows.store import history, instances
from kt_flows.store.db import Reading
from kt_flows.store.instances import InstanceView

router = APIRouter(route_class=Door, tags=["instances"])


@router.post(
    "/v1/instances",
    status_code=201,
    response_model=models.Instance,
    summary="Start a case",
    **asks("instances.start", 404, 409, 413, 415, 422),
)
def start_instance(
    request: Request,
    rt: Rt,
    who: Who,
    body: models.StartAsked,
    _: IdempotencyKey = None,
) -> Response:
    """The same request under the same `Idempotency-Key`, or the same `source` and `businessKey`, is answered 200 with
    the case that there is; another body under the same key is 409."""
    started = start.start(
        rt,
        who,
        definition_key=body.definition_key,
        version=body.version,
        business_key=body.business_key,
        source=body.source,
        variables=body.variables,
        idempotency_key=idempotency_key(request),
        start_element=body.start_element,
    )
    where = {"Location": f"/v1/instances/{started.instance.id}"}
    return said(shapes.instance_json(started.instance), 201 if started.created else 200, where)


@router.get(
    "/v1/instances",
    response_model=models.Listed[models.Instance],
    summary="List cases",
    **asks("instances.read", prefixes=("variable.",)),
)
def list_instances(
    request: Request,
    rt: Rt,
    who: Who,
    page: PageAsked,
    definitionKey: Annotated[str | None, Query(max_length=100)] = None,
    state: models.InstanceState | None = None,
    businessKey: Annotated[str | None, Query(max_length=200)] = None,
    startedAfter: Moment | None = None,
) -> Response:
    """Newest first. `variable.NAME=VALUE` finds cases by a variable, e.g. `variable.branch=ALA`."""
    filters: dict[str, Any] = {
        "definition_key": definitionKey,
        "state": state,
        "business_key": businessKey,
        "started_after": moment(startedAfter),
        "variables": variable_filters(request),
    }
    with rt.reading() as reading:
        rows, last = instances.page(reading, who, **filters, after=page.after(who, filters), limit=page.limit)
    cursor = page.next_cursor(who, filters, last)
    return said({"items": [shapes.instance_json(row) for row in rows], "nextCursor": cursor})


@router.get("/v1/instances/{id}", response_model=models.Instance, summary="One case", **asks("instances.read", 404))
def read_instance(rt: Rt, who: Who, id: Id) -> Response:
    with rt.reading() as reading:
        return said(shapes.instance_json(visible(reading, who, id)))


@router.get(
    "/v1/instances/{id}/waits",
    response_model=models.Waits,
    summary="What a case waits for",
    **asks("instances.read", 404),
)
def list_waits(rt: Rt, who: Who, id: Id) -> Response:
    with rt.reading() as reading:
        view = visible(reading, who, id)
    return said({"items": [shapes.wait_json(wait) for wait in view.waits]})


@router.get(
    "/v1/instances/{id}/history",
    response_model=models.Listed[models.HistoryLine],
    summary="What happened in a case, oldest first",
    **asks("instances.read", 404),
)
def list_history(rt: Rt, who: Who, id: Id, page: PageAsked) -> Response:
    filters = {"instance": id}
    with rt.reading() as reading:
        view = visible(reading, who, id)
        rows, last = history.page(reading, view.id, after=page.after(who, filters), limit=page.limit)
    cursor = page.next_cursor(who, filters, last)
    return said({"items": [shapes.history_json(row) for row in rows], "nextCursor": cursor})


@router.post(
    "/v1/instances/{id}/cancel",
    response_model=models.Instance,
    summary="End a case before its time",
    **asks("instances.operate", 404, 409, 413, 415, 422),
)
def cancel_instance(rt: Rt, who: Who, id: Id, body: models.ReasonGiven) -> Response:
    """Its tasks, timers and waits go away; the history keeps who did it and why."""
    return said(shapes.instance_json(operate.cancel(rt, who, parse_id(id), body.reason)))


@router.post(
    "/v1/instances/{id}/suspend",
    response_model=models.Instance,
    summary="Let a case rest",
    **asks("instances.operate", 404, 409, 413, 415, 422),
)
def suspend_instance(rt: Rt, who: Who, id: Id, body: models.ReasonPerhaps | None = None) -> Response:
    """Nothing moves until it is resumed; deadlines that pass meanwhile act then."""
    return said(shapes.instance_json(operate.suspend(rt, who, parse_id(id), body.reason if body else None)))


@router.post(
    "/v1/instances/{id}/resume",
    response_model=models.Instance,
    summary="Let a resting case go on",
    **asks("instances.operate", 404, 409, 413, 415, 422),
)
def resume_instance(rt: Rt, who: Who, id: Id, body: models.ReasonPerhaps | None = None) -> Response:
    return said(shapes.instance_json(operate.resume(rt, who, parse_id(id), body.reason if body else None)))


@router.post(
    "/v1/instances/{id}/migrate",
    response_model=models.Instance,
    summary="Move a case to another version of its process",
    **asks("instances.operate", 404, 409, 413, 415, 422),
)
def migrate_instance(rt: Rt, who: Who, id: Id, body: models.MigrateAsked) -> Response:
    """Its tokens stay where they are; 409 names the elements that the version lacks.  `dryRun` changes nothing."""
    view = operate.migrate(rt, who, parse_id(id), body.version, dry_run=body.dry_run)
    return said(shapes.instance_json(view))


def visible(reading: Reading, who: Actor, id: str) -> InstanceView:
    """The case.  Raises NotFound where there is none that the caller may see."""
    view = instances.visible(reading, who, parse_id(id))
    if view is None:
        raise NotFound
    return view
