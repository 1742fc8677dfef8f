"""Keeps a half-filled form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kt_flows.runtime.context import Runtime
from kt_flows.runtime.work import held_task, not_anothers
from kt_flows.security import Actor
from kt_flows.store import tasks
from kt_flows.store.db import retried
from kt_flows.store.tasks import TaskView


@retried
def save(rt: Runtime, actor: Actor, task_id: UUID, values: Mapping[str, Any]) -> TaskView:
    """The task with its draft; nothing is checked yet.  Raises NotFound, Forbidden, Conflict."""
    with rt.transaction("draft") as tx:
        _, task = held_task(tx, actor, task_id)
        not_anothers(actor, task)
        return tasks.keep(tx, task.id, draft=dict(values))
