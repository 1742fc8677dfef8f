"""Roles by routes: each pair has an expected answer, and a route without an entry fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from kt_flows.security import PERMISSIONS
from support.api import Api, answer

ID = str(uuid4())
STRANGER = "nobody"

# Route -> who may: the answer to all others is 403, to a stranger 401.
EVERYBODY = frozenset({"admin", "crm", "anna", "chief", "analyst"})
PEOPLE = frozenset({"admin", "anna", "chief"})
OPEN: frozenset[str] = frozenset({"GET /health/live", "GET /health/ready", "GET /metrics"})
SESSION: frozenset[str] = frozenset({"POST /v1/session", "GET /v1/session", "DELETE /v1/session"})
"""They know for themselves who asks: tests/api/test_session.py."""
MATRIX: Mapping[str, frozenset[str]] = {
    "GET /docs": EVERYBODY,
    "GET /openapi.json": EVERYBODY,
    "GET /openapi-3.0.json": EVERYBODY,
    "GET /swagger-2.0.json": EVERYBODY,
    "GET /v1/definitions": EVERYBODY,
    "GET /v1/definitions/{id}": EVERYBODY,
    "GET /v1/definitions/{id}/bpmn": EVERYBODY,
    "GET /v1/definitions/{id}/form": EVERYBODY,
    "GET /v1/texts": EVERYBODY,
    "POST /v1/deployments": frozenset({"admin", "analyst"}),
    "GET /v1/events": EVERYBODY,
    "GET /v1/instances": EVERYBODY,
    "POST /v1/instances": PEOPLE | {"crm"},
    "GET /v1/instances/{id}": EVERYBODY,
    "GET /v1/instances/{id}/history": EVERYBODY,
    "GET /v1/instances/{id}/definitions": EVERYBODY,
    "GET /v1/instances/{id}/tokens": EVERYBODY,
    "GET /v1/instances/{id}/then": EVERYBODY,
    "GET /v1/instances/{id}/correspondence": EVERYBODY,
    "GET /v1/instances/{id}/comments": EVERYBODY,
    "GET /v1/instances/{id}/attachments": EVERYBODY,
    "POST /v1/instances/{id}/attachments": PEOPLE,
    "GET /v1/attachments/{id}": EVERYBODY,
    "GET /v1/instances/{id}/waits": EVERYBODY,
    "POST /v1/instances/{id}/cancel": frozenset({"admin", "chief"}),
    "POST /v1/instances/{id}/resume": frozenset({"admin", "chief"}),
    "POST /v1/instances/{id}/suspend": frozenset({"admin", "chief"}),
    "POST /v1/instances/{id}/migrate": frozenset({"admin", "chief"}),
    "GET /v1/jobs": frozenset({"admin", "chief", "analyst"}),
    "GET /v1/jobs/{id}": frozenset({"admin", "chief", "analyst"}),
    "POST /v1/jobs/{id}/skip": frozenset({"admin", "chief"}),
    "POST /v1/jobs/{id}/cancel": frozenset({"admin", "chief"}),
    "POST /v1/jobs/{id}/retry": frozenset({"admin", "chief"}),
    "POST /v1/messages": PEOPLE | {"crm"},
    "POST /v1/signals": PEOPLE | {"crm"},
    "POST /v1/conditions": PEOPLE | {"crm"},
    "GET /v1/mails": PEOPLE,
    "GET /v1/mails/{id}": PEOPLE,
    "GET /v1/notices": PEOPLE,
    "GET /v1/deadlines": PEOPLE,
    "GET /v1/figures": frozenset({"admin", "chief", "analyst"}),
    "GET /v1/figures.csv": frozenset({"admin", "chief", "analyst"}),
    "GET /v1/heat": frozenset({"admin", "chief", "analyst"}),
    "GET /v1/indicators": EVERYBODY,
    "GET /v1/filters": PEOPLE,
    "POST /v1/filters": PEOPLE,
    "PUT /v1/filters/{id}": PEOPLE,
    "DELETE /v1/filters/{id}": PEOPLE,
    "GET /v1/people": frozenset({"admin", "chief"}),
    "GET /v1/tasks": PEOPLE,
    "GET /v1/tasks/counts": PEOPLE,
    "GET /v1/tasks/{id}": PEOPLE,
    "GET /v1/tasks/{id}/comments": PEOPLE,
    "GET /v1/tasks/{id}/form": PEOPLE,
    "POST /v1/tasks/next": PEOPLE,
    "POST /v1/tasks/{id}/assign": frozenset({"admin", "chief"}),
    "POST /v1/tasks/{id}/claim": PEOPLE,
    "POST /v1/tasks/{id}/comments": PEOPLE,
    "POST /v1/tasks/{id}/complete": PEOPLE,
    "POST /v1/tasks/{id}/release": PEOPLE,
    "PUT /v1/tasks/{id}/draft": PEOPLE,
}


def routes(api: Api) -> dict[str, dict[str, Any]]:
    document = answer(api.as_("admin").get("/openapi.json"))
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_every_route_has_an_entry_and_a_permission(api: Api) -> None:
    described = routes(api)
    assert set(described) == set(MATRIX) | OPEN | SESSION
    for route, operation in described.items():
        assert (operation.get("x-permission") in PERMISSIONS) == (route in MATRIX), route
        assert ("security" in operation) == (route in MATRIX), route


@pytest.mark.parametrize("route", sorted(MATRIX))
def test_who_may(api: Api, route: str) -> None:
    method, path = route.split(" ")
    path = path.replace("{id}", ID)
    # A Last-Event-ID that is none ends the one call that would not end; what is asked for is refused otherwise.
    headers = {"Last-Event-ID": "none"} if path == "/v1/events" else {}
    for caller in sorted(EVERYBODY):
        told = api.as_(caller).request(method, path, headers=headers)
        if caller in MATRIX[route]:
            assert told.status_code not in (401, 403), f"{caller}: {told.text}"
        else:
            assert (told.status_code, told.json()["code"]) == (403, "forbidden"), caller
    stranger = api.as_("admin").request(method, path, headers={**headers, "Authorization": "Bearer x"})
    assert (stranger.status_code, stranger.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("route", sorted(OPEN))
def test_open_routes(api: Api, route: str) -> None:
    method, path = route.split(" ")
    assert api.as_("admin").request(method, path, headers={"Authorization": ""}).status_code == 200


def test_a_revoked_key_ends(api: Api) -> None:
    from kt_flows.api.tokens import ApiKeys
    from kt_flows.runtime import keys

    authenticate = ApiKeys(api.runtime.db, api.clock)
    token = keys.create(api.runtime.db, api.clock, name="x", roles=["crm"], days=1)
    assert authenticate(token) is not None
    keys.revoke(api.runtime.db, api.clock, token.split("_")[2])
    assert ApiKeys(api.runtime.db, api.clock)(token) is None
    assert authenticate(token[:-8] + "A" + token[-7:]) is None
