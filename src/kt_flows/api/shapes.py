"""Views of the store to the API's JSON, name by name: what the contract and `models.py` say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kt_flows.clock import to_text
from kt_flows.store.definitions import DefinitionView
from kt_flows.store.history import HistoryView
from kt_flows.store.instances import InstanceView
from kt_flows.store.job_list import JobSeen
from kt_flows.store.notices import NoticeView
from kt_flows.store.tasks import CommentView, TaskView
from kt_flows.store.waits import WaitView

Json = dict[str, Any]


def instance_json(view: InstanceView) -> Json:
    return {
        "id": str(view.id),
        "definitionId": str(view.definition_id),
        "definitionKey": view.definition_key,
        "version": view.version,
        "businessKey": view.business_key,
        "source": view.source,
        "state": view.state,
        "variables": view.variables,
        "startedAt": to_text(view.started_at),
        "endedAt": _time(view.ended_at),
        "waits": [wait_json(wait) for wait in view.waits],
    }


_WAIT = {
    "task_id": "taskId",
    "due_at": "dueAt",
    "name": "name",
    "correlation": "correlation",
    "job_id": "jobId",
    "topic": "topic",
    "state": "state",
    "groups": "groups",
    "assignee": "assignee",
    "error": "error",
}


def wait_json(view: WaitView) -> Json:
    """Only what this kind of wait has."""
    told: Json = {"kind": view.kind, "elementId": view.element_id}
    for name, said in _WAIT.items():
        value = getattr(view, name, None)
        if value is not None:
            told[said] = _plain(value)
    return told


def task_json(view: TaskView) -> Json:
    return {
        "id": str(view.id),
        "instanceId": str(view.instance_id),
        "definitionKey": view.definition_key,
        "elementId": view.element_id,
        "name": view.name,
        "formKey": view.form_key,
        "groups": list(view.groups),
        "assignee": view.assignee,
        "state": view.state,
        "priority": view.priority,
        "createdAt": to_text(view.created_at),
        "dueAt": _time(view.due_at),
        "completedAt": _time(view.completed_at),
        "completedBy": view.completed_by,
        "businessKey": view.business_key,
        "variables": view.variables,
        "draft": view.draft,
    }


def comment_json(view: CommentView) -> Json:
    return {"id": str(view.id), "at": to_text(view.at), "actor": view.actor, "text": view.text}


def history_json(view: HistoryView) -> Json:
    return {
        "id": str(view.id),
        "at": to_text(view.at),
        "kind": view.kind,
        "elementId": view.element_id,
        "definitionKey": view.definition_key,
        "actor": view.actor,
        "detail": view.detail,
        "wait": view.wait,
    }


def definition_json(view: DefinitionView) -> Json:
    return {
        "id": str(view.id),
        "key": view.key,
        "version": view.version,
        "name": view.name,
        "digest": view.digest,
        "deployedAt": _time(view.created_at),
    }


def job_json(view: JobSeen) -> Json:
    return {
        "id": str(view.id),
        "key": view.key,
        "kind": view.kind,
        "state": view.state,
        "instanceId": str(view.instance_id) if view.instance_id else None,
        "elementId": view.element_id,
        "attempt": view.attempt,
        "runAt": to_text(view.run_at),
        "lastError": view.last_error,
        "createdAt": to_text(view.created_at),
        "definitionKey": view.definition_key,
        "businessKey": view.business_key,
    }


def notice_json(view: NoticeView) -> Json:
    return {"key": view.key, "text": view.text, "groups": list(view.groups), "at": _time(view.created_at)}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    return value if isinstance(value, str | int | float | bool) else str(value)
