"""What became of the cases that began in a time: counted by day, process, cause and fault.

Read are the variables that cases show under the names of the contract, whichever process they are of.  A case is
judged that says of itself whether it is `breached`: what never had a time cannot be in time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from kt_flows.store.db import Reading, Row
from kt_flows.store.instances import EVERY

_GRANTED = "granted"
"""What `compensation_state` says once a month was given, by whichever way: the one word that this report shares with
bpmn/compensation, which says when that is so.  tests/store/test_reports.py holds the two together."""
_READ = ("breached", "code", "fault_party", "compensation_state")
_LONGEST = 200
"""Characters of a cause or a fault; they are words, not texts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Cases that began from `begin` to before `end`, of one process or of all, bound to some bundles or to any."""

    begin: datetime
    end: datetime
    definition_key: str | None = None
    bundles: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """The least and the greatest id of some cases: what is asked of them touches the partitions between.

    Taken from the cases, not from the time asked about: ids tell the machine's time, and a sandbox's clock goes on
    its own.
    """

    first: UUID
    last: UUID


@dataclass(frozen=True, slots=True)
class Count:
    """`active` are those that are not over; `in_time` those completed that say they are not breached."""

    started: int = 0
    completed: int = 0
    cancelled: int = 0
    active: int = 0
    in_time: int = 0
    breached: int = 0
    granted: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts of all, by day (its number among those asked about) and by process; breached ones by cause and fault."""

    all: Count
    by_day: Mapping[int, Count]
    by_process: Mapping[str, Count]
    by_cause: Mapping[str | None, int]
    by_fault: Mapping[str | None, int]
    bundles: tuple[str, ...]
    """The sets of versions that these cases are bound to."""
    span: Span | None
    """None where there is no case."""


def begun(asked: Asked, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """These columns of `instances.EVERY`, of the cases that are asked about."""
    query = sa.select(*columns).where(EVERY.c.started_at >= asked.begin, EVERY.c.started_at < asked.end)
    if asked.definition_key is not None:
        query = query.where(EVERY.c.definition_key == asked.definition_key)
    if asked.bundles is not None:
        query = query.where(EVERY.c.bundle_id.in_(asked.bundles))
    return query


# PostgreSQL before 18 knows no least UUID; their texts sort as they do.
_FIRST = sa.func.min(sa.cast(EVERY.c.id, sa.Text)).label("first")
_LAST = sa.func.max(sa.cast(EVERY.c.id, sa.Text)).label("last")


def span(reading: Reading, asked: Asked) -> Span | None:
    """Where the cases lie; None where there is none."""
    row = reading.first(begun(asked, _FIRST, _LAST))
    return Span(UUID(row.first), UUID(row.last)) if row is not None and row.first is not None else None


def sums(reading: Reading, asked: Asked, days: Sequence[datetime]) -> Sums:
    """Counts of the cases; `days` are the moments at which civil days begin, the first not after `asked.begin`."""
    # As a record, for a look at each variable by itself would unpack all of them each time.
    record = sa.func.jsonb_to_record(EVERY.c.variables).table_valued(*(sa.column(name, sa.Text) for name in _READ))
    told = record.render_derived(with_types=True).lateral("told")
    starts = sa.literal(list(days), ARRAY(sa.TIMESTAMP(timezone=True)))
    facts = (
        EVERY.c.definition_key,
        EVERY.c.bundle_id,
        EVERY.c.status,
        (sa.func.width_bucket(EVERY.c.started_at, starts) - 1).label("day"),
        told.c.breached,
        (told.c.compensation_state == _GRANTED).label("granted"),
        _when_late(told, "code").label("cause"),
        _when_late(told, "fault_party").label("fault"),
    )
    query = begun(asked, *facts, sa.func.count().label("number"), _FIRST, _LAST)
    rows = reading.all(query.join(told, sa.true()).group_by(*facts))
    return Sums(
        all=_counted(rows),
        by_day=_parted(rows, "day"),
        by_process=_parted(rows, "definition_key"),
        by_cause=_late(rows, "cause"),
        by_fault=_late(rows, "fault"),
        bundles=tuple(sorted({row.bundle_id for row in rows})),
        span=Span(UUID(min(row.first for row in rows)), UUID(max(row.last for row in rows))) if rows else None,
    )


def _when_late(told: sa.FromClause, name: str) -> sa.ColumnElement[Any]:
    return sa.case((told.c.breached == "true", sa.func.left(told.c[name], _LONGEST)))


def _counted(rows: Iterable[Row]) -> Count:
    found: Counter[str] = Counter()
    for row in rows:
        state = row.status if row.status in ("completed", "cancelled") else "active"
        told = {
            "started": True,
            state: True,
            "in_time": state == "completed" and row.breached == "false",
            "breached": row.breached == "true",
            "granted": row.granted,
        }
        found.update({name: row.number for name, so in told.items() if so})
    return Count(**found)


def _parted(rows: Iterable[Row], name: str) -> dict[Any, Count]:
    parts: dict[Any, list[Row]] = {}
    for row in rows:
        parts.setdefault(row._mapping[name], []).append(row)
    return {key: _counted(of) for key, of in sorted(parts.items())}


def _late(rows: Iterable[Row], name: str) -> dict[str | None, int]:
    """The most frequent first."""
    found: Counter[str | None] = Counter()
    for row in rows:
        if row.breached == "true":
            found[row._mapping[name]] += row.number
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0] is None, item[0] or "")))
