"""People's tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.clock import from_text
from kt_flows.security import Actor
from kt_flows.store import instances
from kt_flows.store.db import Reading, Row, Transaction, Write, as_json
from kt_flows.store.ids import new_id
from kt_flows.store.tables import FAR, bundle, comment, instance, past_task, task
from kt_flows.store.waits import STILL_OPEN

OVER = ("completed", "cancelled")
_FAR = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class TaskView:
    id: UUID
    instance_id: UUID
    wait: int
    definition_key: str
    process_key: str
    element_id: str
    name: str
    form_key: str | None
    groups: tuple[str, ...]
    assignee: str | None
    state: str
    priority: int
    business_key: str | None
    variables: Mapping[str, Any]
    draft: Mapping[str, Any] | None
    created_at: datetime
    due_at: datetime | None
    completed_at: datetime | None
    completed_by: str | None


@dataclass(frozen=True, slots=True)
class CommentView:
    id: UUID
    at: datetime
    actor: str
    text: str


EVERY = sa.union_all(
    sa.select(*(task.c[name] for name in TaskView.__dataclass_fields__)),
    sa.select(
        *(
            sa.null().label(name) if name == "draft" else past_task.c[name]  # nobody goes on with what is over
            for name in TaskView.__dataclass_fields__
        )
    ),
).subquery("every_task")
"""Tasks with those of cases that were put away; only what is over can be among these."""


def _columns(of: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(of.c[name] for name in TaskView.__dataclass_fields__)


_COLUMNS = _columns(task)


def _view(row: Row) -> TaskView:
    values = dict(row._mapping)
    values["groups"] = tuple(values["groups"])
    return TaskView(**values)


def visible_to(actor: Actor, of: sa.FromClause = task) -> sa.ColumnElement[bool]:
    """A task that the caller may see: of its groups or in its own hands; another's does not even exist."""
    if actor.sees_all_tasks:
        return sa.true()
    return sa.or_(of.c.groups.overlap(sorted(actor.groups)), of.c.assignee == actor.name)


def visible(reading: Reading, actor: Actor, id: UUID) -> TaskView | None:
    row = reading.first(sa.select(*_COLUMNS).where(task.c.id == id, visible_to(actor)))
    if row is None:
        row = reading.first(sa.select(*_columns(EVERY)).where(EVERY.c.id == id, visible_to(actor, EVERY)))
    return _view(row) if row else None


_HOLD = (
    sa.select(*instances.HELD, *_COLUMNS)
    .select_from(task.join(instance, instance.c.id == task.c.instance_id))
    .where(task.c.id == sa.bindparam("task_id"))
    # PostgreSQL locks in the order named here: the case first, as everywhere.
    .with_for_update(of=[instance, task])
)


def hold(tx: Transaction, id: UUID) -> tuple[instances.Held, TaskView] | None:
    """Locks a task's case, then the task, and answers both as they are then."""
    row = tx.first(_HOLD, {"task_id": id})
    if row is None:
        return None
    many = len(instances.HELD)
    task_values = dict(zip(TaskView.__dataclass_fields__, row[many:], strict=True))
    return instances.Held(*row[:many]), TaskView(**{**task_values, "groups": tuple(task_values["groups"])})


def of_wait(reading: Reading, instance_id: UUID, element_id: str) -> TaskView | None:
    """The case's newest task of an element that is not over."""
    query = sa.select(*_COLUMNS).where(task.c.instance_id == instance_id, task.c.element_id == element_id, STILL_OPEN)
    row = reading.first(query.order_by(task.c.wait.desc()).limit(1))
    return _view(row) if row else None


def definition_of(reading: Reading, view: TaskView) -> UUID:
    """The process in which the task's element and its form stand, in the version that the case is bound to."""
    case = instances.EVERY
    members = reading.value(
        sa.select(bundle.c.members).join(case, case.c.bundle_id == bundle.c.id).where(case.c.id == view.instance_id)
    )
    return UUID(members[view.process_key])


