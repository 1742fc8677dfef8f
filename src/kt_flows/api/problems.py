"""An error's branch to its RFC 9457 problem: one table for all of the API."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kt_flows.api.strict_json import Malformed
from kt_flows.errors import (
    Broken,
    Conflict,
    DiagramError,
    FieldError,
    FlowsError,
    Forbidden,
    InvalidValues,
    NotFound,
    OutsideError,
    Refused,
    TooLarge,
    Unauthenticated,
)

log = logging.getLogger(__name__)


class BadQuery(InvalidValues):
    """A parameter of the address or a header is not what the API knows."""

    code = "bad_query"


class UnsupportedMedia(Refused):
    """The body is not of a media type that this call reads."""

    code = "unsupported_media_type"


class MethodNotAllowed(Refused):
    """There is no such method at this address."""

    code = "method_not_allowed"


class TooMany(Refused):
    """Too many requests at once; ask again a little later."""

    code = "too_many_requests"


class Unavailable(FlowsError):
    """The database cannot be reached just now; ask again a little later."""

    code = "unavailable"


STATUS: Mapping[type[FlowsError], tuple[int, str]] = {
    Malformed: (400, "The request cannot be read"),
    BadQuery: (400, "The request's parameters are not right"),
    Unauthenticated: (401, "Who asks is not known"),
    Forbidden: (403, "Not allowed"),
    NotFound: (404, "Not found"),
    MethodNotAllowed: (405, "Method not allowed"),
    Conflict: (409, "The state has moved on"),
    TooLarge: (413, "Too large"),
    UnsupportedMedia: (415, "Media type not supported"),
    InvalidValues: (422, "Some values are not acceptable"),
    DiagramError: (422, "The diagrams cannot be deployed"),
    TooMany: (429, "Too many requests"),
    Refused: (422, "The request cannot be served"),
    Unavailable: (503, "Not available just now"),
    OutsideError: (503, "An outside system is not available"),
    Broken: (500, "Something is broken inside"),
    FlowsError: (500, "Something is broken inside"),
}
"""Error class to status and title; a subclass that is not listed takes its nearest ancestor's."""

RETRY_AFTER = "2"
_DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError)


def status_of(error: FlowsError) -> tuple[int, str]:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: FlowsError, instance: str) -> Response:
    """The answer for an error; `instance` is the request's own path."""
    status, title = status_of(error)
    code = error.code
    body: dict[str, Any] = {
        "type": f"urn:kt-flows:problem:{code}",
        "title": title,
        "status": status,
        "detail": error.message if status != 500 else "See the service's log.",
        "instance": instance,
        "code": code,
    }
    if isinstance(error, InvalidValues):
        body["errors"] = [asdict(fault) for fault in error.errors]
        if error.errors and (own := _own_code(error)):
            body["code"] = own
            body["type"] = f"urn:kt-flows:problem:{own}"
    if isinstance(error, DiagramError):
        body["findings"] = [finding_json(finding) for finding in error.findings]
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="kt-flows"'
    if status in (429, 503):
        headers["Retry-After"] = RETRY_AFTER
    return Response(orjson.dumps(body), status, headers, "application/problem+json")


def _own_code(error: InvalidValues) -> str | None:
    """A form's own code (`err_bad_branch`) is what a caller acts on, so it stands at the top."""
    first = error.errors[0].code
    return first if type(error) is InvalidValues and first.startswith("err_") else None


def finding_json(finding: Any) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "rule": finding.rule,
        "file": finding.file,
        "elementId": finding.element_id,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
    }


def from_validation(error: RequestValidationError) -> InvalidValues:
    """pydantic's faults as ours: where, what; never the value itself."""
    faults, query = [], False
    for fault in error.errors():
        where = fault["loc"]
        query = query or where[0] != "body"
        faults.append(FieldError(_path(where[1:]) or str(where[0]), str(fault["msg"]), str(fault["type"])))
    return BadQuery(faults) if query else InvalidValues(faults)


def _path(where: tuple[int | str, ...]) -> str:
    path = ""
    for part in where:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def from_http(error: HTTPException) -> FlowsError:
    """Starlette's own refusals: no such address, no such method, an unreadable multipart body."""
    kinds: Mapping[int, type[FlowsError]] = {
        401: Unauthenticated,
        403: Forbidden,
        404: NotFound,
        405: MethodNotAllowed,
        413: TooLarge,
        415: UnsupportedMedia,
        429: TooMany,
        503: Unavailable,
    }
    if error.status_code in kinds:
        return kinds[error.status_code]()
    return Malformed() if error.status_code < 500 else Broken()


def answer_for(error: Exception, request: Request) -> Response:
    """The problem for any error; what nobody expected is logged and told as a 500 without its text."""
    path = request.url.path
    request_id = request.scope.get("state", {}).get("request_id")
    if isinstance(error, FlowsError):
        if status_of(error)[0] == 500:
            log.error("broken", exc_info=error, extra={"code": error.code, "request_id": request_id})
        return problem(error, path)
    if isinstance(error, _DATABASE_AWAY) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        log.warning("database away", extra={"reason": type(error.__cause__ or error).__name__})
        return problem(Unavailable(), path)
    log.error("unexpected error", exc_info=error, extra={"method": request.method, "request_id": request_id})
    return problem(Broken(), path)


def install(app: FastAPI) -> None:
    """Turns what is refused before or beside a route into a problem as well."""

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(from_validation(error), request.url.path)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = problem(from_http(error), request.url.path)
        answer.headers.update({name: value for name, value in (error.headers or {}).items() if name == "Allow"})
        return answer

    async def flows(request: Request, error: Exception) -> Response:
        return answer_for(error, request)

    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(FlowsError, flows)
    app.add_exception_handler(DBAPIError, flows)
