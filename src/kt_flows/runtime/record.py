"""Step -> rows: the only bridge between engine words and tables.

A Step says what the case waits for; here the rows are made to agree: what is missing is inserted, what moved is
moved, what is gone is closed.  A message that came before its wait is found as the wait opens, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from kt_flows.engine.program import Program
from kt_flows.engine.step import MessageWait, SignalWait, Step, Values
from kt_flows.runtime.kept import with_kept_messages
from kt_flows.runtime.work import about
from kt_flows.security import Actor
from kt_flows.store import history, instances, jobs, messages, tasks, waits
from kt_flows.store.db import Transaction
from kt_flows.store.ids import new_id
from kt_flows.store.waits import OpenRow


@dataclass(frozen=True, slots=True)
class Recorded:
    """A case after a move: its last Step, when it ended, and the rows that are open."""

    step: Step
    ended_at: datetime | None
    open_rows: tuple[OpenRow, ...]

    def seen(self, held: instances.Held) -> instances.InstanceView:
        """The case as its caller sees it."""
        return instances.moved(held, variables=self.step.variables, ended_at=self.ended_at, open_rows=self.open_rows)


def record(
    tx: Transaction,
    program: Program,
    held: instances.Held,
    step: Step,
    *,
    actor: Actor,
    now: datetime,
    completed: int | None = None,
    settled: UUID | None = None,
    woken: bool = False,
    born: bool = False,
) -> Recorded:
    """Makes the rows of a held case agree with a Step, and writes what happened.

    `completed` is the wait of the task that the actor has just completed, `settled` the job that has just been done.
    `woken`: the case rested, so messages may be kept for waits that it had before; `born`: it has no rows yet.
    Answers the case as it is then, which is a later one where a kept message was waiting for it.
    """
    there = [] if born else waits.open_rows(tx, [held.id])
    listening = {row.wait for row in there if row.kind in ("message", "signal") and row.wait is not None}
    begun = step
    if held.status == "active":  # one that rests takes nothing
        step = with_kept_messages(tx, program, held, step, set() if woken else listening, now)
    gone = listening - {wait.wait for wait in step.messages} - {wait.wait for wait in step.signals}
    messages.drop_waits(tx, held.id, sorted(gone))
    fresh = [wait for wait in step.messages if wait.wait not in listening]
    heard = [wait for wait in step.signals if wait.wait not in listening]
    listens = [*(_wait_row(held, wait) for wait in fresh), *(_signal_row(held, wait) for wait in heard)]
    messages.add_waits(tx, listens)
    told, people = _tasks(tx, held, [row for row in there if row.kind == "task"], step, actor, now, completed)
    machines = _jobs(tx, held, [row for row in there if row.kind == "job"], step, now, settled)
    ended_at = now if step.status == "completed" else None
    if not born or ended_at or step is not begun:  # a new case's row says the rest already
        instances.move_on(tx, held.id, snapshot=step.state, variables=step.variables, ended_at=ended_at)
    started: list[Mapping[str, Any]] = [{"kind": "started", "definition_key": held.definition_key}] if born else []
    lines = [
        {
            "kind": line.kind,
            "element_id": line.element_id,
            "definition_key": line.process_key,
            "detail": dict(line.detail),
            "wait": line.wait,
        }
        for line in step.trace
    ]
    changed = _changed(held.variables, step.variables, born)
    history.add(tx, held.id, [*started, *lines, *changed], actor=actor.name, now=now)
    told.append({"kind": "instance", "what": step.status, "instance_id": held.id, "data": about(held)})
    history.tell(tx, told, now)
    hearing = [row for row in there if row.wait in listening - gone and row.kind in ("message", "signal")]
    hearing += [waits.of_message(row) for row in listens]
    return Recorded(step, ended_at, (*people, *machines, *hearing))


def _changed(before: Values, after: Values, born: bool) -> list[dict[str, Any]]:
    """The line that tells how the case's variables changed, from which they can be had again as they were.

    A new case's first one tells all of them, and says that with it the history is whole.
    """
    put = {name: value for name, value in after.items() if name not in before or not _same(before[name], value)}
    removed = [name for name in before if name not in after]
    if not (put or removed or born):
        return []
    detail: dict[str, Any] = {"set": put, "removed": removed}
    return [{"kind": "changed", "detail": detail | ({"whole": True} if born else {})}]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where true is not 1."""
    if one != other:
        return False
    if isinstance(one, str) or one is other:
        return True
    return orjson.dumps(one, option=_SORTED) == orjson.dumps(other, option=_SORTED)


_SORTED = orjson.OPT_SORT_KEYS


def _wait_row(held: instances.Held, wait: MessageWait) -> dict[str, Any]:
    return {
        "instance_id": held.id,
        "wait": wait.wait,
        "element_id": wait.element_id,
        "name": wait.name,
        "correlation": messages.canonical(wait.correlation),
        "business_key": held.business_key,
    }


