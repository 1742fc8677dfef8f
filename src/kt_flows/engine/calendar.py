"""Civil days, working hours and ISO 8601 lengths: the arithmetic of deadlines.

Pure functions of aware times.  Which calendar, zone and length a deadline uses is the analyst's data; nothing here
knows the instruction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HORIZON = timedelta(days=3660)
"""No deadline, length or search goes further than ten years."""

_DURATION = re.compile(
    r"(?P<sign>-?)P(?=.)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_CYCLE = re.compile(r"R(?P<times>\d{0,4})/(?P<every>P\S+)", re.ASCII)


def parse_duration(text: str, *, signed: bool = False) -> timedelta:
    """An ISO 8601 length of weeks, days, hours, minutes and seconds; with `signed` also a negative one (`-PT5M`).

    Months and years have no length of their own and are refused, as is what goes beyond ten years: ValueError.
    """
    found = _DURATION.fullmatch(text) if len(text) <= 40 else None
    if not found or (found["sign"] and not signed):
        raise ValueError(f"«{text[:40]}» — не длительность вида PT24H или P3D")
    parts = {unit: float(value) for unit, value in found.groupdict().items() if value and unit != "sign"}
    if not parts:
        raise ValueError(f"«{text[:40]}» — не длительность вида PT24H или P3D")
    # Looked at one by one first: a timedelta of so many weeks would not even come to be.
    length = timedelta(**parts) if max(parts.values()) <= HORIZON.total_seconds() else HORIZON * 2
    if length > HORIZON:
        raise ValueError(f"{text} — больше десяти лет")
    return -length if found["sign"] else length


def duration_text(length: timedelta) -> str:
    """The ISO 8601 text of a length, in seconds: `PT90S`, `-PT0.5S`.  ValueError beyond ten years."""
    sign, length = ("-", -length) if length < timedelta() else ("", length)
    if length > HORIZON:
        raise ValueError("длительность больше десяти лет")
    whole, rest = divmod(length, timedelta(seconds=1))
    fraction = f".{rest.microseconds:06d}".rstrip("0") if rest else ""
    return f"{sign}PT{whole}{fraction}S"


def parse_cycle(text: str) -> tuple[int | None, timedelta]:
    """How often (None: for ever) and how far apart, from `R3/PT5M`.  Raises ValueError."""
    found = _CYCLE.fullmatch(text)
    if not found or (found["times"] and int(found["times"]) == 0):
        raise ValueError(f"«{text[:40]}» — не повторение вида R3/PT5M")
    every = parse_duration(found["every"])
    if every < timedelta(seconds=1):
        raise ValueError(f"{text} повторяется чаще раза в секунду")
    return int(found["times"]) if found["times"] else None, every


def zone(name: str) -> ZoneInfo:
    """The IANA zone.  Raises ValueError for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"«{name[:40]}» — не часовой пояс") from error


def civil_day_end(moment: datetime, days: int, tz: str) -> datetime:
    """The midnight that ends the `days`-th civil day after the day of `moment`, which is not counted.

    Three «сутки со дня получения» of a Monday end as Thursday does (clause 5.2б, reading R1).
    """
    if not 0 <= days <= HORIZON.days:
        raise ValueError(f"{days} — не число суток от 0 до {HORIZON.days}")
    where = zone(tz)
    day = moment.astimezone(where).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), where).astimezone(UTC)


def add_months(moment: datetime, months: int, tz: str) -> datetime:
    """The same local time `months` later; the month's last day where it has no such day."""
    if abs(months) > 120:
        raise ValueError(f"{months} месяцев — больше десяти лет")
    local = moment.astimezone(zone(tz))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return local.replace(year=year, month=month + 1, day=min(local.day, last)).astimezone(UTC)


def working_time(moment: datetime, length: timedelta, calendar: Mapping[str, Any]) -> datetime:
    """The first moment at which `length` of working time has passed since `moment`.

    `calendar` has `tz`, `workdays` (1 Monday … 7 Sunday), `opens` and `closes` (`HH:MM`; it may close at `24:00`),
    and may have `holidays` and `working_days` (dates that do not work, or do, whatever their weekday).  Raises
    ValueError for a calendar that lacks one or has it wrong, or that has not so much working time in ten years.
    """
    if length < timedelta():
        raise ValueError("рабочее время не бывает отрицательным")
    hours = _Hours.read(calendar)
    left = length
    day = moment.astimezone(hours.zone).date()
    for _ in range(HORIZON.days):
        if not left:
            return moment
        begin, end = hours.of(day)
        begin = max(moment, begin)
        if begin < end:
            if left <= end - begin:
                return begin + left
            left -= end - begin
        day += timedelta(days=1)
    raise ValueError("в календаре нет столько рабочего времени за десять лет")


@dataclass(frozen=True, slots=True)
class _Hours:
    """A calendar map, read."""

    zone: ZoneInfo
    workdays: frozenset[int]
    opens: timedelta
    closes: timedelta
    holidays: frozenset[date]
    extra: frozenset[date]

    @classmethod
    def read(cls, calendar: Mapping[str, Any]) -> _Hours:
        workdays = calendar.get("workdays", ())
        if not isinstance(workdays, list) or not all(type(day) is int and 1 <= day <= 7 for day in workdays):
            raise ValueError(f"workdays календаря: дни от 1 до 7, а не {workdays!r}")
        opens, closes = (_clock(str(calendar.get(key, ""))) for key in ("opens", "closes"))
        if opens >= closes:
            raise ValueError("календарь закрывается раньше, чем открывается")
        holidays, extra = (frozenset(_dates(calendar, key)) for key in ("holidays", "working_days"))
        return cls(zone(str(calendar.get("tz", ""))), frozenset(workdays), opens, closes, holidays, extra)

    def of(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing that day; the same moment twice where it does not work."""
        works = day in self.extra or (day.isoweekday() in self.workdays and day not in self.holidays)
        # Wall-clock arithmetic: it opens at nine by the clock on the wall also where summer time begins that day.
        midnight = datetime.combine(day, time(), self.zone)
        begin = (midnight + self.opens).astimezone(UTC)
        return begin, (midnight + self.closes).astimezone(UTC) if works else begin


def _clock(text: str) -> timedelta:
    found = re.fullmatch(r"([01]\d|2[0-4]):([0-5]\d)", text, re.ASCII)
    length = timedelta(hours=int(found[1]), minutes=int(found[2])) if found else timedelta(days=2)
    if length > timedelta(days=1):
        raise ValueError(f"«{text[:20]}» — не время вида 09:00")
    return length


def _dates(calendar: Mapping[str, Any], key: str) -> list[date]:
    try:
        return [date.fromisoformat(day) for day in calendar.get(key, ())]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{key} календаря: даты вида 2026-03-09 ({error})") from error


def local_text(moment: datetime, tz: str) -> str:
    """A moment as people in that zone write it: `03.03.2026 10:00`."""
    return moment.astimezone(zone(tz)).strftime("%d.%m.%Y %H:%M")
