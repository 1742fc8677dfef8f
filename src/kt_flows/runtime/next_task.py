"""Gives the caller the most urgent task."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kt_flows.runtime.context import Runtime
from kt_flows.runtime.work import tell
from kt_flows.security import Actor
from kt_flows.store import instances, tasks
from kt_flows.store.db import retried
from kt_flows.store.tasks import TaskView

TRIES = 20


@retried
def next_task(rt: Runtime, actor: Actor, groups: Sequence[str] | None = None) -> TaskView | None:
    """The most urgent task that nobody has and the caller may do, claimed; None where there is none.

    The task is found first and its case held after, against the order of locks, so the case is only tried for: one
    that moves right now is left alone and the search goes on behind it.
    """
    moving: list[UUID] = []
    for _ in range(TRIES):
        with rt.transaction("next") as tx:
            found = tasks.most_urgent(tx, actor, groups, moving)
            if found is None:
                return None
            held = instances.hold(tx, found.instance_id, skip_locked=True)
            if held is None or held.status != "active":
                moving.append(found.id)
                continue
            view = tasks.keep(tx, found.id, assignee=actor.name, state="claimed")
            tell(tx, held, view, "claimed", actor, rt.clock.now())
            return view
    return None
