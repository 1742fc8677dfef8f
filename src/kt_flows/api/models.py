"""The API's bodies as types: what comes in (strict, nothing unknown), and what goes out (for the description).

Answers are built by `api/shapes.py` straight from the store's views; these models describe them, and a test holds
the two together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Item = TypeVar("Item")
Variables = Annotated[dict[str, Any], Field(description="Process variables by name; times are RFC 3339 texts.")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
BusinessKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]

InstanceState = Literal["active", "suspended", "stuck", "completed", "cancelled"]
TaskState = Literal["open", "claimed", "completed", "cancelled"]
Language = Literal["ru", "kk", "en"]
JobState = Literal["available", "running", "done", "stuck", "cancelled"]


class Given(BaseModel):
    """A body that a caller sends: values of exactly these types, and no other names."""

    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, validate_by_name=False, validate_by_alias=True
    )


class Told(BaseModel):
    """A body that the service answers."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class Nothing(Given):
    """A body without fields; it may also be left out."""


class StartAsked(Given):
    definition_key: Key
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    business_key: BusinessKey | None = None
    source: Name | None = None
    start_element: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    variables: Variables = Field(default_factory=dict)


class ReasonGiven(Given):
    reason: Reason


class MigrateAsked(Given):
    version: int = Field(ge=1, le=1_000_000, description="The version of its process to go on with.")
    dry_run: bool = Field(default=False, description="Only see whether the case would fit.")


class ReasonPerhaps(Given):
    reason: Reason | None = None


class Completion(Given):
    values: dict[str, Any] = Field(default_factory=dict, description="The form's fields by key.")


class AssignAsked(Given):
    assignee: Name = Field(description="The name that the person's key has.")


class NextAsked(Given):
    groups: list[Name] | None = Field(default=None, max_length=100, description="Some of the caller's own groups.")


class DraftGiven(Given):
    values: dict[str, Any] = Field(description="Half-filled form fields; they are not checked until completion.")


class CommentGiven(Given):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


class MessageGiven(Given):
    name: Name
    correlation: dict[str, str | int | bool] | None = Field(default=None, min_length=1, max_length=10)
    business_key: BusinessKey | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    message_id: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None


class SignalGiven(Given):
    name: Name
    payload: dict[str, Any] = Field(default_factory=dict)
    signal_id: Annotated[str, StringConstraints(min_length=1, max_length=400)] = Field(
        description="Your name for this one signal: send it again under the same one until it is answered."
    )


class ConditionsGiven(Given):
    variables: dict[str, Any] = Field(description="What has become known; each process takes what it declares.")


class Listed(Told, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


class Wait(Told):
    kind: Literal["task", "timer", "message", "signal", "job"]
    element_id: str
    task_id: str | None = None
    due_at: datetime | None = None
    name: str | None = None
    correlation: dict[str, Any] | None = None
    job_id: str | None = None
    topic: str | None = None
    state: str | None = None
    groups: list[str] | None = None
    assignee: str | None = None
    error: str | None = None


class Instance(Told):
    id: str
    definition_id: str
    definition_key: str
    version: int
    business_key: str | None
    source: str | None
    state: InstanceState
    variables: Variables
    started_at: datetime
    ended_at: datetime | None
    waits: list[Wait]


class Waits(Told):
    items: list[Wait]


class HistoryLine(Told):
    id: str
    at: datetime
    kind: str
    element_id: str | None
    definition_key: str | None
    actor: str | None
    detail: dict[str, Any]
    wait: int | None = Field(description="The number of the token that it is about.")


class Task(Told):
    id: str
    instance_id: str
    definition_key: str
    element_id: str
    name: str
    form_key: str | None
    groups: list[str]
    assignee: str | None
    state: TaskState
    priority: int
    created_at: datetime
    due_at: datetime | None
    completed_at: datetime | None
    completed_by: str | None
    business_key: str | None
    variables: Variables
    draft: dict[str, Any] | None


class Comment(Told):
    id: str
    at: datetime
    actor: str
    text: str


class MessageResult(Told):
    result: Literal["delivered", "buffered", "duplicate"]
    instance_ids: list[str]


class SignalResult(Told):
    result: Literal["delivered", "duplicate"]
    instance_ids: list[str] = Field(description="Cases that waited for it.")
    started: list[str] = Field(description="Cases that it began.")


class ConditionsResult(Told):
    started: list[str] = Field(description="Cases that began, also by an equal call before.")


class Definition(Told):
    id: str
    key: str
    version: int
    name: str
    digest: str
    deployed_at: datetime | None


class InLanguages(Told):
    ru: str
    kk: str
    en: str


class ElementTexts(Told):
    name: InLanguages
    clause: str | None = Field(default=None, description="Of the instruction; left out where there is none.")
    say: InLanguages | None = Field(default=None, description="What to say to the caller at this task.")


class ProcessTexts(Told):
    name: InLanguages
    owner: str
    start_form: bool = Field(description="Whether people begin a case of it with a form.")
    elements: dict[str, ElementTexts] = Field(description="By id: elements, flows, lanes, participants, notes.")


class Texts(Told):
    processes: dict[str, ProcessTexts] = Field(description="By process key.")


class DeployedDefinition(Told):
    id: str
    key: str
    version: int
    name: str


class FindingTold(Told):
    severity: Literal["error", "warning"]
    rule: str
    file: str
    element_id: str | None
    line: int | None
    message: str
    hint: str


class Deployment(Told):
    id: str | None
    definitions: list[DeployedDefinition]
    findings: list[FindingTold]


class Job(Told):
    id: str
    key: str
    kind: str
    state: JobState
    instance_id: str | None
    element_id: str | None
    attempt: int
    run_at: datetime
    last_error: str | None
    created_at: datetime
    definition_key: str | None = Field(description="Of its case, as the business key.")
    business_key: str | None


class Notice(Told):
    key: str
    text: str
    groups: list[str]
    at: datetime | None


class FieldFault(Told):
    field: str
    message: str
    code: str


class Problem(Told):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldFault] | None = None
    findings: list[FindingTold] | None = None
