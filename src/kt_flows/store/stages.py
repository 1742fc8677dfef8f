"""How many tokens come to an element, and how long they stay: counted from the history.

A line of history names its token, so that each coming has its own leaving, however often a loop brings one or how
many are there at a time.  Cases of before that have lines without a number: theirs pair in their order, per case and
element.  What has a leaving only (an event at an edge, that only watched before) has come and stayed for no time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kt_flows.store.db import Reading
from kt_flows.store.instances import EVERY
from kt_flows.store.reports import Asked, Span, begun
from kt_flows.store.tables import history


@dataclass(frozen=True, slots=True)
class Stage:
    """How long an element takes that is gone through to its end."""

    definition_key: str
    element_id: str
    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Heat:
    """What went on at an element: `open` are tokens that are there, lengths in seconds of those completed."""

    element_id: str
    entered: int
    completed: int
    cancelled: int
    open: int
    p50: float | None
    p95: float | None


def stages(reading: Reading, asked: Asked, span: Span, elements: Collection[tuple[str, str]]) -> list[Stage]:
    """Of these elements, by process and id; those that nobody has gone through are left out."""
    token = _tokens(reading, asked, span, history.c.element_id.in_({element_id for _, element_id in elements}))
    place = (token.c.definition_key, token.c.element_id)
    query = sa.select(*place, *_lengths(token)).where(token.c.came.is_not(None), token.c.done.is_not(None))
    rows = reading.all(query.group_by(*place).order_by(*place))
    found = [Stage(row.definition_key, row.element_id, row.completed, row.p50, row.p95) for row in rows]
    return [stage for stage in found if (stage.definition_key, stage.element_id) in elements]


def heat(reading: Reading, asked: Asked, span: Span, definition_key: str) -> tuple[int, list[Heat]]:
    """How many cases have been in a process, and what went on at its elements, by id."""
    here = history.c.definition_key == definition_key
    token = _tokens(reading, asked, span, here)
    over = token.c.status.in_(
        ("completed", "cancelled")
    )  # whoever ends a case by hand takes its tokens without a line
    stays = sa.and_(token.c.done.is_(None), token.c.gone.is_(None))
    taken = sa.and_(token.c.done.is_(None), sa.or_(token.c.gone.is_not(None), over))
    columns = (
        token.c.element_id,
        sa.func.count().label("entered"),
        sa.func.count().filter(taken).label("cancelled"),
        sa.func.count().filter(stays, ~over).label("open"),
        *_lengths(token),
    )
    rows = reading.all(sa.select(*columns).group_by(token.c.element_id).order_by(token.c.element_id))
    lines = _lines(asked, span, here).subquery()
    cases = reading.value(sa.select(sa.func.count(lines.c.instance_id.distinct())))
    return cases, [Heat(**row._mapping) for row in rows]


def _lengths(token: sa.CTE) -> tuple[sa.ColumnElement[Any], ...]:
    seconds = sa.extract("epoch", token.c.done - token.c.came)
    return (
        sa.func.count(token.c.done).label("completed"),
        sa.func.percentile_cont(0.5).within_group(seconds).label("p50"),
        sa.func.percentile_cont(0.95).within_group(seconds).label("p95"),
    )


_KINDS = ("entered", "completed", "cancelled")
_PLACE = ("instance_id", "definition_key", "element_id")


def _lines(asked: Asked, span: Span, where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The coming and going of tokens in the cases that are asked about."""
    case = begun(asked, EVERY.c.id, EVERY.c.status).subquery("case")
    return (
        sa.select(*(history.c[name] for name in (*_PLACE, "kind", "at")), case.c.status)
        .join(case, case.c.id == history.c.instance_id)
        .where(history.c.instance_id.between(span.first, span.last))
        .where(history.c.element_id.is_not(None), history.c.kind.in_(_KINDS), where)
    )


def _tokens(reading: Reading, asked: Asked, span: Span, where: sa.ColumnElement[bool]) -> sa.CTE:
    """Each token at each element: when it came, and when it was done or gone."""
    old = (
        sa.select(history.c.instance_id)
        .where(history.c.instance_id.between(span.first, span.last), history.c.wait.is_(None))
        .where(history.c.element_id.is_not(None), history.c.kind.in_(_KINDS))
    )
    lines = _lines(asked, span, where)
    line = lines.add_columns(history.c.wait.label("token")).subquery("line")
    if reading.value(sa.select(old.exists())):
        turn = sa.func.row_number().over(
            partition_by=[*(history.c[name] for name in _PLACE), history.c.kind == "entered"], order_by=history.c.id
        )
        of_before = history.c.instance_id.in_(old)
        numbered = lines.add_columns(history.c.wait.label("token")).where(~of_before)
        line = numbered.union_all(lines.add_columns(turn).where(of_before)).subquery("line")
    whose = [line.c[name] for name in (*_PLACE, "status", "token")]
    moments = (
        sa.func.min(line.c.at).filter(line.c.kind == "entered").label("came"),
        sa.func.max(line.c.at).filter(line.c.kind == "completed").label("done"),
        sa.func.max(line.c.at).filter(line.c.kind == "cancelled").label("gone"),
    )
    return sa.select(*whose, *moments).group_by(*whose).cte("token")
