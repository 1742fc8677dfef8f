"""What a time has brought, as types: see `models.py`."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from kt_flows.api.models import Told


class CaseCounts(Told):
    started: int
    completed: int
    cancelled: int
    active: int = Field(description="Not over, whatever they wait for.")


class Became(Told):
    started: int
    completed: int
    breached: int


class Day(Became):
    day: date = Field(description="Of the site's zone, Asia/Almaty.")


class OfProcess(Became):
    key: str


class Cause(Told):
    cause: str | None = Field(description="The variable `code`; null where it is not set.")
    count: int


class Fault(Told):
    fault: str | None = Field(description="The variable `fault_party`; null where it is not set.")
    count: int


class Stage(Told):
    definition_key: str
    element_id: str
    name: str
    count: int = Field(description="How often it was gone through to its end.")
    p50_seconds: float
    p95_seconds: float


class Figures(Told):
    from_: datetime = Field(alias="from")
    to: datetime
    cases: CaseCounts
    in_time: int = Field(description="Completed cases that say they are not `breached`.")
    breached: int
    share_in_time: float | None = Field(
        ge=0, le=1, description="`inTime` of `inTime` and `breached`; null where no case is judged yet."
    )
    by_day: list[Day] = Field(description="By the day on which a case began, days without one too.")
    by_cause: list[Cause] = Field(description="Breached cases, the most frequent cause first.")
    by_fault: list[Fault]
    by_process: list[OfProcess]
    stages: list[Stage] = Field(description="Work of people, and waits for messages, times, signals and conditions.")
    compensation_months: int = Field(description="Cases whose `compensation_state` says that a month was granted.")


class Heated(Told):
    element_id: str
    entered: int
    completed: int
    cancelled: int
    open: int = Field(description="Tokens that are there now.")
    p50_seconds: float | None = Field(description="Of those completed; null where there is none that had come.")
    p95_seconds: float | None


class Heat(Told):
    cases: int = Field(description="Those that have been in this process, as their own or called.")
    items: list[Heated]


class Series(Told):
    name: str
    unit: str | None
    points: list[tuple[datetime, float | None]] = Field(
        max_length=500, description="Time and value, oldest first; null where there is no data."
    )


class Indicators(Told):
    series: list[Series]
