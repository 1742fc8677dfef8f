"""What supervisors are told and may say, as types: see `models.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from kt_flows.api.models import Given, Job, Reason, Told, Variables


class GroupCount(Told):
    group: str
    open: int
    overdue: int


class TaskCounts(Told):
    mine: int
    unassigned: int
    overdue: int
    groups: list[GroupCount]


class Late(Told):
    overdue: int
    soon: int


class LateOf(Late):
    key: str | None = Field(description="Null: nobody's, or of no branch.")


class Due(Told):
    kind: Literal["task", "case"]
    instance_id: str
    task_id: str | None
    definition_key: str
    element_id: str | None
    name: str | None
    business_key: str | None
    branch: str | None
    assignee: str | None
    groups: list[str]
    due_at: datetime
    variables: Variables


class Deadlines(Told):
    now: datetime
    until: datetime
    tasks: Late
    cases: Late
    by_process: list[LateOf]
    by_branch: list[LateOf]
    by_person: list[LateOf] = Field(description="Of tasks alone: a case is in nobody's hands.")
    items: list[Due]
    next_cursor: str | None


class JobInFull(Job):
    payload: dict[str, Any]


class RetryAsked(Given):
    payload: dict[str, Any] | None = Field(default=None, description="Values of an outside call to replace, by name.")
    variables: dict[str, Any] | None = Field(
        default=None, description="Variables of the process that the element stands in; it reads its inputs anew."
    )


class SkipAsked(Given):
    reason: Reason
    result: dict[str, Any] | None = Field(default=None, description="What the outside would have answered.")
