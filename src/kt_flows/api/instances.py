"""The CRM's side: start a case, send it messages, see what it waits for and what happened."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.paging import PageAsked
from kt_flows.api.problems import BadQuery
from kt_flows.api.values import Moment, id_or_none, idempotency_key, variable_filters
from kt_flows.errors import FieldError, InvalidValues, NotFound
from kt_flows.runtime import correlate, operate, start
from kt_flows.store import history, instances

router = APIRouter(route_class=Door, tags=["instances"])


@router.post(
    "/v1/instances",
    status_code=201,
    response_model=models.Instance,
    summary="Start a case",
    **asks("instances.start", 404, 409, 413, 415, 422),
)
def start_instance(
    rt: Rt,
    who: Who,
    body: models.StartAsked,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
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
        idempotency_key=idempotency_key(key),
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
    definitionKey: Annotated[str | None, Query(max_length=100)] = None,  # noqa: N803 - the query's own name
    state: models.InstanceState | None = None,
    businessKey: Annotated[str | None, Query(max_length=200)] = None,  # noqa: N803
    startedAfter: Moment | None = None,  # noqa: N803
) -> Response:
    """Newest first. `variable.NAME=VALUE` finds cases by a variable, e.g. `variable.branch=ALA`."""
    filters: dict[str, Any] = {
        "definition_key": definitionKey,
        "state": state,
        "business_key": businessKey,
        "started_after": startedAfter,
        "variables": variable_filters(request),
    }
    with rt.reading() as reading:
        rows, last = instances.page(reading, who, **filters, after=page.after(who, filters), limit=page.limit)
    cursor = page.next_cursor(who, filters, last)
    return said({"items": [shapes.instance_json(row) for row in rows], "nextCursor": cursor})
