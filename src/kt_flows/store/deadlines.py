"""What breaks, and when: open tasks by their due date, running cases by the variable `due_at`.

Both are read along an index of what is not over, as far as the time that is asked about; what is counted is what the
list shows.  A case that says itself that it is `breached` has nothing left to break.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.clock import from_text, to_text
from kt_flows.security import Actor
from kt_flows.store import instances, tasks
from kt_flows.store.db import Reading, Row
from kt_flows.store.tables import CASE_DUE, CASE_HAS_DUE, instance, task
from kt_flows.store.waits import STILL_OPEN

# Written out as the index has them.
_DUE = sa.literal_column(CASE_DUE, sa.Text)
_HAS_DUE = sa.and_(sa.text(CASE_HAS_DUE))
_BRANCH = sa.func.left(instance.c.variables["branch"].astext, 64)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at: everything that is due before `until`, narrowed down by what is not None."""

    now: datetime
    until: datetime
    definition_key: str | None = None
    branch: str | None = None
    assignee: str | None = None
    unassigned: bool = False

    @property
    def cases(self) -> bool:
        """A case is in nobody's hands: whoever asks for somebody's sees tasks alone."""
        return self.assignee is None and not self.unassigned


@dataclass(frozen=True, slots=True)
class Late:
    overdue: int = 0
    soon: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """How many break: `by_process` and `by_branch` of tasks and cases, `by_person` of tasks; None: nobody, none."""

    tasks: Late
    cases: Late
    by_process: Mapping[str | None, Late]
    by_branch: Mapping[str | None, Late]
    by_person: Mapping[str | None, Late]


@dataclass(frozen=True, slots=True)
class Due:
    """A task or a case that breaks."""

    kind: str
    instance_id: UUID
    task_id: UUID | None
    definition_key: str
    element_id: str | None
    name: str | None
    business_key: str | None
    branch: str | None
    assignee: str | None
    groups: Sequence[str]
    due_at: datetime
    variables: Mapping[str, Any]


def sums(reading: Reading, actor: Actor, asked: Asked) -> Sums:
    """Counts of all that the caller may see."""
    late = task.c.due_at < asked.now
    key = (task.c.definition_key, task.c.branch, task.c.assignee, late.label("late"))
    people = reading.all(sa.select(*key, sa.func.count()).where(*_of_tasks(actor, asked)).group_by(*key))
    cases: Sequence[Row] = []
    if asked.cases:
        of_case = (instance.c.definition_key, _BRANCH.label("branch"), (_text(asked.now) > _DUE).label("late"))
        query = sa.select(*of_case, sa.func.count()).where(*_of_cases(actor, asked))
        cases = reading.all(query.group_by(sa.text("1, 2, 3")))
    # A row is: process, branch, perhaps a person, whether it is late, how many.
    every = [*people, *cases]
    return Sums(
        tasks=_summed((None, row) for row in people).get(None, Late()),
        cases=_summed((None, row) for row in cases).get(None, Late()),
        by_process=_summed((row[0], row) for row in every),
        by_branch=_summed((row[1], row) for row in every),
        by_person=_summed((row[2], row) for row in people),
    )


def page(
    reading: Reading, actor: Actor, asked: Asked, *, after: list[Any] | None, limit: int
) -> tuple[list[Due], list[Any] | None]:
    """Tasks and cases together by what breaks first; a cursor keeps the place in both."""
    task_after, case_after = after or (None, None)
    found = _task_page(reading, actor, asked, task_after, limit + 1)
    if asked.cases:
        found += _case_page(reading, actor, asked, case_after, limit + 1)
    found.sort(key=lambda place: place[0].due_at)
    shown = found[:limit]
    for due, place in shown:
        if due.kind == "task":
            task_after = place
        else:
            case_after = place
    return [due for due, _ in shown], [task_after, case_after] if len(found) > limit else None


def _task_page(
    reading: Reading, actor: Actor, asked: Asked, after: list[str] | None, limit: int
) -> list[tuple[Due, list[str]]]:
    query = sa.select(*tasks.columns(task), task.c.branch).where(*_of_tasks(actor, asked))
    if after is not None:
        place = sa.tuple_(sa.literal(from_text(after[0]), sa.TIMESTAMP(timezone=True)), sa.literal(UUID(after[1])))
        query = query.where(sa.tuple_(task.c.due_at, task.c.id) > place)
    rows = reading.all(query.order_by(task.c.due_at, task.c.id).limit(limit))
    return [
        (
            Due(
                "task",
                row.instance_id,
                row.id,
                row.definition_key,
                row.element_id,
                row.name,
                row.business_key,
                row.branch,
                row.assignee,
                row.groups,
                row.due_at,
                row.variables,
            ),
            [row.due_at.isoformat(), str(row.id)],
        )
        for row in rows
    ]


def _case_page(
    reading: Reading, actor: Actor, asked: Asked, after: list[str] | None, limit: int
) -> list[tuple[Due, list[str]]]:
    columns = (instance.c.id, instance.c.definition_key, instance.c.business_key, instance.c.variables)
    query = sa.select(*columns, _BRANCH.label("branch"), _DUE.label("due")).where(*_of_cases(actor, asked))
    if after is not None:
        query = query.where(sa.tuple_(_DUE, instance.c.id) > sa.tuple_(sa.literal(after[0]), UUID(after[1])))
    rows = reading.all(query.order_by(_DUE, instance.c.id).limit(limit))
    return [
        (
            Due(
                "case",
                row.id,
                None,
                row.definition_key,
                None,
                None,
                row.business_key,
                row.branch,
                None,
                (),
                from_text(row.due),
                row.variables,
            ),
            [row.due, str(row.id)],
        )
        for row in rows
    ]


def _of_tasks(actor: Actor, asked: Asked) -> list[sa.ColumnElement[bool]]:
    found = [tasks.visible_to(actor), STILL_OPEN, task.c.due_at < asked.until]
    for column, value in (
        (task.c.definition_key, asked.definition_key),
        (task.c.branch, asked.branch),
        (task.c.assignee, asked.assignee),
    ):
        if value is not None:
            found.append(column == value)
    if asked.unassigned:
        found.append(task.c.assignee.is_(None))
    return found


def _of_cases(actor: Actor, asked: Asked) -> list[sa.ColumnElement[bool]]:
    found = [instances.visible_to(actor), _HAS_DUE, _text(asked.until) > _DUE]
    if asked.definition_key is not None:
        found.append(instance.c.definition_key == asked.definition_key)
    if asked.branch is not None:
        found.append(sa.literal(asked.branch) == _BRANCH)
    return found


def _text(moment: datetime) -> sa.ColumnElement[str]:
    return sa.literal(to_text(moment))


def _summed(rows: Iterable[tuple[str | None, Row]]) -> dict[str | None, Late]:
    late: Counter[str | None] = Counter()
    soon: Counter[str | None] = Counter()
    for key, row in rows:
        (late if row.late else soon)[key] += row[-1]
    keys = sorted({*late, *soon}, key=lambda key: (-late[key], -soon[key], key is None, key or ""))
    return {key: Late(late[key], soon[key]) for key in keys}
