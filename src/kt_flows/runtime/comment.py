"""Says something about a task."""

from __future__ import annotations

from uuid import UUID

from kt_flows.runtime.context import Runtime
from kt_flows.runtime.work import held_task, tell
from kt_flows.security import Actor
from kt_flows.store import tasks
from kt_flows.store.db import retried
from kt_flows.store.tasks import CommentView


@retried
def add(rt: Runtime, actor: Actor, task_id: UUID, text: str) -> CommentView:
    """The comment.  Raises NotFound, Forbidden, Conflict (the task is over)."""
    now = rt.clock.now()
    with rt.transaction("comment") as tx:
        held, task = held_task(tx, actor, task_id)
        view = tasks.add_comment(tx, task.id, actor=actor.name, text=text, now=now)
        tell(tx, held, task, "commented", actor, now)
        return view
