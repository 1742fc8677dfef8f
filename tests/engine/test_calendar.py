"""Deadlines' arithmetic, against a clock that counts every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kt_flows.clock import from_text, to_text
from kt_flows.engine.calendar import (
    HORIZON,
    add_months,
    civil_day_end,
    duration_text,
    local_text,
    parse_cycle,
    parse_duration,
    working_time,
)

ALMATY = ZoneInfo("Asia/Almaty")
CALENDAR = {
    "tz": "Asia/Almaty",
    "workdays": [1, 2, 3, 4, 5],
    "opens": "09:00",
    "closes": "18:00",
    "holidays": ["2026-03-09"],
    "working_days": ["2026-03-14"],
}
MOMENTS = st.datetimes(datetime(2026, 2, 20), datetime(2026, 4, 10)).map(lambda at: at.replace(tzinfo=UTC))


def almaty(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY).astimezone(UTC)


def test_kazakhstan_has_one_offset_since_march_2024() -> None:
    assert almaty("2024-03-01T00:00") == datetime(2024, 2, 29, 19, tzinfo=UTC)
    assert datetime(2026, 3, 2, tzinfo=ALMATY).utcoffset() == timedelta(hours=5)
    assert datetime(2024, 2, 29, 12, tzinfo=ALMATY).utcoffset() == timedelta(hours=6)


@pytest.mark.parametrize(
    ("received", "ends"),
    [
        ("2026-03-06T18:30", "2026-03-10T00:00"),
        ("2026-03-02T10:00", "2026-03-06T00:00"),
        ("2026-03-02T23:59:59", "2026-03-06T00:00"),
        ("2026-03-02T00:00:00", "2026-03-06T00:00"),
        ("2026-03-03T00:00:00", "2026-03-07T00:00"),
    ],
)
def test_the_vendors_three_days_end_at_the_third_midnight(received: str, ends: str) -> None:
    """Clause 5.2б in its civil reading: the day of receipt is not counted, the third day is a whole one."""
    assert civil_day_end(almaty(received), 3, "Asia/Almaty") == almaty(ends)


@given(MOMENTS, st.integers(0, 40))
def test_a_civil_end_is_a_midnight_after_so_many_whole_days(moment: datetime, days: int) -> None:
    end = civil_day_end(moment, days, "Asia/Almaty")
    local = end.astimezone(ALMATY)
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    assert timedelta(days=days) < end - moment <= timedelta(days=days + 1)


def test_civil_days_follow_the_wall_clock_where_summer_time_begins() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    end = civil_day_end(before, 1, "Europe/Berlin")
    assert end == datetime(2026, 3, 29, 22, tzinfo=UTC)


@pytest.mark.parametrize(("days", "tz"), [(-1, "Asia/Almaty"), (4000, "Asia/Almaty"), (3, "Asia/Nowhere"), (3, "")])
def test_what_is_no_number_of_days_or_no_zone_is_refused(days: int, tz: str) -> None:
    with pytest.raises(ValueError, match=r"суток|пояс"):
        civil_day_end(almaty("2026-03-02T10:00"), days, tz)


def minute_by_minute(moment: datetime, minutes: int, calendar: dict[str, Any]) -> datetime:
    """The oracle: walks the clock and counts the minutes at which somebody works."""
    holidays = {date.fromisoformat(day) for day in calendar["holidays"]}
    extra = {date.fromisoformat(day) for day in calendar["working_days"]}
    opens, closes = (int(calendar[key][:2]) * 60 + int(calendar[key][3:]) for key in ("opens", "closes"))
    while minutes:
        local = moment.astimezone(ALMATY)
        day = local.date()
        works = day in extra or (local.isoweekday() in calendar["workdays"] and day not in holidays)
        if works and opens <= local.hour * 60 + local.minute < closes:
            minutes -= 1
        moment += timedelta(minutes=1)
    return moment


HOURS = st.tuples(st.integers(0, 22), st.integers(0, 59)).map(lambda at: at[0] * 60 + at[1])
DAYS = st.dates(date(2026, 2, 20), date(2026, 4, 20)).map(date.isoformat)


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, Any]:
    opens = draw(HOURS)
    closes = draw(st.integers(opens + 30, 24 * 60))
    days = draw(st.sets(st.integers(1, 7), min_size=2))
    return {
        "tz": "Asia/Almaty",
        "workdays": sorted(days),
        "opens": f"{opens // 60:02}:{opens % 60:02}",
        "closes": f"{closes // 60:02}:{closes % 60:02}",
        "holidays": draw(st.lists(DAYS, max_size=4)),
        "working_days": draw(st.lists(DAYS, max_size=4)),
    }


@settings(max_examples=60, deadline=None)
@given(MOMENTS.map(lambda at: at.replace(second=0, microsecond=0)), st.integers(0, 1500), calendars())
def test_working_time_is_what_counting_minutes_gives(
    moment: datetime, minutes: int, calendar: dict[str, Any]
) -> None:
    counted = minute_by_minute(moment, minutes, calendar)
    assert working_time(moment, timedelta(minutes=minutes), calendar) == counted


@given(MOMENTS, st.integers(0, 2000), st.integers(0, 2000))
def test_working_time_adds_up(moment: datetime, one: int, two: int) -> None:
    first, second = timedelta(minutes=one), timedelta(minutes=two)
    stepwise = working_time(working_time(moment, first, CALENDAR), second, CALENDAR)
    assert stepwise == working_time(moment, first + second, CALENDAR)


def test_working_time_ends_at_closing_and_not_at_the_next_opening() -> None:
    assert working_time(almaty("2026-03-06T09:00"), timedelta(hours=9), CALENDAR) == almaty("2026-03-06T18:00")
    assert working_time(almaty("2026-03-06T17:00"), timedelta(hours=4), CALENDAR) == almaty("2026-03-10T12:00")
    assert working_time(almaty("2026-03-13T17:00"), timedelta(hours=4), CALENDAR) == almaty("2026-03-14T12:00")


@pytest.mark.parametrize(
    "change",
    [
        {"tz": "Nowhere"},
        {"workdays": [0]},
        {"workdays": "1-5"},
        {"workdays": [True]},
        {"opens": "9"},
        {"opens": None},
        {"closes": "08:00"},
        {"closes": "24:30"},
        {"holidays": ["09.03.2026"]},
        {"holidays": 5},
        {"workdays": [], "working_days": []},
    ],
)
def test_a_calendar_with_a_mistake_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        working_time(almaty("2026-03-02T10:00"), timedelta(hours=1), {**CALENDAR, **change})


def test_negative_working_time_is_refused() -> None:
    with pytest.raises(ValueError, match=r"отрицательным"):
        working_time(almaty("2026-03-02T10:00"), timedelta(hours=-1), CALENDAR)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31T10:00", 1, "2026-02-28T10:00"),
        ("2028-01-31T10:00", 1, "2028-02-29T10:00"),
        ("2026-12-15T00:00", 1, "2027-01-15T00:00"),
        ("2026-03-31T23:59", -1, "2026-02-28T23:59"),
        ("2026-11-30T10:00", 13, "2027-12-30T10:00"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last(start: str, months: int, end: str) -> None:
    assert add_months(almaty(start), months, "Asia/Almaty") == almaty(end)


def test_so_many_months_are_refused() -> None:
    with pytest.raises(ValueError, match=r"десяти лет"):
        add_months(almaty("2026-01-31T10:00"), 121, "Asia/Almaty")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT24H", timedelta(hours=24)),
        ("P3D", timedelta(days=3)),
        ("P1W", timedelta(weeks=1)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("PT0S", timedelta()),
    ],
)
def test_iso_lengths_are_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "24H",
        "P1M",
        "P1Y",
        "P1.5D",
        "PT1H ",
        "-PT1H",
        "P٣D",
        "P99999D",
        f"P{'9' * 30}W",
        "P" + "1" * 50,
    ],
)
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"длительность|десяти лет"):
        parse_duration(text)


@given(st.timedeltas(-HORIZON, HORIZON))
def test_a_length_survives_its_text(length: timedelta) -> None:
    assert parse_duration(duration_text(length), signed=True) == length


def test_cycles_are_read() -> None:
    assert parse_cycle("R/PT5M") == (None, timedelta(minutes=5))
    assert parse_cycle("R3/P1D") == (3, timedelta(days=1))


@pytest.mark.parametrize("text", ["PT5M", "R/PT0S", "R0/PT5M", "R00/PT5M", "R-1/PT5M", "R3/", "R99999/PT1H", "R/P1M"])
def test_what_is_no_cycle_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_cycle(text)


def test_people_read_local_time() -> None:
    assert local_text(from_text("2026-03-02T05:00:00Z"), "Asia/Almaty") == "02.03.2026 10:00"
    assert to_text(almaty("2026-03-02T10:00")) == "2026-03-02T05:00:00Z"
