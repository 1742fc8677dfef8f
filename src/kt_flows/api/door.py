"""What every request passes before an endpoint sees it: who asks, may they, are the names and the body right.

The order is deliberate: a stranger learns nothing about a body's faults, and nobody's body is read before it is known
who sends it.
"""

from __future__ import annotations

import email.message
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, cast

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kt_flows.api.problems import BadQuery, UnsupportedMedia, answer_for
from kt_flows.api.sessions import Session, Sessions, require_our_page
from kt_flows.api.strict_json import MAX_BYTES, Malformed, read_json
from kt_flows.errors import FieldError, Forbidden, TooLarge, Unauthenticated
from kt_flows.security import Actor, Authenticator, Credential, Permission

log = logging.getLogger(__name__)

PERMISSION = "x-permission"
"""Operation extension with the permission that a route asks for; a route without it is open to all."""

BODY = "x-body-bytes"
"""Operation extension of the routes that read something else than JSON: the most bytes that they take."""

PREFIXES = "x-query-prefixes"
"""Operation extension: query parameters that are a family (`variable.NAME`)."""

MAX_TOKEN = 8192
_SAY_WHO = "Send `Authorization: Bearer <API key>`, or sign in."


class Door(APIRoute):
    """A route of the API; see the module's sentence."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        extra = self.openapi_extra or {}
        permission = cast(Permission | None, extra.get(PERMISSION))
        raw_bytes = cast(int | None, extra.get(BODY))
        prefixes = tuple(extra.get(PREFIXES, ()))
        names = frozenset(_query_names(self.dependant))
        reads_json = self.body_field is not None and raw_bytes is None

        async def handle(request: Request) -> Response:
            try:
                if permission is not None:
                    await authorize(request, permission)
                _check_query(request, names, prefixes)
                if raw_bytes is not None:
                    await _read(request, raw_bytes)
                elif reads_json:
                    await _read_json(request)
                return await inner(request)
            except (RequestValidationError, HTTPException):
                raise
            except ClientDisconnect:
                return Response(status_code=499)
            except Exception as error:  # the last door: nothing of an error's text may reach the caller
                return answer_for(error, request)

        return handle


async def authorize(request: Request, permission: Permission) -> None:
    actor = await caller(request)
    if not actor.may(permission):
        raise Forbidden(f"This needs the permission {permission}.")
    request.state.actor = actor


async def caller(request: Request) -> Actor:
    """Who asks: by the token where there is an Authorization header, else by the session cookie.

    Raises Unauthenticated, NotOurPage.
    """
    if "authorization" in request.headers:
        token = bearer_token(request)
        if token is None:
            raise Unauthenticated(_SAY_WHO)
        return (await by_token(request, token))[0]
    sessions: Sessions = request.app.state.sessions
    session = sessions.of(request)
    if session is None:
        raise Unauthenticated(_SAY_WHO)
    actor = await by_session(request, session)
    require_our_page(request, session)
    return actor


async def by_token(request: Request, token: str) -> tuple[Actor, Credential]:
    """Whose token it is, and what it is known by.  Raises Unauthenticated."""
    authenticate: Authenticator = request.app.state.authenticate
    credential = authenticate.credential(token)
    actor = None if credential is None else await _holder(authenticate, credential)
    if actor is None or credential is None:
        raise Unauthenticated("The token is unknown, expired or revoked.")
    return actor, credential


async def by_session(request: Request, session: Session) -> Actor:
    """Whose session it is.  Raises Unauthenticated where the token that opened it is no more."""
    actor = await _holder(request.app.state.authenticate, session.credential)
    if actor is None:
        raise Unauthenticated("The key that this session was opened with is expired or revoked.")
    return actor


async def _holder(authenticate: Authenticator, credential: Credential) -> Actor | None:
    return authenticate.remembered(credential) or await run_in_threadpool(authenticate.holder, credential)


def bearer_token(request: Request) -> str | None:
    """The token in the one Authorization header; never from the address."""
    headers = request.headers.getlist("authorization")
    if len(headers) != 1 or len(headers[0]) > MAX_TOKEN:
        return None
    scheme, _, token = headers[0].partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.isascii() and token else None


def current_actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for part in dependant.dependencies:
        yield from _query_names(part)


def _check_query(request: Request, names: frozenset[str], prefixes: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in names and not name.startswith(prefixes or ("\0",)):
            raise BadQuery([FieldError(name[:100], "There is no such parameter.", "unknown")])
        if name in seen:
            raise BadQuery([FieldError(name[:100], "The parameter stands twice.", "duplicate")])
        if "\x00" in value or len(value) > 4096:
            raise BadQuery([FieldError(name[:100], "The value has a NUL or is too long.", "invalid")])
        seen.add(name)


async def _read_json(request: Request) -> None:
    raw = await _read(request, MAX_BYTES)
    if not raw:
        return
    said = request.headers.get("content-type")
    if said is None or not is_json(said):
        raise UnsupportedMedia("Send the body as application/json.")
    # FastAPI takes the value from here instead of reading the bytes by itself.
    request._json = read_json(raw) if len(raw) < 65536 else await run_in_threadpool(read_json, raw)


def is_json(content_type: str) -> bool:
    """True for application/json and application/…+json, in UTF-8 if it says a character set."""
    message = email.message.Message()
    message["content-type"] = content_type
    kind, charset = message.get_content_type(), message.get_content_charset("utf-8")
    return (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))) and (
        charset in ("utf-8", "utf8", "us-ascii")
    )


async def _read(request: Request, most: int) -> bytes:
    """The body, never more than `most` bytes of it in memory."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Send the body without a content encoding.")
    length = request.headers.get("content-length")
    if length is not None and (not length.isdecimal() or int(length) > most):
        raise TooLarge(f"The body is larger than {most} bytes.") if length.isdecimal() else Malformed()
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooLarge(f"The body is larger than {most} bytes.")
        parts.append(part)
    request._body = b"".join(parts)
    return request._body