def _signal_row(held: instances.Held, wait: SignalWait) -> dict[str, Any]:
    return {
        "instance_id": held.id,
        "wait": wait.wait,
        "element_id": wait.element_id,
        "name": messages.SIGNAL + wait.name,
        "correlation": messages.canonical({}),
        "business_key": None,
    }


def _tasks(
    tx: Transaction,
    held: instances.Held,
    rows_there: Sequence[OpenRow],
    step: Step,
    actor: Actor,
    now: datetime,
    completed: int | None,
) -> tuple[list[dict[str, Any]], list[OpenRow]]:
    """Agrees the task rows; answers what to tell the feed, and the rows that are open then."""
    there = {row.wait: row for row in rows_there if row.wait is not None}
    wanted = {one.wait: one for one in step.tasks}
    gone = [wait for wait in there if wait not in wanted]
    tasks.close(tx, held.id, [wait for wait in gone if wait == completed], "completed", actor.name, now)
    tasks.close(tx, held.id, [wait for wait in gone if wait != completed], "cancelled", actor.name, now)
    told: list[dict[str, Any]] = []
    for wait in gone:
        view = there[wait]
        what = "completed" if wait == completed else "cancelled"
        told.append(_task_event(what, held, view.id, view.groups or (), view.assignee, view.element_id))
    rows, open_ = [], [row for row in rows_there if row.wait in wanted]
    for wait in sorted(set(wanted) - set(there)):
        one = wanted[wait]
        id, state = new_id(), "claimed" if one.assignee else "open"
        rows.append(
            {
                "id": id,
                "instance_id": held.id,
                "wait": wait,
                "definition_key": held.definition_key,
                "process_key": one.process_key,
                "element_id": one.element_id,
                "name": one.name,
                "form_key": one.form_key,
                "groups": list(one.groups),
                "assignee": one.assignee,
                "state": state,
                "priority": one.priority,
                "business_key": held.business_key,
                "variables": dict(one.variables),
                "created_at": now,
                "due_at": one.due_at,
            }
        )
        told.append(_task_event("created", held, id, one.groups, one.assignee, one.element_id))
        open_.append(waits.of_task(rows[-1]))
    tasks.add(tx, rows)
    return told, open_


def _task_event(
    what: str,
    held: instances.Held,
    id: UUID,
    groups: Iterable[str],
    assignee: str | None,
    element_id: str | None,
) -> dict[str, Any]:
    return {
        "kind": "task",
        "what": what,
        "instance_id": held.id,
        "task_id": id,
        "groups": list(groups),
        "assignee": assignee,
        "data": {**about(held), "elementId": element_id},
    }


def _jobs(
    tx: Transaction,
    held: instances.Held,
    rows_there: Sequence[OpenRow],
    step: Step,
    now: datetime,
    settled: UUID | None,
) -> list[OpenRow]:
    """Agrees timers, outside calls and incidents; answers the rows that are open then."""
    there = {(jobs.class_of(row.topic or ""), row.wait): row for row in rows_there}
    wanted: dict[tuple[str, int], dict[str, Any]] = {}
    for timer in step.timers:
        wanted["timer", timer.wait] = {
            "key": f"{held.id}:{timer.wait}:{jobs.TIMER}",
            "kind": jobs.TIMER,
            "element_id": timer.element_id,
            "payload": {},
            "run_at": timer.due_at,
        }
    for asked in step.jobs:
        wanted["job", asked.wait] = {
            "key": f"{held.id}:{asked.wait}",
            "kind": asked.kind,
            "element_id": asked.element_id,
            "payload": dict(asked.payload),
            "retry": asked.retry,
            "run_at": now,
        }
    for incident in step.incidents:
        wanted["incident", incident.wait] = {
            "key": f"{held.id}:{incident.wait}:{new_id()}",
            "kind": jobs.INCIDENT,
            "element_id": incident.element_id,
            "payload": {"code": incident.code},
            "state": "stuck",
            "last_error": incident.message,
            "run_at": now,
        }
    gone = [view for slot, view in there.items() if slot not in wanted]
    jobs.close(tx, [view.id for view in gone if view.id == settled or _passed(view, now)], "done")
    jobs.close(tx, [view.id for view in gone if view.id != settled and not _passed(view, now)], "cancelled")
    open_: list[OpenRow] = []
    fresh: list[dict[str, Any]] = []
    for slot, row in wanted.items():
        view = there.get(slot)
        if view is None:
            row = {
                "id": new_id(),
                "state": "available",
                "last_error": None,
                **row,
                "instance_id": held.id,
                "wait": slot[1],
            }
            fresh.append(row)
            view = waits.of_job(row)
        elif slot[0] == "timer" and view.at != row["run_at"]:
            jobs.keep(tx, view.id, run_at=row["run_at"], state="available")
            view = replace(view, at=row["run_at"], state="available")
        open_.append(view)
    jobs.add(tx, fresh, now)
    return open_


def _passed(row: OpenRow, now: datetime) -> bool:
    """A timer that is gone because its time has come."""
    return row.topic == jobs.TIMER and row.at is not None and row.at <= now
