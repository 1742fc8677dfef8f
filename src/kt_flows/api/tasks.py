"""The operators' side: what is to do, take it, do it."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.paging import PageAsked
from kt_flows.api.problems import BadQuery
from kt_flows.api.values import Id, Moment, moment, parse_id
from kt_flows.errors import FieldError, NotFound
from kt_flows.runtime import assign, claim, comment, complete, draft, next_task, release
from kt_flows.store import tasks

router = APIRouter(route_class=Door, tags=["tasks"])

SORTS = ("dueAt", "priority", "createdAt", "name")


def sort_order(text: str) -> list[tuple[str, bool]]:
    """`dueAt,-priority` to [("dueAt", False), ("priority", True)]; True means from large to small."""
    order = []
    for part in text.split(","):
        name = part.removeprefix("-")
        if name not in SORTS or name in (known for known, _ in order):
            raise BadQuery(
                [FieldError("sort", f"Sort by {', '.join(SORTS)}, each once, `-` for descending.", "enum")]
            )
        order.append((name, part.startswith("-")))
    return order


@router.get(
    "/v1/tasks",
    response_model=models.Listed[models.Task],
    summary="List the tasks that the caller may see",
    **asks("tasks.read"),
)
def list_tasks(
    rt: Rt,
    who: Who,
    page: PageAsked,
    group: Annotated[str | None, Query(max_length=200)] = None,
    assignee: Annotated[str | None, Query(max_length=200)] = None,
    state: models.TaskState | None = None,
    definitionKey: Annotated[str | None, Query(max_length=100)] = None,  # noqa: N803 - the query's own name
    businessKey: Annotated[str | None, Query(max_length=200)] = None,  # noqa: N803
    elementId: Annotated[str | None, Query(max_length=255)] = None,  # noqa: N803
    dueBefore: Moment | None = None,  # noqa: N803
    q: Annotated[str | None, Query(max_length=200, description="Words in the name or the business key.")] = None,
    sort: Annotated[str, Query(max_length=100, description="dueAt, priority, createdAt, name; `-` descending")] = (
        "dueAt,-priority,createdAt"
    ),
) -> Response:
    """Without `state`: what is open or claimed."""
    order = sort_order(sort)
    filters: dict[str, Any] = {
        "group": group,
        "assignee": assignee,
        "state": state,
        "definition_key": definitionKey,
        "business_key": businessKey,
        "element_id": elementId,
        "due_before": moment(dueBefore),
        "q": q,
    }
    bound = {**filters, "sort": sort}
    with rt.reading() as reading:
        rows, last = tasks.page(reading, who, **filters, sort=order, after=page.after(who, bound), limit=page.limit)
    cursor = page.next_cursor(who, bound, last)
    return said({"items": [shapes.task_json(row) for row in rows], "nextCursor": cursor})
