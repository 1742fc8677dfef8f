"""What cases have measured: the variable `indicators`, a list of `{name, unit, value, at, status}`, over a time.

Of many cases a series is averaged over equal lengths of time, by when the cases began: a chart has no room for more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from kt_flows.clock import from_text
from kt_flows.store.db import Reading
from kt_flows.store.instances import EVERY
from kt_flows.store.reports import Asked, begun

MOST = 500
"""Points of a series."""
_MEASURED = EVERY.c.variables["indicators"]
_ARE = sa.func.jsonb_typeof(_MEASURED) == "array"
_NOTHING = sa.literal([], JSONB)


@dataclass(frozen=True, slots=True)
class Series:
    """`points` are values by time, the first first; None where there is no data."""

    name: str
    unit: str | None
    points: dict[datetime, float | None] = field(default_factory=dict)


class _Found:
    """Series by name and unit, as they are come upon."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}

    def of(self, name: str, unit: str | None) -> Series:
        return self._series.setdefault((name, unit or ""), Series(name, unit))

    def in_order(self) -> list[Series]:
        self._fill_in()
        return [
            Series(one.name, one.unit, dict(sorted(one.points.items()))) for _, one in sorted(self._series.items())
        ]

    def _fill_in(self) -> None:
        """A source that gives no data gives no unit either: that is a gap in what is measured under the same name."""
        for name in [name for name, unit in self._series if not unit]:
            units = [unit for other, unit in self._series if other == name and unit]
            if len(units) == 1:
                for at, value in self._series.pop((name, "")).points.items():
                    if self._series[name, units[0]].points.get(at) is None:
                        self._series[name, units[0]].points[at] = value


def series(reading: Reading, asked: Asked) -> list[Series]:
    """By name; at most `MOST` points each."""
    when = EVERY.c.started_at
    about = begun(
        asked, sa.func.count().label("number"), sa.func.min(when).label("first"), sa.func.max(when).label("last")
    )
    [cases] = reading.all(about.where(_ARE))
    if cases.number <= MOST:
        return _each(reading, asked)
    return _averaged(reading, asked, cases.first, max((cases.last - cases.first) / MOST, timedelta.resolution))


def _each(reading: Reading, asked: Asked) -> list[Series]:
    query = begun(asked, EVERY.c.started_at, _MEASURED.label("measured")).where(_ARE).order_by(EVERY.c.started_at)
    found = _Found()
    for row in reading.all(query):
        for one in row.measured:
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                unit, value = one.get("unit"), one.get("value")
                number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
                points = found.of(one["name"], unit if isinstance(unit, str) else None).points
                points[_time(one.get("at"), row.started_at)] = number
    return found.in_order()


def _time(text: Any, otherwise: datetime) -> datetime:
    """What a measurement says when it was; one that does not say it was when its case began."""
    try:
        return from_text(text) if isinstance(text, str) else otherwise
    except ValueError:
        return otherwise


def _averaged(reading: Reading, asked: Asked, first: datetime, length: timedelta) -> list[Series]:
    """A length of time in which nothing was measured has no data."""
    seconds = sa.extract("epoch", EVERY.c.started_at - first)
    number = sa.func.least(sa.func.floor(seconds / length.total_seconds()), MOST - 1)
    listed = sa.func.jsonb_array_elements(sa.case((_ARE, _MEASURED), else_=_NOTHING))
    each = listed.table_valued(sa.column("value", JSONB)).lateral("each")
    one = each.c.value
    value = sa.case((sa.func.jsonb_typeof(one["value"]) == "number", sa.cast(one["value"].astext, sa.Double)))
    unit = sa.case((sa.func.jsonb_typeof(one["unit"]) == "string", one["unit"].astext))
    whose = (one["name"].astext.label("name"), unit.label("unit"), number.label("number"))
    named = sa.func.jsonb_typeof(one["name"]) == "string"
    query = begun(asked, *whose, sa.func.avg(value).label("value")).join(each, named)
    found = _Found()
    for row in reading.all(query.group_by(sa.text("1, 2, 3"))):
        points = found.of(row.name, row.unit).points
        if not points:
            points.update({first + length * place: None for place in range(MOST)})
        points[first + length * int(row.number)] = row.value
    return found.in_order()
