"""Filters of the task list that people keep and share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.responses import Response

from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.models import Given, Listed, Name, Told
from kt_flows.api.values import Id, parse_id
from kt_flows.clock import to_text
from kt_flows.runtime import filters as verbs
from kt_flows.security import Actor
from kt_flows.store import filters
from kt_flows.store.filters import FilterView

router = APIRouter(route_class=Door, tags=["tasks"])


class FilterGiven(Given):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    query: Annotated[str, StringConstraints(max_length=2000)] = Field(
        description="The list's parameters, as a URL's."
    )
    groups: list[Name] = Field(default_factory=list, max_length=50, description="Who sees it besides its owner.")


class Filter(Told):
    id: str
    name: str
    query: str
    owner: str
    groups: list[str]
    mine: bool
    created_at: datetime


@router.get(
    "/v1/filters",
    response_model=Listed[Filter],
    summary="Filters of the caller, and shared ones",
    **asks("tasks.read"),
)
def list_filters(rt: Rt, who: Who) -> Response:
    """By name; all of them at once, there are never many."""
    with rt.reading() as reading:
        found = filters.visible(reading, who)
    return said({"items": [_json(view, who) for view in found], "nextCursor": None})


@router.post(
    "/v1/filters",
    status_code=201,
    response_model=Filter,
    summary="Keep a filter",
    **asks("tasks.read", 409, 413, 415, 422),
)
def keep_filter(rt: Rt, who: Who, body: FilterGiven) -> Response:
    return said(_json(verbs.keep(rt, who, name=body.name, query=body.query, groups=body.groups), who), 201)


@router.put(
    "/v1/filters/{id}",
    response_model=Filter,
    summary="Change a filter",
    **asks("tasks.read", 404, 409, 413, 415, 422),
)
def change_filter(rt: Rt, who: Who, id: Id, body: FilterGiven) -> Response:
    """Only its owner, or an admin."""
    view = verbs.change(rt, who, parse_id(id), name=body.name, query=body.query, groups=body.groups)
    return said(_json(view, who))


@router.delete("/v1/filters/{id}", status_code=204, summary="Drop a filter", **asks("tasks.read", 404))
def drop_filter(rt: Rt, who: Who, id: Id) -> Response:
    verbs.drop(rt, who, parse_id(id))
    return Response(status_code=204)


def _json(view: FilterView, who: Actor) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "name": view.name,
        "query": view.query,
        "owner": view.owner,
        "groups": list(view.groups),
        "mine": view.owner == who.name,
        "createdAt": to_text(view.created_at),
    }
