"""What every request passes, on a small application of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import orjson
import pytest
from fastapi import APIRouter, FastAPI, Query
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import Response

from kt_flows.api import openapi, problems
from kt_flows.api.door import BODY, PERMISSION, PREFIXES, Door, current_actor
from kt_flows.api.front import Front
from kt_flows.api.models import StartAsked
from kt_flows.api.server import listen
from kt_flows.api.sessions import Cookies
from kt_flows.clock import SystemClock
from kt_flows.errors import Conflict, DiagramError, FieldError, Finding, InvalidValues
from kt_flows.security import Actor, Credential
from support.http import serving

ACTORS = {
    "crm-token": Actor("siebel", frozenset({"crm"})),
    "analyst-token": Actor("dana", frozenset({"analyst"})),
    "operator-token": Actor("anna", frozenset({"operator"}), frozenset({"operator_160"})),
}
router = APIRouter(route_class=Door)


class Known:
    """Knows who is in ACTORS, and remembers nobody."""

    def credential(self, token: str) -> Credential:
        return Credential(token, "")

    def remembered(self, credential: Credential) -> Actor | None:
        return None

    def holder(self, credential: Credential) -> Actor | None:
        return ACTORS.get(credential.id)


@router.post("/start", openapi_extra={PERMISSION: "instances.start"})
def start_something(request: Request, body: StartAsked) -> dict[str, Any]:
    return {"by": current_actor(request).name, "key": body.definition_key, "variables": body.variables}


@router.get("/list", openapi_extra={PERMISSION: "instances.read", PREFIXES: ["variable."]})
def list_something(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> dict[str, int]:
    return {"limit": limit}


@router.put("/raw", openapi_extra={BODY: 1000})
async def raw_something(request: Request) -> int:
    return len(await request.body())


@router.get("/raise/{what}")
def raise_something(what: str) -> None:
    errors: dict[str, Exception] = {
        "conflict": Conflict("Done already."),
        "diagram": DiagramError([Finding("error", "cel", "a/process.bpmn", "no such name", "declare it", "gw", 7)]),
        "branch": InvalidValues([FieldError("values.branch", "Нет такого филиала", "err_bad_branch")]),
        "field": InvalidValues([FieldError("values.phone", "Неверный номер", "phone")]),
        "bug": RuntimeError("secret +77011234567"),
        "database": OperationalError("select secret", {}, Exception("secret")),
    }
    raise errors[what]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.state.authenticate = Known()
    app.state.sessions = Cookies("test", SystemClock(), secure=False)
    app.include_router(router)
    problems.install(app)
    app.add_middleware(Front, hosts=("127.0.0.1",))
    with serving(app) as url, httpx.Client(base_url=url) as client:
        yield client


def ask(client: httpx.Client, method: str, path: str, token: str | None = "crm-token", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= more.pop("headers", {})
    return client.request(method, path, headers=headers, **more)


def told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance", "code"} <= set(body)
    assert (body["status"], body["code"]) == (status, code)
    return body


def test_a_good_request_comes_through(client: httpx.Client) -> None:
    answer = ask(client, "POST", "/start", json={"definitionKey": "loan", "variables": {"a": [1, "я"]}})
    assert answer.json() == {"by": "siebel", "key": "loan", "variables": {"a": [1, "я"]}}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic Y3JtOg=="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer unknown"},
        {"Authorization": "Bearer " + "x" * 9000},
        {"X-Roles": "admin", "X-Api-Key": "crm-token"},
    ],
)
def test_a_stranger_learns_nothing_of_the_bodys_faults(client: httpx.Client, headers: dict[str, str]) -> None:
    answer = ask(client, "POST", "/start?api_key=crm-token", None, headers=headers, content=b"{{{")
    told(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_two_tokens_are_none(client: httpx.Client) -> None:
    headers = [("Authorization", "Bearer crm-token"), ("Authorization", "Bearer operator-token")]
    told(client.get("/list", headers=headers), 401, "unauthenticated")


def test_a_role_without_the_permission_is_refused(client: httpx.Client) -> None:
    told(ask(client, "POST", "/start", "analyst-token", json={}), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "definitionKey"),
        ({"definitionKey": 7}, "definitionKey"),
        ({"definitionKey": "a b"}, "definitionKey"),
        ({"definition_key": "loan"}, "definition_key"),
        ({"definitionKey": "loan", "version": "1"}, "version"),
        ({"definitionKey": "loan", "version": True}, "version"),
        ({"definitionKey": "loan", "variables": []}, "variables"),
        ({"definitionKey": "loan", "extra": 1}, "extra"),
    ],
)
def test_a_body_of_another_shape_names_the_field(client: httpx.Client, body: dict[str, Any], field: str) -> None:
    refused = told(ask(client, "POST", "/start", json=body), 422, "invalid_values")
    assert field in [error["field"] for error in refused["errors"]]


def test_a_value_that_cannot_be_kept_names_its_place(client: httpx.Client) -> None:
    raw = b'{"definitionKey": "loan", "variables": {"a": {"b": [1, NaN]}}}'
    refused = told(
        ask(client, "POST", "/start", content=raw, headers={"Content-Type": "application/json"}),
        422,
        "invalid_values",
    )
    assert refused["errors"] == [
        {"field": "variables.a.b[1]", "message": "NaN is not a JSON number.", "code": "number"}
    ]


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe{\x00}\x00", b'{"a": "\xff"}'])
def test_what_is_no_json_is_400(client: httpx.Client, raw: bytes) -> None:
    answer = ask(client, "POST", "/start", content=raw, headers={"Content-Type": "application/json"})
    told(answer, 400, "malformed")


def test_an_absent_body_is_named(client: httpx.Client) -> None:
    told(ask(client, "POST", "/start"), 422, "invalid_values")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {},
    ],
)
def test_another_media_type_is_415(client: httpx.Client, headers: dict[str, str]) -> None:
    answer = ask(client, "POST", "/start", content=b'{"definitionKey": "loan"}', headers=headers)
    told(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8", "application/vnd.x+json"])
def test_json_by_any_of_its_names_is_read(client: httpx.Client, kind: str) -> None:
    answer = ask(client, "POST", "/start", content=b'{"definitionKey": "loan"}', headers={"Content-Type": kind})
    assert answer.status_code == 200


def test_a_large_body_is_413_whether_it_says_so_or_not(client: httpx.Client) -> None:
    raw = b'{"definitionKey": "' + b"x" * 1024 * 1024 + b'"}'
    json_type = {"Content-Type": "application/json"}
    told(ask(client, "POST", "/start", content=raw, headers=json_type), 413, "too_large")
    parts = (raw[start : start + 65536] for start in range(0, len(raw), 65536))
    told(ask(client, "POST", "/start", content=parts, headers=json_type), 413, "too_large")
    assert ask(client, "PUT", "/raw", content=b"x" * 1000).json() == 1000
    told(ask(client, "PUT", "/raw", content=b"x" * 1001), 413, "too_large")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=1e9", "limit"),
        ("limit=-1", "limit"),
        ("offset=1", "offset"),
        ("limit=1&limit=2", "limit"),
        ("limit=%00", "limit"),
        ("variables.a=1", "variables.a"),
    ],
)
def test_a_parameter_that_is_not_right_is_400(client: httpx.Client, query: str, field: str) -> None:
    refused = told(ask(client, "GET", f"/list?{query}"), 400, "bad_query")
    assert refused["errors"][0]["field"] == field


def test_a_family_of_parameters_is_let_in(client: httpx.Client) -> None:
    assert ask(client, "GET", "/list?variable.branch=ALA&limit=7").json() == {"limit": 7}


def test_what_is_not_there(client: httpx.Client) -> None:
    told(ask(client, "GET", "/nothing"), 404, "not_found")
    told(ask(client, "GET", "/list/"), 404, "not_found")
    refused = ask(client, "DELETE", "/list")
    told(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET"


def test_errors_become_problems(client: httpx.Client) -> None:
    assert told(ask(client, "GET", "/raise/conflict"), 409, "conflict")["detail"] == "Done already."
    assert told(ask(client, "GET", "/raise/diagram"), 422, "diagram_refused")["findings"] == [
        {
            "severity": "error",
            "rule": "cel",
            "file": "a/process.bpmn",
            "elementId": "gw",
            "line": 7,
            "message": "no such name",
            "hint": "declare it",
        }
    ]
    told(ask(client, "GET", "/raise/field"), 422, "invalid_values")
    assert told(ask(client, "GET", "/raise/branch"), 422, "err_bad_branch")["errors"][0]["field"] == "values.branch"


def test_the_database_away_is_503_and_a_bug_is_500_without_a_word_of_it(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    away = ask(client, "GET", "/raise/database")
    told(away, 503, "unavailable")
    assert away.headers["retry-after"] == "2"
    assert "secret" not in away.text
    bug = ask(client, "GET", "/raise/bug")
    told(bug, 500, "broken")
    assert "secret" not in bug.text + bug.headers.get("retry-after", "")


def test_another_hosts_name_is_refused(client: httpx.Client) -> None:
    told(ask(client, "GET", "/list", headers={"Host": "evil.example"}), 400, "malformed")


def test_no_cors_and_no_method_override(client: httpx.Client) -> None:
    answer = ask(client, "GET", "/list", headers={"Origin": "null", "X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_descriptions_in_three_dialects() -> None:
    app = FastAPI(title="kt-flows", generate_unique_id_function=openapi.operation_id)
    app.include_router(router)
    document = openapi.describe(app, "https://flows.telecom.kz")
    assert document["paths"]["/start"]["post"]["security"] == [{"bearer": []}]
    assert document["paths"]["/start"]["post"]["operationId"] == "startSomething"
    old = openapi.to_3_0(document)
    text = orjson.dumps(old)
    for word in (b'"type":"null"', b'"const"', b'"prefixItems"'):
        assert word not in text
    assert old["components"]["schemas"]["StartAsked"]["properties"]["version"] == {
        "nullable": True,
        "type": "integer",
        "minimum": 1,
        "maximum": 2147483647,
        "title": "Version",
    }
    oldest = openapi.to_2_0(document)
    assert (oldest["host"], oldest["schemes"], oldest["basePath"]) == ("flows.telecom.kz", ["https"], "/")
    body = oldest["paths"]["/start"]["post"]["parameters"][0]
    assert body == {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/StartAsked"}}
    assert b"#/components" not in orjson.dumps(oldest)


def test_an_unread_answer_class_is_untouched() -> None:
    """Answers are made by hand, so FastAPI must not wrap them."""
    assert isinstance(problems.problem(Conflict(), "/x"), Response)


def test_a_small_answer_is_not_held_back() -> None:
    """asyncio switches Nagle's algorithm off only for a socket that says that it is TCP's."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
