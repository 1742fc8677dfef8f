"""A scenario's file: strict keys, so that a slip of the pen never makes one pass."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kt_flows.clock import from_text
from kt_flows.engine.manifest import load_yaml
from kt_flows.engine.values import check_value
from kt_flows.errors import DiagramError, Finding
from kt_flows.topics import TOPICS

_SHIFT = re.compile(r"\+(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_SNAKE = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a time with its offset, like 2026-03-02T10:00:00+05:00")
    return from_text(value)


def _target(value: Any) -> datetime | timedelta:
    """`+24h` as a length, a time as a moment."""
    found = _SHIFT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return _moment(value)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not length:
        raise ValueError("+24h, +3d, +1h30m, +1s or a time with its offset")
    return length


def _snake(value: str) -> str:
    if not _SNAKE.fullmatch(value):
        raise ValueError("snake_case")
    return value


def _topic(value: str) -> str:
    if value not in TOPICS:
        raise ValueError(f"unknown topic, there are: {', '.join(TOPICS)}")
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


Step = Complete | CompleteNth | Refused | Clock | Message | Job | Expect
_STEPS: Mapping[str, type[_Strict]] = {
    "complete": Complete,
    "task": CompleteNth,
    "refused": Refused,
    "clock": Clock,
    "message": Message,
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


def read_scenario(data: bytes, file: str) -> Scenario:
    """Reads one scenario.  Raises DiagramError with a finding per key at fault."""
    content = load_yaml(data, file)
    findings: list[Finding] = []
    if not isinstance(content, dict):
        raise DiagramError([_finding(file, "сценарий — это отображение с ключом scenario")])
    content = {**content, "file": file}
    content["steps"] = _steps(content.get("steps"), file, findings)
    content["jobs"] = _jobs(content.get("jobs"), file, findings)
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        raise DiagramError([*findings, *_said(error, file, "")]) from error
    if f"{scenario.scenario}.yaml" != file.rsplit("/", 1)[-1]:
        findings.append(_finding(file, f"сценарий {scenario.scenario} назван не как файл"))
    if scenario.start.refused is not None and scenario.steps:
        findings.append(_finding(file, "у случая, который не начался, шагов нет"))
    if not scenario.steps and scenario.start.refused is None:
        findings.append(_finding(file, "в сценарии нет шагов"))
    if findings:
        raise DiagramError(findings)
    return scenario


def _steps(raw: Any, file: str, findings: list[Finding]) -> list[Any]:
    if raw is not None and not isinstance(raw, list):
        findings.append(_finding(file, "steps — это список"))
        return []
    steps = []
    for number, item in enumerate(raw or [], start=1):
        kinds = [kind for kind in _STEPS if isinstance(item, dict) and kind in item]
        if len(kinds) != 1:
            said = f"шаг {number}: нужно ровно одно из {', '.join(_STEPS)}"
            findings.append(_finding(file, said))
            continue
        try:
            steps.append(_STEPS[kinds[0]].model_validate(item))
        except ValidationError as error:
            findings += _said(error, file, f"шаг {number}: ")
    return steps


def _jobs(raw: Any, file: str, findings: list[Finding]) -> dict[str, list[Answer]]:
    if raw is not None and not isinstance(raw, dict):
        findings.append(_finding(file, "jobs — это отображение тем"))
        return {}
    answers: dict[str, list[Answer]] = {}
    for topic, given in (raw or {}).items():
        for item in given if isinstance(given, list) else [given]:
            try:
                answers.setdefault(str(topic), []).append(_answer(str(topic), item))
            except ValidationError as error:
                findings += _said(error, file, f"jobs.{topic}: ")
            except ValueError as error:
                findings.append(_finding(file, f"jobs.{topic}: {error}"))
    return answers


def _answer(topic: str, item: Any) -> Answer:
    if not isinstance(item, dict):
        raise ValueError("ответ — это отображение")
    if any(str(key).startswith("$") for key in item):
        if len(item) != 1 or not set(item) <= {"$fail", "$hold"}:
            raise ValueError("рядом с $fail и $hold ничего не стоит")
        return Answer(fail=item.get("$fail"), hold=item.get("$hold", False))
    return Answer(result=checked_result(topic, item))


def checked_result(topic: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as the topic declares it.  Raises ValueError for an output that the topic has not, or of another
    type."""
    known = TOPICS[topic].outputs if topic in TOPICS else {}
    kept = {}
    for name, value in result.items():
        if name not in known:
            raise ValueError(f"у темы нет ответа {name}, есть: {', '.join(known)}")
        try:
            kept[name] = check_value(known[name].rstrip("?"), value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return kept


def _said(error: ValidationError, file: str, where: str) -> Sequence[Finding]:
    return [_finding(file, f"{where}{'.'.join(map(str, item['loc']))}: {item['msg']}") for item in error.errors()]


def _finding(file: str, message: str) -> Finding:
    return Finding("error", "scenario", file, message, "Исправьте сценарий: docs/reference/scenarios.md")
