"""The operators' side: what is to do, take it, do it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.paging import PageAsked
from kt_flows.api.problems import BadQuery
from kt_flows.api.supervision_models import TaskCounts
from kt_flows.api.values import Id, Moment, moment, parse_id, variable_filters
from kt_flows.engine.translation import form_in
from kt_flows.errors import FieldError, NotFound
from kt_flows.runtime import assign, claim, comment, complete, draft, next_task, release
from kt_flows.security import Actor
from kt_flows.store import inbox, tasks
from kt_flows.store.db import Reading
from kt_flows.store.tasks import TaskView

router = APIRouter(route_class=Door, tags=["tasks"])

SORTS = ("dueAt", "priority", "createdAt", "name")


def sort_order(text: str) -> list[tuple[str, bool]]:
    """`dueAt,-priority` to [("dueAt", False), ("priority", True)]; True means from large to small."""
    order: list[tuple[str, bool]] = []
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
    **asks("tasks.read", prefixes=("variable.",)),
)
def list_tasks(
    request: Request,
    rt: Rt,
    who: Who,
    page: PageAsked,
    group: Annotated[str | None, Query(max_length=200)] = None,
    assignee: Annotated[str | None, Query(max_length=200)] = None,
    unassigned: Annotated[bool, Query(description="Only what is in nobody's hands.")] = False,
    state: models.TaskState | None = None,
    definitionKey: Annotated[str | None, Query(max_length=100)] = None,
    businessKey: Annotated[str | None, Query(max_length=200)] = None,
    elementId: Annotated[str | None, Query(max_length=255)] = None,
    dueBefore: Moment | None = None,
    dueAfter: Moment | None = None,
    q: Annotated[
        str | None,
        Query(max_length=200, description="How words begin in the name, the business key, short texts of variables."),
    ] = None,
    sort: Annotated[str, Query(max_length=100, description="dueAt, priority, createdAt, name; `-` descending")] = (
        "dueAt,-priority,createdAt"
    ),
) -> Response:
    """Without `state`: what is open or claimed.  `variable.NAME=VALUE` finds tasks by what their variables were."""
    order = sort_order(sort)
    asked = inbox.Asked(
        group=group,
        assignee=assignee,
        unassigned=unassigned,
        state=state,
        definition_key=definitionKey,
        business_key=businessKey,
        element_id=elementId,
        due_before=moment(dueBefore),
        due_after=moment(dueAfter),
        q=q,
        variables=variable_filters(request),
    )
    bound = {"asked": asked, "sort": sort}
    with rt.glance() as reading:
        rows, last = inbox.page(reading, who, asked, sort=order, after=page.after(who, bound), limit=page.limit)
    cursor = page.next_cursor(who, bound, last)
    return said({"items": [shapes.task_json(row) for row in rows], "nextCursor": cursor})


@router.get(
    "/v1/tasks/counts",
    response_model=TaskCounts,
    summary="How many open tasks there are",
    **asks("tasks.read"),
)
def count_tasks(rt: Rt, who: Who) -> Response:
    """Of those that the caller may see, as the list has them with `assignee`, `unassigned`, `dueBefore`, `group`."""
    with rt.glance() as reading:
        found = inbox.counts(reading, who, rt.clock.now())
    groups = [{"group": name, "open": one.open, "overdue": one.overdue} for name, one in found.groups.items()]
    told = {"mine": found.mine, "unassigned": found.unassigned, "overdue": found.overdue, "groups": groups}
    return said(told)


@router.get("/v1/tasks/{id}", response_model=models.Task, summary="One task", **asks("tasks.read", 404))
def read_task(rt: Rt, who: Who, id: Id) -> Response:
    with rt.reading() as reading:
        return said(shapes.task_json(_visible(reading, who, id)))


@router.get(
    "/v1/tasks/{id}/form",
    response_model=dict[str, Any],
    summary="The task's form, as form-js has it",
    **asks("tasks.read", 404),
)
def read_task_form(rt: Rt, who: Who, id: Id, lang: models.Language | None = None) -> Response:
    """The very file that the server checks a completion by; 404 when the task has none.

    With `lang` its texts are in that language, where there are any; keys, values and conditions are the same.
    """
    with rt.reading() as reading:
        view = _visible(reading, who, id)
        if view.form_key is None:
            raise NotFound("This task has no form.")
        definition = rt.programs.definition(reading, tasks.definition_of(reading, view))
    form = form_in(definition.forms[view.form_key].schema, lang, definition.translations)
    return Response(form, media_type="application/json")


@router.post(
    "/v1/tasks/next",
    response_model=models.Task,
    summary="Claim the most urgent task",
    **asks("tasks.work", 204, 413, 415, 422),
)
def claim_next_task(rt: Rt, who: Who, body: models.NextAsked | None = None) -> Response:
    """By due date, then priority, then age; 204 when there is none."""
    view = next_task.next_task(rt, who, body.groups if body else None)
    return Response(status_code=204) if view is None else said(shapes.task_json(view))


@router.post(
    "/v1/tasks/{id}/claim",
    response_model=models.Task,
    summary="Take a task",
    **asks("tasks.work", 404, 409, 413, 415, 422),
)
def claim_task(rt: Rt, who: Who, id: Id, body: models.Nothing | None = None) -> Response:
    return said(shapes.task_json(claim.claim(rt, who, parse_id(id))))


@router.post(
    "/v1/tasks/{id}/release",
    response_model=models.Task,
    summary="Put a task back",
    **asks("tasks.work", 404, 409, 413, 415, 422),
)
def release_task(rt: Rt, who: Who, id: Id, body: models.Nothing | None = None) -> Response:
    return said(shapes.task_json(release.release(rt, who, parse_id(id))))


@router.post(
    "/v1/tasks/{id}/assign",
    response_model=models.Task,
    summary="Give a task to somebody",
    **asks("tasks.assign", 404, 409, 413, 415, 422),
)
def assign_task(rt: Rt, who: Who, id: Id, body: models.AssignAsked) -> Response:
    return said(shapes.task_json(assign.assign(rt, who, parse_id(id), body.assignee)))


@router.post(
    "/v1/tasks/{id}/complete",
    response_model=models.Instance,
    summary="Complete a task",
    **asks("tasks.work", 404, 409, 413, 415, 422),
)
def complete_task(rt: Rt, who: Who, id: Id, body: models.Completion) -> Response:
    """Claims it on the way when nobody has.  Answers the case with what it waits for now."""
    return said(shapes.instance_json(complete.complete(rt, who, parse_id(id), body.values)))


@router.put(
    "/v1/tasks/{id}/draft",
    response_model=models.Task,
    summary="Keep a half-filled form",
    **asks("tasks.work", 404, 409, 413, 415, 422),
)
def save_draft(rt: Rt, who: Who, id: Id, body: models.DraftGiven) -> Response:
    return said(shapes.task_json(draft.save(rt, who, parse_id(id), body.values)))


@router.post(
    "/v1/tasks/{id}/comments",
    status_code=201,
    response_model=models.Comment,
    summary="Say something about a task",
    **asks("tasks.work", 409, 404, 413, 415, 422),
)
def add_comment(rt: Rt, who: Who, id: Id, body: models.CommentGiven) -> Response:
    return said(shapes.comment_json(comment.add(rt, who, parse_id(id), body.text)), 201)


@router.get(
    "/v1/tasks/{id}/comments",
    response_model=models.Listed[models.Comment],
    summary="What was said about a task, oldest first",
    **asks("tasks.read", 404),
)
def list_comments(rt: Rt, who: Who, id: Id) -> Response:
    with rt.reading() as reading:
        rows = tasks.comments(reading, _visible(reading, who, id).id)
    return said({"items": [shapes.comment_json(row) for row in rows], "nextCursor": None})


def _visible(reading: Reading, who: Actor, id: str) -> TaskView:
    view = tasks.visible(reading, who, parse_id(id))
    if view is None:
        raise NotFound
    return view
