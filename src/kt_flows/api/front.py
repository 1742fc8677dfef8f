"""Around every request: an id for the log, a limit for how many at once, headers that browsers obey, one log line."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kt_flows import tracing
from kt_flows.api.problems import TooMany, problem
from kt_flows.api.strict_json import Malformed
from kt_flows.metrics import REQUESTS
from kt_flows.tracing import Span

log = logging.getLogger("kt_flows.access")

MOST_AT_ONCE = 256
"""Requests in hand; the next one is told to come again (429) instead of waiting in memory."""
MOST_STREAMS = 2000
"""Event streams: each is a browser that mostly listens, so they do not count among the requests."""
_STREAM = "/v1/events"

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
_DEFAULT_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other word is one label: a caller may make up as many as they like."""
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})


class Front:
    """The outermost ASGI layer of the API."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        """`hosts`: the names that a Host header may have; none means any."""
        self.app = app
        self.hosts = frozenset(hosts)
        self.in_hand = 0
        self.streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.monotonic()
        status = 500
        smuggles = {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                said = {name.lower() for name, _ in headers}
                headers += _HEADERS + [header for header in _DEFAULT_HEADERS if header[0] not in said]
                headers.append((b"x-request-id", request_id.encode()))
                if smuggles:
                    headers.append((b"connection", b"close"))
                message = {**message, "headers": headers}
            await send(message)

        streams = scope["path"] == _STREAM
        self.streams, self.in_hand = self.streams + streams, self.in_hand + (not streams)
        with _traced(scope, request_id) as span:
            try:
                refusal = self._refusal(scope, smuggles)
                await (refusal or self.app)(scope, receive, sending)
            finally:
                self.streams, self.in_hand = self.streams - streams, self.in_hand - (not streams)
                _tell(span, scope, status)
                self._log(scope, request_id, status, time.monotonic() - started)

    def _refusal(self, scope: Scope, smuggles: bool) -> ASGIApp | None:
        request = Request(scope)
        if smuggles:
            # A proxy in front may have believed the other one, and taken what follows for a request (RFC 9112, 6.1).
            return problem(Malformed("Content-Length and Transfer-Encoding contradict each other."), request.url.path)
        if self.in_hand > MOST_AT_ONCE or self.streams > MOST_STREAMS:
            return problem(TooMany(), request.url.path)
        if self.hosts and (request.url.hostname or "") not in self.hosts:
            return problem(Malformed("The Host header names another service."), request.url.path)
        return None

    def _log(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        """The route's template and never the address: addresses hold filters, filters hold values."""
        route = getattr(scope.get("route"), "path", None)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        actor = scope.get("state", {}).get("actor")
        extra = {
            "request_id": request_id,
            "method": scope["method"],
            "route": route,
            "status": status,
            "seconds": round(seconds, 4),
            "actor": getattr(actor, "name", None),
        }
        method = scope["method"] if scope["method"] in _METHODS else "other"
        REQUESTS.labels(method, route or "none", str(status)).observe(seconds)
        log.log(level, "request", extra=extra)


def _traced(scope: Scope, request_id: str) -> AbstractContextManager[Span]:
    """A span, in the caller's trace where a traceparent header names one; none for what is asked all the time."""
    if scope["path"] in _QUIET:
        return nullcontext(Span())
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
    parent = given[0] if len(given) == 1 else None
    return tracing.span("request", "server", parent=parent, request_id=request_id)


def _tell(span: Span, scope: Scope, status: int) -> None:
    """The route's template and never the address."""
    route = getattr(scope.get("route"), "path", None)
    method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
    span.called(f"{method} {route}" if route else method)
    span.say(method=method, route=route, status=status)
    if status >= 500:
        span.failed(str(status))
