"""What a chosen time has brought: figures, heat on a diagram, measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from kt_flows.api import figures_csv
from kt_flows.api.deps import Rt, asks, said
from kt_flows.api.door import Door
from kt_flows.api.figures_models import Figures, Heat, Indicators
from kt_flows.api.problems import BadQuery
from kt_flows.api.values import Moment, moment
from kt_flows.clock import SITE_ZONE, to_text
from kt_flows.engine.dialect import Element
from kt_flows.errors import FieldError
from kt_flows.runtime.context import Runtime
from kt_flows.store import definitions, indicators, reports, stages
from kt_flows.store.db import Reading
from kt_flows.store.reports import Asked, Count, Sums

router = APIRouter(route_class=Door, tags=["figures"])

LONGEST = timedelta(days=400)
_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The sheet."}
_ZONE = ZoneInfo(SITE_ZONE)
Key = Annotated[str, Query(max_length=100)]
Version = Annotated[int, Query(ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment to before another; `days` are when the civil days begin that it touches."""

    begin: datetime
    end: datetime
    days: Sequence[datetime]


async def _period(
    begin: Annotated[Moment, Query(alias="from", description="The first moment.")],
    end: Annotated[Moment, Query(alias="to", description="The first moment after it; at most 400 days on.")],
) -> Period:
    first, last = moment(begin), moment(end)
    assert first is not None
    assert last is not None
    if first >= last:
        raise BadQuery([FieldError("to", "It must be later than `from`.", "too_early")])
    if last - first > LONGEST:
        raise BadQuery([FieldError("to", f"At most {LONGEST.days} days after `from`.", "too_late")])
    try:
        return Period(first, last, _days(first, last))
    except OverflowError:
        raise BadQuery([FieldError("from", "No day is known so far away.", "invalid")]) from None


def _days(first: datetime, end: datetime) -> list[datetime]:
    day, last = first.astimezone(_ZONE).date(), (end - timedelta.resolution).astimezone(_ZONE).date()
    number = (last - day).days + 1
    return [datetime.combine(day + timedelta(days=ahead), time(), _ZONE) for ahead in range(number)]


PeriodAsked = Annotated[Period, Depends(_period)]


@router.get("/v1/figures", response_model=Figures, summary="How the cases of a time went", **asks("figures.read"))
def read_figures(rt: Rt, period: PeriodAsked, definitionKey: Key | None = None) -> Response:
    """Of all cases that began in it, or those of one process: counts and lengths tell nothing about a person."""
    return said(_figures(rt, period, definitionKey))


_SHEET: Any = asks("figures.read")


@router.get(
    "/v1/figures.csv",
    response_class=Response,
    summary="The same as a sheet",
    **{**_SHEET, "responses": {**_SHEET["responses"], 200: _CSV}},
)
def read_figures_sheet(rt: Rt, period: PeriodAsked, definitionKey: Key | None = None) -> Response:
    """A row for each number: the section that it is of, its key and name there."""
    figures = _figures(rt, period, definitionKey)
    with rt.reading() as reading:
        names = {key: view.name for key, view in definitions.latest(reading).items()}
    first, last = period.days[0], period.days[-1]
    headers = {"Content-Disposition": f'attachment; filename="figures_{first:%Y-%m-%d}_{last:%Y-%m-%d}.csv"'}
    return Response(figures_csv.sheet(figures, names), headers=headers, media_type="text/csv")


@router.get(
    "/v1/heat", response_model=Heat, summary="What went on at the elements of a process", **asks("figures.read")
)
def read_heat(rt: Rt, period: PeriodAsked, definitionKey: Key, version: Version | None = None) -> Response:
    """In all cases that began in the time and have been in the process, as their own or as one that theirs calls;
    with `version` in those that are bound to that version of it."""
    cases, items = 0, list[stages.Heat]()
    with rt.reading() as reading:
        view = _known(reading, definitionKey, version)
        bundles = definitions.bundles_with(reading, definitionKey, None if version is None else view.id)
        asked = Asked(period.begin, period.end, bundles=bundles)
        if (span := reports.span(reading, asked)) is not None:
            cases, items = stages.heat(reading, asked, span, definitionKey)
    return said({"cases": cases, "items": [_heat_json(one) for one in items]})


