"""A scenario's file: strict keys, so that a slip of the pen never makes one pass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from kt_flows.clock import from_text
from kt_flows.topics import TOPICS

_SHIFT = re.compile(r"\+(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_SNAKE = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("нужно время вида 2026-03-02T10:00:00+05:00")
    return from_text(value)


def _target(value: Any) -> datetime | timedelta:
    """`+24h` as a length, a time as a moment."""
    found = _SHIFT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return _moment(value)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not length:
        raise ValueError("нужно +24h, +3d, +1h30m или время вида 2026-03-02T10:00:00+05:00")
    return length


def _snake(value: str) -> str:
    if not _SNAKE.fullmatch(value):
        raise ValueError(f"{value[:80]!r} — не snake_case")
    return value


def _topic(value: str) -> str:
    if value not in TOPICS:
        raise ValueError(f"темы {value[:80]!r} нет, есть: {', '.join(TOPICS)}")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
Target = Annotated[datetime | timedelta, BeforeValidator(_target)]
Topic = Annotated[str, AfterValidator(_topic)]
Values = dict[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Refusal(_Strict):
    """Which fields a form must find at fault."""

    fields: tuple[str, ...] = Field(min_length=1)


class Start(_Strict):
    at: Moment
    variables: Values = Field(default_factory=dict)
    message: str | None = None
    element: str | None = None
    business_key: str | None = None
    refused: Refusal | None = None


class Fail(_Strict):
    code: str = Field(min_length=1)
    message: str = ""
    times: int | None = Field(default=None, ge=1)


class Answer(_Strict):
    """What the outside world says to one asking: a result, a refusal, or nothing yet."""

    result: Values | None = None
    fail: Fail | None = None
    hold: bool = False


class Picked(_Strict):
    element: str
    nth: int = Field(default=1, ge=1)


class Complete(_Strict):
    complete: str
    by: str | None = None
    values: Values = Field(default_factory=dict)

    @property
    def picked(self) -> Picked | str:
        return self.complete


class CompleteNth(_Strict):
    task: Picked
    by: str | None = None
    values: Values = Field(default_factory=dict)

    @property
    def picked(self) -> Picked | str:
        return self.task


class RefusedBody(_Strict):
    complete: str
    values: Values = Field(default_factory=dict)
    fields: tuple[str, ...] = Field(min_length=1)


class Refused(_Strict):
    refused: RefusedBody


class Clock(_Strict):
    clock: Target


class MessageBody(_Strict):
    name: str
    payload: Values = Field(default_factory=dict)
    correlation: Values | None = None
    received: bool = True
    buffered: bool = False

    @property
    def expected(self) -> bool:
        """Whether somebody must wait for it."""
        return self.received and not self.buffered


class Message(_Strict):
    message: MessageBody


class SignalBody(_Strict):
    name: str
    payload: Values = Field(default_factory=dict)


class Signal(_Strict):
    signal: SignalBody


class JobBody(_Strict):
    topic: Topic
    result: Values | None = None
    fail: Fail | None = None


class Job(_Strict):
    job: JobBody


class Mail(_Strict):
    template: str
    to: str | None = None
    lang: str | None = None
    contains: tuple[str, ...] = ()
    count: int | None = Field(default=None, ge=0)
    topic: Topic = "email.send"


class Waits(_Strict):
    messages: tuple[str, ...] = ()
    no_messages: tuple[str, ...] = ()
    timers: dict[str, Moment | None] = Field(default_factory=dict)
    jobs: tuple[Topic, ...] | None = None


class Expectations(_Strict):
    tasks: tuple[str, ...] | None = None
    has_tasks: tuple[str, ...] = ()
    no_tasks: tuple[str, ...] = ()
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    due: dict[str, Moment | None] = Field(default_factory=dict)
    variables: Values = Field(default_factory=dict)
    sent: tuple[Mail, ...] = ()
    jobs: dict[Topic, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    waits: Waits = Field(default_factory=Waits)
    visited: tuple[str, ...] = ()
    not_visited: tuple[str, ...] = ()
    decided: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    ended: str | tuple[str, ...] | None = None
    active: bool | None = None
    incidents: tuple[str, ...] = ()


class Expect(_Strict):
    expect: Expectations


Step = Complete | CompleteNth | Refused | Clock | Message | Signal | Job | Expect
STEPS: Mapping[str, type[_Strict]] = {
    "complete": Complete,
    "task": CompleteNth,
    "refused": Refused,
    "clock": Clock,
    "message": Message,
    "signal": Signal,
    "job": Job,
    "expect": Expect,
}


class Scenario(_Strict):
    """One story about one case.  `file` is its path in the process folder."""

    scenario: Annotated[str, AfterValidator(_snake)]
    title: str = Field(min_length=1)
    covers: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    start: Start
    jobs: dict[Topic, tuple[Answer, ...]] = Field(default_factory=dict)
    steps: tuple[Any, ...] = ()
    file: str = ""