def page(
    reading: Reading,
    actor: Actor,
    *,
    group: str | None,
    assignee: str | None,
    state: str | None,
    definition_key: str | None,
    business_key: str | None,
    element_id: str | None,
    due_before: datetime | None,
    q: str | None,
    sort: Sequence[tuple[str, bool]],
    after: list[Any] | None,
    limit: int,
) -> tuple[list[TaskView], list[Any] | None]:
    """The tasks that the caller may see; without `state` those that are not over.  A task without a due date comes
    last."""
    of: sa.FromClause = EVERY if state in OVER else task
    query = sa.select(*_columns(of)).where(visible_to(actor, of))
    query = query.where(of.c.state == state if state else STILL_OPEN)
    if group is not None:
        query = query.where(of.c.groups.contains([group]))
    for column, value in (
        (of.c.assignee, assignee),
        (of.c.definition_key, definition_key),
        (of.c.business_key, business_key),
        (of.c.element_id, element_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if due_before is not None:
        query = query.where(of.c.due_at < due_before)
    if q:
        for word in q.split():
            escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            query = query.where(
                sa.or_(
                    of.c.name.ilike(f"%{escaped}%"),
                    of.c.business_key.ilike(f"%{escaped}%"),
                    sa.cast(of.c.variables, sa.Text).ilike(f"%{escaped}%"),
                )
            )
    order = [*((_sorted_by(of, name), down) for name, down in sort), (of.c.id, False)]
    if after is not None:
        query = query.where(_later(order, after))
    query = query.order_by(*(column.desc() if down else column for column, down in order))
    rows = [_view(row) for row in reading.all(query.limit(limit + 1))]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    values = [_value(last, name) for name, _ in sort]
    return rows[:limit], [*values, str(last.id)]


def _due(of: sa.FromClause) -> sa.ColumnElement[datetime]:
    """Written out as the index has it: the list is then read in its order, and only as far as the page goes."""
    return sa.func.coalesce(of.c.due_at, sa.literal_column(FAR, sa.TIMESTAMP(timezone=True)))


def _sorted_by(of: sa.FromClause, name: str) -> sa.ColumnElement[Any]:
    if name == "dueAt":
        return _due(of)
    column: sa.ColumnElement[Any] = of.c[{"priority": "priority", "createdAt": "created_at", "name": "name"}[name]]
    return column


def _value(view: TaskView, name: str) -> Any:
    if name == "dueAt":
        return (view.due_at or _FAR).isoformat()
    return {"priority": view.priority, "createdAt": view.created_at.isoformat(), "name": view.name}[name]


def _later(order: Sequence[tuple[sa.ColumnElement[Any], bool]], after: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows behind the last one of the page before, in the page's order."""
    either = []
    for at, (column, down) in enumerate(order):
        equal = [one == _typed(one, value) for (one, _), value in zip(order[:at], after[:at], strict=True)]
        beyond = column < _typed(column, after[at]) if down else column > _typed(column, after[at])
        either.append(sa.and_(*equal, beyond))
    return sa.or_(*either)


def _typed(column: sa.ColumnElement[Any], value: Any) -> Any:
    if isinstance(column.type, sa.TIMESTAMP | sa.DateTime):
        return sa.literal(from_text(str(value)), sa.TIMESTAMP(timezone=True))
    return UUID(str(value)) if isinstance(column.type, sa.UUID) else value


def most_urgent(tx: Transaction, actor: Actor, groups: Sequence[str] | None, but: Sequence[UUID] = ()) -> Row | None:
    """The id and case of the most urgent task that nobody has and the caller may do.

    By due date, then priority, then age; the caller locks its case and looks again, since another may take it.
    """
    asked = sorted(actor.groups if groups is None else actor.groups & set(groups))
    if actor.sees_all_tasks:
        asked_for = sa.true() if groups is None else task.c.groups.overlap(list(groups))
    else:
        asked_for = task.c.groups.overlap(asked)
    query = (
        sa.select(task.c.id, task.c.instance_id)
        .join(instance, instance.c.id == task.c.instance_id)
        .where(task.c.state == "open", asked_for, instance.c.status == "active", task.c.id.not_in(list(but)))
        .order_by(_due(task), task.c.priority.desc(), task.c.created_at, task.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=task)
    )
    return tx.first(query)


_ADD = Write(
    "task",
    """
    insert into task (id, instance_id, wait, definition_key, process_key, element_id, name, form_key, groups,
                      assignee, state, priority, business_key, variables, created_at, due_at)
    select id, instance_id, wait, definition_key, process_key, element_id, name, form_key, groups, assignee, state,
           priority, business_key, variables, created_at, due_at
    from jsonb_to_recordset(%(rows)s::jsonb)
      as given(id uuid, instance_id uuid, wait int, definition_key text, process_key text, element_id text, name text,
               form_key text, groups text[], assignee text, state text, priority int, business_key text,
               variables jsonb, created_at timestamptz, due_at timestamptz)
    """,
    adds=True,
)
_CLOSE = Write(
    "task",
    """
    update task set state = %(state)s, completed_at = %(now)s, completed_by = %(by)s, draft = null
    where instance_id = %(instance_id)s and wait = any(%(waits)s)
    """,
)


def add(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        tx.gather(_ADD, rows=as_json(list(rows)))


def keep(tx: Transaction, id: UUID, **values: Any) -> TaskView:
    """Changes a task and answers it as it is now."""
    row = tx.first(task.update().where(task.c.id == id).values(**values).returning(*_COLUMNS))
    assert row is not None
    return _view(row)


def close(tx: Transaction, instance_id: UUID, waits: Sequence[int], state: str, by: str, now: datetime) -> None:
    if waits:
        tx.gather(_CLOSE, instance_id=instance_id, waits=list(waits), state=state, by=by, now=now)


def comments(reading: Reading, task_id: UUID) -> list[CommentView]:
    query = sa.select(comment.c.id, comment.c.at, comment.c.actor, comment.c.text).where(comment.c.task_id == task_id)
    rows = reading.all(query.order_by(comment.c.id))
    if rows:
        return [CommentView(*row) for row in rows]
    put_away = reading.value(sa.select(past_task.c.comments).where(past_task.c.id == task_id)) or []
    return [CommentView(UUID(row["id"]), from_text(row["at"]), row["actor"], row["text"]) for row in put_away]


def add_comment(tx: Transaction, task_id: UUID, *, actor: str, text: str, now: datetime) -> CommentView:
    view = CommentView(new_id(), now, actor, text)
    tx.do(comment.insert().values(id=view.id, task_id=task_id, at=now, actor=actor, text=text))
    return view
