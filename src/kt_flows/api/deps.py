"""What endpoints are handed: the runtime, who asks; and how a route says what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from starlette.responses import Response

from kt_flows.api.door import BODY, PERMISSION, PREFIXES, current_actor
from kt_flows.api.models import Problem
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor, Permission


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _actor(request: Request) -> Actor:
    return current_actor(request)


async def _body(request: Request) -> bytes:
    """The raw body, already read by the door and within the route's limit."""
    return await request.body()


Rt = Annotated[Runtime, Depends(_runtime)]
Who = Annotated[Actor, Depends(_actor)]
RawBody = Annotated[bytes, Depends(_body)]

_MEANING = {
    204: "There is none.",
    304: "Nothing has changed.",
    400: "The request cannot be read, or a parameter is not right.",
    401: "No valid bearer token.",
    403: "The caller may not do this.",
    404: "There is nothing here that the caller may see.",
    409: "The state has moved on.",
    413: "The body is too large.",
    415: "The media type is not supported.",
    422: "Some values are not acceptable.",
    429: "Too many requests at once.",
    503: "The database is away.",
}


def asks(
    permission: Permission | None,
    *also: int,
    body_bytes: int | None = None,
    prefixes: tuple[str, ...] = (),
    **extra: Any,
) -> dict[str, Any]:
    """Keyword arguments of a route: the permission it needs and the problems it may answer besides the usual."""
    usual = [400, 429, 503] + ([401, 403] if permission else [])
    described: dict[str, Any] = {PERMISSION: permission} if permission else {}
    if body_bytes is not None:
        described[BODY] = body_bytes
    if prefixes:
        described[PREFIXES] = list(prefixes)
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    problems: Mapping[int | str, dict[str, Any]] = {
        status: {"description": _MEANING[status], **(problem if status >= 400 else {})}
        for status in sorted({*usual, *also})
    }
    return {"openapi_extra": {**described, **extra}, "responses": dict(problems)}


def said(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer; orjson writes times as RFC 3339."""
    return Response(orjson.dumps(content, option=orjson.OPT_UTC_Z), status, headers, "application/json")


__all__ = ["Problem", "RawBody", "Rt", "Who", "asks", "said"]
