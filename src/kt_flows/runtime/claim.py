"""Takes a task into the caller's hands."""

from __future__ import annotations

from uuid import UUID

from kt_flows.runtime.context import Runtime
from kt_flows.runtime.work import held_task, not_anothers, tell
from kt_flows.security import Actor
from kt_flows.store import tasks
from kt_flows.store.db import retried
from kt_flows.store.tasks import TaskView


@retried
def claim(rt: Runtime, actor: Actor, task_id: UUID) -> TaskView:
    """The task, now the caller's; again is no harm.  Raises NotFound, Forbidden, Conflict (another has it)."""
    with rt.transaction("claim") as tx:
        held, task = held_task(tx, actor, task_id)
        not_anothers(actor, task)
        view = tasks.keep(tx, task.id, assignee=actor.name, state="claimed")
        if task.assignee is None:
            tell(tx, held, view, "claimed", actor, rt.clock.now())
        return view
