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
from kt_flows.store.words import words


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


def columns(of: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(of.c[name] for name in TaskView.__dataclass_fields__)


_COLUMNS = columns(task)


def view_of(row: Row) -> TaskView:
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
        row = reading.first(sa.select(*columns(EVERY)).where(EVERY.c.id == id, visible_to(actor, EVERY)))
    return view_of(row) if row else None


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
    return view_of(row) if row else None


def definition_of(reading: Reading, view: TaskView) -> UUID:
    """The process in which the task's element and its form stand, in the version that the case is bound to."""
    case = instances.EVERY
    members = reading.value(
        sa.select(bundle.c.members).join(case, case.c.bundle_id == bundle.c.id).where(case.c.id == view.instance_id)
    )
    return UUID(members[view.process_key])


def due_of(of: sa.FromClause) -> sa.ColumnElement[datetime]:
    """Written out as the index has it: the list is then read in its order, and only as far as the page goes."""
    return sa.func.coalesce(of.c.due_at, sa.literal_column(FAR, sa.TIMESTAMP(timezone=True)))


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
        .order_by(due_of(task), task.c.priority.desc(), task.c.created_at, task.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=task)
    )
    return tx.first(query)


_ADD = Write(
    "task",
    """
    insert into task (id, instance_id, wait, definition_key, process_key, element_id, name, form_key, groups,
                      assignee, state, priority, business_key, variables, created_at, due_at, branch, words)
    select id, instance_id, wait, definition_key, process_key, element_id, name, form_key, groups, assignee, state,
           priority, business_key, variables, created_at, due_at, left(variables ->> 'branch', 64),
           array_to_tsvector(words)
    from jsonb_to_recordset(%(rows)s::jsonb)
      as given(id uuid, instance_id uuid, wait int, definition_key text, process_key text, element_id text, name text,
               form_key text, groups text[], assignee text, state text, priority int, business_key text,
               variables jsonb, created_at timestamptz, due_at timestamptz, words text[])
    """,
    adds=True,
)
_CLOSE = Write(
    "task",
    """
    update task set state = %(state)s, completed_at = %(now)s, completed_by = %(by)s, draft = null,
                    words = null
    where instance_id = %(instance_id)s and wait = any(%(waits)s)
    """,
)


def add(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        found_by = [words(row["name"], row["business_key"], row["variables"]) for row in rows]
        given = [{**row, "words": one} for row, one in zip(rows, found_by, strict=True)]
        tx.gather(_ADD, rows=as_json(given))


def keep(tx: Transaction, id: UUID, **values: Any) -> TaskView:
    """Changes a task and answers it as it is now."""
    row = tx.first(task.update().where(task.c.id == id).values(**values).returning(*_COLUMNS))
    assert row is not None
    return view_of(row)


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
