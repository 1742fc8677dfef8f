"""The list of tasks that people work off, and how many of them there are: the same filters for both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from kt_flows.clock import from_text
from kt_flows.security import Actor
from kt_flows.store.db import Reading
from kt_flows.store.tables import OVER_TASKS, task
from kt_flows.store.tasks import EVERY, TaskView, columns, due_of, view_of, visible_to
from kt_flows.store.waits import STILL_OPEN
from kt_flows.store.words import query as words_asked

Sort = Sequence[tuple[str, bool]]
"""Columns by their name in the API, the first decides; True: from large to small."""
NEAR = 1_000
"""So many of the most urgent are looked at first for words: what many tasks have is among them, and PostgreSQL cannot
tell beforehand whether many have it."""
_FAR = datetime.fromisoformat("9999-12-31T00:00:00+00:00")
_SORTED = {"priority": "priority", "createdAt": "created_at", "name": "name"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which tasks are wanted; what is None does not matter.  Without a `state`, those that are not over."""

    group: str | None = None
    assignee: str | None = None
    unassigned: bool = False
    state: str | None = None
    definition_key: str | None = None
    business_key: str | None = None
    element_id: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    """At this time or later."""
    q: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """Name to the text of the value, whichever JSON type it has."""


@dataclass(frozen=True, slots=True)
class Open:
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open tasks there are: what the list would show for each."""

    mine: int
    unassigned: int
    overdue: int
    groups: Mapping[str, Open]


def page(
    reading: Reading, actor: Actor, asked: Asked, *, sort: Sort, after: list[Any] | None, limit: int
) -> tuple[list[TaskView], list[Any] | None]:
    """The tasks that the caller may see.  A task without a due date comes last."""
    of: sa.FromClause = EVERY if asked.state in OVER_TASKS else task
    where = [visible_to(actor, of), *_filters(asked, of)]
    if after is not None:
        where.append(_later(_order(of, sort), after))
    rows: list[TaskView] = []
    if asked.q and asked.q.strip():
        if of is task and sort[0] == ("dueAt", False):
            near = sa.select(*columns(task), task.c.words).where(*where).order_by(*_sorted(task, sort)).limit(NEAR)
            those = near.subquery("near")
            rows = _rows(reading, those, [_has_words(asked.q, those.c.words)], sort, limit)
        where += [_has_words(asked.q, task.c.words)] if of is task else _mentions(asked.q, of)
    if len(rows) <= limit:
        rows = _rows(reading, of, where, sort, limit)
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], [*(_value(last, name) for name, _ in sort), str(last.id)]


def _rows(
    reading: Reading, of: sa.FromClause, where: Sequence[sa.ColumnElement[bool]], sort: Sort, limit: int
) -> list[TaskView]:
    query = sa.select(*columns(of)).where(*where).order_by(*_sorted(of, sort)).limit(limit + 1)
    return [view_of(row) for row in reading.all(query)]


def counts(reading: Reading, actor: Actor, now: datetime) -> Counts:
    """Open tasks that the caller may see: in their own hands, in nobody's, late, and by group.

    One walk along the index of due dates, which has all that is asked; tasks of the same groups are added up there.
    """
    late = task.c.due_at < now
    query = (
        sa.select(
            task.c.groups,
            sa.func.count(),
            sa.func.count().filter(late),
            sa.func.count().filter(task.c.assignee == actor.name),
            sa.func.count().filter(task.c.assignee.is_(None)),
        )
        .where(visible_to(actor), STILL_OPEN)
        .group_by(task.c.groups)
    )
    sums: Counter[str] = Counter()
    by_group: dict[str, Open] = {}
    for groups, many, overdue, mine, nobodys in reading.all(query):
        sums.update(overdue=overdue, mine=mine, nobodys=nobodys)
        for group in set(groups):
            known = by_group.get(group, Open(0, 0))
            by_group[group] = Open(known.open + many, known.overdue + overdue)
    return Counts(sums["mine"], sums["nobodys"], sums["overdue"], dict(sorted(by_group.items())))


def _filters(asked: Asked, of: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [of.c.state == asked.state if asked.state else STILL_OPEN]
    if asked.group is not None:
        found.append(of.c.groups.contains([asked.group]))
    if asked.unassigned:
        found.append(of.c.assignee.is_(None))
    for name in ("assignee", "definition_key", "business_key", "element_id"):
        value = getattr(asked, name)
        if value is not None:
            found.append(of.c[name] == value)
    if asked.due_before is not None:
        found.append(of.c.due_at < asked.due_before)
    if asked.due_after is not None:
        found.append(of.c.due_at >= asked.due_after)
    found += [of.c.variables[name].astext == value for name, value in asked.variables.items()]
    return found


def _has_words(q: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    words = words_asked(q)
    return sa.false() if words is None else column.bool_op("@@")(sa.cast(words, TSQUERY))


def _mentions(q: str, of: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """What is over has no words any more: it is read."""
    texts = (of.c.name, of.c.business_key, sa.cast(of.c.variables, sa.Text))
    return [sa.or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in q.split()]


def _order(of: sa.FromClause, sort: Sort) -> list[tuple[sa.ColumnElement[Any], bool]]:
    return [*((_sorted_by(of, name), down) for name, down in sort), (of.c.id, False)]


def _sorted(of: sa.FromClause, sort: Sort) -> list[sa.ColumnElement[Any]]:
    return [column.desc() if down else column for column, down in _order(of, sort)]


def _sorted_by(of: sa.FromClause, name: str) -> sa.ColumnElement[Any]:
    if name == "dueAt":
        return due_of(of)
    column: sa.ColumnElement[Any] = of.c[_SORTED[name]]
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
