"""Views of the store to the API's JSON, name by name: what contract and `models.py` say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kt_flows.clock import to_text

Json = dict[str, Any]


def instance_json(view: Any) -> Json:
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
        "endedAt": to_text(view.ended_at) if view.ended_at else None,
        "waits": [wait_json(wait) for wait in view.waits],
    }


def wait_json(view: Any) -> Json:
    """Only what the kind of wait has."""
    names = {
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
    told: Json = {"kind": view.kind, "elementId": view.element_id}
    for name, said in names.items():
        value = getattr(view, name, None)
        if value is not None:
            told[said] = _plain(value)
    return told


def _plain(value: Any) -> Any:
    if hasattr(value, "astimezone"):
        return to_text(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return value if isinstance(value, str | int | float | bool) else str(value)
