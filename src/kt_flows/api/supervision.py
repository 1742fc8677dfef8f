"""What supervisors look at before it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, WithJsonSchema
from starlette.responses import Response

from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.paging import PageAsked
from kt_flows.api.supervision_models import Deadlines
from kt_flows.clock import to_text
from kt_flows.engine.calendar import parse_duration
from kt_flows.store import deadlines
from kt_flows.store.deadlines import Due, Late

router = APIRouter(route_class=Door, tags=["supervision"])

FARTHEST = timedelta(days=31)


def _length(text: str) -> str:
    if parse_duration(text) > FARTHEST:
        raise ValueError(f"at most P{FARTHEST.days}D")
    return text


Length = Annotated[
    str, AfterValidator(_length), WithJsonSchema({"type": "string", "format": "duration", "maxLength": 40})
]


@router.get(
    "/v1/deadlines",
    response_model=Deadlines,
    summary="What breaks before a time, and what is late",
    **asks("tasks.read"),
)
def list_deadlines(
    rt: Rt,
    who: Who,
    page: PageAsked,
    within: Annotated[Length, Query(description="From now on: PT1H, P1D.")] = "PT1H",
    definitionKey: Annotated[str | None, Query(max_length=100)] = None,
    branch: Annotated[str | None, Query(max_length=64)] = None,
    assignee: Annotated[str | None, Query(max_length=200)] = None,
    unassigned: Annotated[bool, Query(description="Only what is in nobody's hands.")] = False,
) -> Response:
    """Open tasks by their due date, running cases by their variable `due_at` while they are not `breached`: what the
    caller may see.  Counts are of everything that is asked for, on whichever page."""
    narrowed: dict[str, Any] = {
        "definition_key": definitionKey,
        "branch": branch,
        "assignee": assignee,
        "unassigned": unassigned,
    }
    now = rt.clock.now()
    asked = deadlines.Asked(now, now + parse_duration(within), **narrowed)
    bound = {**narrowed, "within": within}
    with rt.reading() as reading:
        sums = deadlines.sums(reading, who, asked)
        items, last = deadlines.page(reading, who, asked, after=page.after(who, bound), limit=page.limit)
    return said(
        {
            "now": to_text(asked.now),
            "until": to_text(asked.until),
            "tasks": _late(sums.tasks),
            "cases": _late(sums.cases),
            "byProcess": _by(sums.by_process),
            "byBranch": _by(sums.by_branch),
            "byPerson": _by(sums.by_person),
            "items": [_due(item) for item in items],
            "nextCursor": page.next_cursor(who, bound, last),
        }
    )


def _late(of: Late) -> dict[str, Any]:
    return {"overdue": of.overdue, "soon": of.soon}


def _by(sums: Mapping[str | None, Late]) -> list[dict[str, Any]]:
    return [{"key": key, **_late(of)} for key, of in sums.items()]


def _due(item: Due) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "instanceId": str(item.instance_id),
        "taskId": str(item.task_id) if item.task_id else None,
        "definitionKey": item.definition_key,
        "elementId": item.element_id,
        "name": item.name,
        "businessKey": item.business_key,
        "branch": item.branch,
        "assignee": item.assignee,
        "groups": list(item.groups),
        "dueAt": to_text(item.due_at),
        "variables": item.variables,
    }