def _heat_json(one: stages.Heat) -> dict[str, Any]:
    return {
        "elementId": one.element_id,
        "entered": one.entered,
        "completed": one.completed,
        "cancelled": one.cancelled,
        "open": one.open,
        "p50Seconds": one.p50,
        "p95Seconds": one.p95,
    }


@router.get(
    "/v1/indicators",
    response_model=Indicators,
    summary="What the cases of a process have measured",
    **asks("instances.read"),
)
def read_indicators(rt: Rt, period: PeriodAsked, definitionKey: Key) -> Response:
    """The variable `indicators` of all its cases that began in the time, whoever may see these: measurements are of
    machines.  Of more than 500 cases a series is averaged over equal lengths of time."""
    with rt.reading() as reading:
        _known(reading, definitionKey)
        found = indicators.series(reading, Asked(period.begin, period.end, definitionKey))
    return said({"series": [_series_json(one) for one in found]})


def _series_json(one: indicators.Series) -> dict[str, Any]:
    points = [[to_text(at), value] for at, value in one.points.items()]
    return {"name": one.name, "unit": one.unit, "points": points}


def _figures(rt: Runtime, period: Period, key: str | None) -> dict[str, Any]:
    asked = Asked(period.begin, period.end, key)
    with rt.reading() as reading:
        if key is not None:
            _known(reading, key)
        sums = reports.sums(reading, asked, period.days)
        names = _stages(rt, reading, sums)
        found = stages.stages(reading, asked, sums.span, names) if sums.span is not None else []
    all, judged = sums.all, sums.all.in_time + sums.all.breached
    return {
        "from": to_text(period.begin),
        "to": to_text(period.end),
        "cases": {name: getattr(all, name) for name in ("started", "completed", "cancelled", "active")},
        "inTime": all.in_time,
        "breached": all.breached,
        "shareInTime": all.in_time / judged if judged else None,
        "byDay": [
            {"day": day.date().isoformat(), **_became(sums.by_day.get(number, Count()))}
            for number, day in enumerate(period.days)
        ],
        "byCause": [{"cause": cause, "count": count} for cause, count in sums.by_cause.items()],
        "byFault": [{"fault": fault, "count": count} for fault, count in sums.by_fault.items()],
        "byProcess": [{"key": key, **_became(count)} for key, count in sums.by_process.items()],
        "stages": [
            {
                "definitionKey": one.definition_key,
                "elementId": one.element_id,
                "name": names[one.definition_key, one.element_id],
                "count": one.count,
                "p50Seconds": one.p50,
                "p95Seconds": one.p95,
            }
            for one in found
        ],
        "compensationMonths": all.granted,
    }


def _became(count: Count) -> dict[str, int]:
    return {"started": count.started, "completed": count.completed, "breached": count.breached}


def _known(reading: Reading, key: str, version: int | None = None) -> definitions.DefinitionView:
    """Raises BadQuery where there is no such process, or no such version of it."""
    view = definitions.version(reading, key, version)
    if view is None and version is not None and definitions.version(reading, key, None) is not None:
        raise BadQuery([FieldError("version", "The process has no such version.", "unknown")])
    if view is None:
        raise BadQuery([FieldError("definitionKey", "There is no such process.", "unknown")])
    return view


def _stages(rt: Runtime, reading: Reading, sums: Sums) -> Mapping[tuple[str, str], str]:
    """Process and id of the elements at which cases of these bundles wait for people and events, to their names.

    Of several versions the newest says how an element is called.
    """
    ids = {id for bundle in sums.bundles for id in definitions.members(reading, bundle).values()}
    bound = sorted((view for id in ids if (view := definitions.visible(reading, id))), key=lambda view: view.version)
    return {
        (view.key, element.id): element.name or element.id
        for view in bound
        for element in rt.programs.definition(reading, view.id).elements.values()
        if _is_stage(element)
    }


def _is_stage(element: Element) -> bool:
    """Whether somebody outside is waited for there, and not a system that is called."""
    if element.type == "intermediateCatchEvent":
        return element.event != "link"
    return element.type in ("userTask", "receiveTask") and element.topic is None
