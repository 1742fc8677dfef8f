"""Puts a task back for its groups."""

from __future__ import annotations

from uuid import UUID

from kt_flows.runtime.context import Runtime
from kt_flows.runtime.work import held_task, not_anothers, tell
from kt_flows.security import Actor
from kt_flows.store import tasks
from kt_flows.store.db import retried
from kt_flows.store.tasks import TaskView


@retried
def release(rt: Runtime, actor: Actor, task_id: UUID) -> TaskView:
    """The task, nobody's now.  Raises NotFound, Forbidden, Conflict (another has it; only who may assign may)."""
    with rt.transaction("release") as tx:
        held, task = held_task(tx, actor, task_id)
        if not actor.may("tasks.assign"):
            not_anothers(actor, task)
        view = tasks.keep(tx, task.id, assignee=None, state="open")
        tell(tx, held, view, "released", actor, rt.clock.now())
        return view
