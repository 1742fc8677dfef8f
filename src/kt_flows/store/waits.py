"""What cases wait for now, all kinds in one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as UUID_

from kt_flows.store.db import Reading
from kt_flows.store.messages import SIGNAL
from kt_flows.store.tables import LIVE_JOBS, OPEN_TASKS, job, message_wait, task

# Written out as the indexes have it, so that their few rows are all that is looked at.
STILL_OPEN = task.c.state.in_([sa.literal_column(f"'{state}'") for state in OPEN_TASKS])
LIVE = job.c.state.in_([sa.literal_column(f"'{state}'") for state in LIVE_JOBS])


@dataclass(frozen=True, slots=True)
class WaitView:
    """One thing that a case waits for; only what its kind has is set."""

    kind: str
    element_id: str | None
    task_id: UUID | None = None
    due_at: datetime | None = None
    name: str | None = None
    correlation: Mapping[str, Any] | None = None
    job_id: UUID | None = None
    topic: str | None = None
    state: str | None = None
    groups: tuple[str, ...] | None = None
    assignee: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A row of `task`, `job` or `message_wait` that is not over.

    `at` is a task's due date or a job's time; a message has its case's id.
    """

    kind: str
    instance_id: UUID
    wait: int | None
    id: UUID
    element_id: str | None
    name: str | None = None
    state: str | None = None
    groups: Sequence[str] | None = None
    assignee: str | None = None
    at: datetime | None = None
    topic: str | None = None
    correlation: str | None = None
    error: str | None = None


def of_task(row: Mapping[str, Any]) -> OpenRow:
    """The open row of a task that is about to be added, as are the next two."""
    same = ("instance_id", "wait", "id", "element_id", "name", "state", "groups", "assignee")
    return OpenRow("task", at=row["due_at"], **{name: row[name] for name in same})


def of_job(row: Mapping[str, Any]) -> OpenRow:
    same = {name: row[name] for name in ("instance_id", "wait", "id", "element_id", "state")}
    return OpenRow("job", at=row["run_at"], topic=row["kind"], error=row["last_error"], **same)


def of_message(row: Mapping[str, Any]) -> OpenRow:
    same = {name: row[name] for name in ("instance_id", "wait", "element_id", "name", "correlation")}
    return _heard(OpenRow("message", id=row["instance_id"], **same))


def open_rows(reading: Reading, ids: Sequence[UUID]) -> list[OpenRow]:
    """All that these cases wait for."""
    if not ids:
        return []
    return [_heard(OpenRow(*row)) for row in reading.all(_OPEN, {"ids": list(ids)})]


def of_cases(reading: Reading, ids: Sequence[UUID]) -> dict[UUID, tuple[WaitView, ...]]:
    """What these cases wait for, by case: tasks, then timers and jobs by time, then messages."""
    found: dict[UUID, list[OpenRow]] = {id: [] for id in ids}
    for row in open_rows(reading, ids):
        found[row.instance_id].append(row)
    return {id: seen(found[id]) for id in ids}


def by_number(reading: Reading, id: UUID) -> dict[int, WaitView]:
    """What one case waits for, by the number of the token that waits."""
    return {row.wait: _view(row) for row in open_rows(reading, [id]) if row.wait is not None}


def seen(rows: Sequence[OpenRow]) -> tuple[WaitView, ...]:
    """One case's open rows as its caller sees them: tasks, then timers and jobs by time, then messages."""
    return tuple(_view(row) for row in sorted(rows, key=_order))


_RANK = {"task": 0, "job": 1, "message": 2, "signal": 3}


def _heard(row: OpenRow) -> OpenRow:
    """Signals lie among the messages, under a name of their own."""
    signal = row.kind == "message" and str(row.name).startswith(SIGNAL)
    return replace(row, kind="signal") if signal else row


def _order(row: OpenRow) -> tuple[Any, ...]:
    if row.kind == "job":
        return _RANK["job"], row.at, row.id
    return _RANK[row.kind], row.wait


def _view(row: OpenRow) -> WaitView:
    if row.kind == "task":
        return WaitView(
            "task",
            row.element_id,
            task_id=row.id,
            due_at=row.at,
            name=row.name,
            state=row.state,
            groups=tuple(row.groups or ()),
            assignee=row.assignee,
        )
    if row.kind == "signal":
        return WaitView("signal", row.element_id, name=str(row.name).removeprefix(SIGNAL))
    if row.kind == "message":
        return WaitView("message", row.element_id, name=row.name, correlation=orjson.loads(row.correlation or "{}"))
    if row.topic == "timer":
        return WaitView("timer", row.element_id, due_at=row.at, job_id=row.id)
    return WaitView(
        "job", row.element_id, job_id=row.id, topic=row.topic, state=row.state, due_at=row.at, error=row.error
    )


_IDS = sa.bindparam("ids", type_=ARRAY(UUID_(as_uuid=True)))
_TYPES: Mapping[str, Any] = {
    "id": UUID_(as_uuid=True),
    "name": sa.Text,
    "state": sa.Text,
    "groups": ARRAY(sa.Text),
    "assignee": sa.Text,
    "at": sa.TIMESTAMP(timezone=True),
    "topic": sa.Text,
    "correlation": sa.Text,
    "error": sa.Text,
}


def _part(kind: str, table: sa.Table, open_: sa.ColumnElement[bool], **has: sa.ColumnElement[Any]) -> sa.Select[Any]:
    columns = [has.get(name, sa.cast(sa.null(), type)).label(name) for name, type in _TYPES.items()]
    columns.insert(1, table.c.element_id.label("element_id"))
    first: tuple[sa.ColumnElement[Any], ...] = (
        sa.literal_column(f"'{kind}'").label("kind"),
        table.c.instance_id,
        table.c.wait,
    )
    return sa.select(*first, *columns).where(table.c.instance_id == sa.any_(_IDS), open_)


_OPEN = sa.union_all(
    _part(
        "task",
        task,
        STILL_OPEN,
        id=task.c.id,
        name=task.c.name,
        state=task.c.state,
        groups=task.c.groups,
        assignee=task.c.assignee,
        at=task.c.due_at,
    ),
    _part(
        "job",
        job,
        LIVE,
        id=job.c.id,
        state=job.c.state,
        at=job.c.run_at,
        topic=job.c.kind,
        error=job.c.last_error,
    ),
    _part(
        "message",
        message_wait,
        sa.true(),
        id=message_wait.c.instance_id,
        name=message_wait.c.name,
        correlation=message_wait.c.correlation,
    ),
)
