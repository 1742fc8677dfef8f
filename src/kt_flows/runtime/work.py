"""What people's verbs have in common: find a task, hold its case, see whether they may, write what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kt_flows.errors import Conflict, Forbidden, NotFound
from kt_flows.security import Actor
from kt_flows.store import history, instances, tasks
from kt_flows.store.db import Transaction
from kt_flows.store.tables import OPEN_TASKS
from kt_flows.store.tasks import TaskView


def held_task(tx: Transaction, actor: Actor, id: UUID) -> tuple[instances.Held, TaskView]:
    """The case, held, and its task as it is now.

    Raises NotFound where even its existence is not the caller's to know (a group of one branch), Forbidden where
    the task is another group's, Conflict where it is over or its case rests.
    """
    found = tasks.hold(tx, id)
    if found is None:
        put_away = tasks.visible(tx, actor, id)
        if put_away is None:
            raise NotFound
        raise _over(put_away)
    held, view = found
    mine = actor.sees_all_tasks or bool(actor.groups & set(view.groups)) or view.assignee == actor.name
    if not mine:
        if any(":" in group for group in view.groups):
            raise NotFound
        raise Forbidden("This task is for another group.")
    if view.state not in OPEN_TASKS:
        raise _over(view)
    if held.status != "active":
        raise Conflict(f"The case is {held.status}.", code="instance_not_active")
    return held, view


def _over(view: TaskView) -> Conflict:
    return Conflict(f"The task is {view.state} already, by {view.completed_by}.", code="task_over")


def not_anothers(actor: Actor, view: TaskView) -> None:
    """Raises Conflict naming who has the task."""
    if view.assignee is not None and view.assignee != actor.name:
        raise Conflict(f"The task is in the hands of {view.assignee}.", code="task_claimed")


def tell(tx: Transaction, held: instances.Held, view: TaskView, what: str, actor: Actor, now: datetime) -> None:
    """Writes a change of a task into the history and the feed."""
    line = {
        "kind": what,
        "element_id": view.element_id,
        "definition_key": view.process_key,
        "detail": {"assignee": view.assignee},
        "wait": view.wait,
    }
    history.add(tx, held.id, [line], actor=actor.name, now=now)
    event = {
        "kind": "task",
        "what": what,
        "instance_id": held.id,
        "task_id": view.id,
        "groups": list(view.groups),
        "assignee": view.assignee,
        "data": {**about(held), "elementId": view.element_id},
    }
    history.tell(tx, [event], now)


def say(
    tx: Transaction,
    held: instances.Held,
    what: str,
    actor: Actor,
    now: datetime,
    *,
    wait: int | None = None,
    **detail: Any,
) -> None:
    """Writes what was done to a case from outside its diagram into the history and the feed."""
    history.add(tx, held.id, [{"kind": what, "detail": detail, "wait": wait}], actor=actor.name, now=now)
    history.tell(tx, [{"kind": "instance", "what": what, "instance_id": held.id, "data": about(held)}], now)


def about(held: instances.Held) -> dict[str, Any]:
    """What each change of a case tells of it in the feed."""
    return {"definitionKey": held.definition_key, "businessKey": held.business_key}
