"""Gives a task to somebody."""

from __future__ import annotations

from uuid import UUID

from kt_flows.runtime.context import Runtime
from kt_flows.runtime.work import held_task, tell
from kt_flows.security import Actor
from kt_flows.store import tasks
from kt_flows.store.db import retried
from kt_flows.store.tasks import TaskView


@retried
def assign(rt: Runtime, actor: Actor, task_id: UUID, assignee: str) -> TaskView:
    """The task, in that person's hands, whoever had it.  Raises NotFound, Forbidden, Conflict (over)."""
    with rt.transaction("assign") as tx:
        held, task = held_task(tx, actor, task_id)
        view = tasks.keep(tx, task.id, assignee=assignee, state="claimed")
        tell(tx, held, view, "assigned", actor, rt.clock.now())
        return view
