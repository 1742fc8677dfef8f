"""Civil days, working hours and ISO 8601 lengths: the arithmetic of deadlines.

Pure functions of aware times.  Which calendar, zone and length a deadline uses is the analyst's data; nothing here
knows the instruction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HORIZON = timedelta(days=3660)
"""No deadline, length or search goes further than ten years."""

_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_CYCLE = re.compile(r"R(?P<times>\d{0,4})/(?P<every>P\S+)", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """An ISO 8601 length of weeks, days, hours, minutes and seconds.

    Months and years have no length of their own and are refused, as is what goes beyond ten years: ValueError.
    """
    found = _DURATION.fullmatch(text) if len(text) <= 40 else None
    if not found or not any(found.groupdict().values()):
        raise ValueError(f"{text[:40]!r} is not a length like PT24H or P3D")
    parts = {unit: float(value) for unit, value in found.groupdict().items() if value}
    if max(parts.values()) > HORIZON.total_seconds():
        raise ValueError(f"{text} is longer than ten years")
    length = timedelta(**parts)
    if length > HORIZON:
        raise ValueError(f"{text} is longer than ten years")
    return length


def duration_text(length: timedelta) -> str:
    """The ISO 8601 text of a length, in seconds: `PT90S`."""
    seconds = length.total_seconds()
    return f"PT{int(seconds)}S" if seconds == int(seconds) else f"PT{seconds:.6f}S"


def parse_cycle(text: str) -> tuple[int | None, timedelta]:
    """How often (None: for ever) and how far apart, from `R3/PT5M`.  Raises ValueError."""
    found = _CYCLE.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a repetition like R3/PT5M")
    every = parse_duration(found["every"])
    if every < timedelta(seconds=1):
        raise ValueError(f"{text} repeats more often than once a second")
    return int(found["times"]) if found["times"] else None, every


def zone(name: str) -> ZoneInfo:
    """The IANA zone.  Raises ValueError for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone") from error


def civil_day_end(moment: datetime, days: int, tz: str) -> datetime:
    """The midnight that ends the `days`-th civil day after the day of `moment`, which is not counted.

    Three «сутки со дня получения» of a Monday end as Thursday does (clause 5.2б, reading R1).
    """
    if not 0 <= days <= HORIZON.days:
        raise ValueError(f"{days} is not a number of days from 0 to {HORIZON.days}")
    where = zone(tz)
    day = moment.astimezone(where).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), where).astimezone(UTC)


def add_months(moment: datetime, months: int, tz: str) -> datetime:
    """The same local time `months` later; the month's last day where it has no such day."""
    if abs(months) > 120:
        raise ValueError(f"{months} months are more than ten years")
    local = moment.astimezone(zone(tz))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return local.replace(year=year, month=month + 1, day=min(local.day, last)).astimezone(UTC)


def working_time(moment: datetime, length: timedelta, calendar: Mapping[str, Any]) -> datetime:
    """When `length` of working time has passed since `moment`.

    `calendar` has `tz`, `workdays` (1 Monday … 7 Sunday), `opens` and `closes` (`HH:MM`), and may have `holidays`
    and `working_days` (dates that are, or are not, exceptions).  Raises ValueError for a calendar that lacks one,
    or that never works within ten years.
    """
    where = zone(str(calendar.get("tz", "")))
    opens, closes = (time.fromisoformat(str(calendar.get(key, ""))) for key in ("opens", "closes"))
    if opens >= closes:
        raise ValueError("the calendar closes before it opens")
    workdays = {int(day) for day in calendar.get("workdays", ())}
    holidays = {str(day) for day in calendar.get("holidays", ())}
    extra = {str(day) for day in calendar.get("working_days", ())}
    left = length
    day = moment.astimezone(where).date()
    for _ in range(HORIZON.days):
        works = day.isoformat() in extra or (day.isoweekday() in workdays and day.isoformat() not in holidays)
        if works:
            begin = max(moment, datetime.combine(day, opens, where).astimezone(UTC))
            end = datetime.combine(day, closes, where).astimezone(UTC)
            if begin <= end:
                if left <= end - begin:
                    return begin + left
                left -= end - begin
        day += timedelta(days=1)
    raise ValueError("the calendar has not that much working time in ten years")


def local_text(moment: datetime, tz: str) -> str:
    """A moment as people in that zone write it: `03.03.2026 10:00`."""
    return moment.astimezone(zone(tz)).strftime("%d.%m.%Y %H:%M")
