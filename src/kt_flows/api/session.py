"""Signing in and out of the pages: a token is traded for a session cookie."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import StringConstraints
from starlette.responses import Response

from kt_flows.api.deps import Rt, asks, said
from kt_flows.api.door import MAX_TOKEN, Door, by_session, by_token
from kt_flows.api.models import Given, Told
from kt_flows.api.sessions import Cookies, Session
from kt_flows.clock import to_text
from kt_flows.errors import Unauthenticated
from kt_flows.runtime.context import Runtime
from kt_flows.security import PERMISSIONS, Actor

router = APIRouter(route_class=Door, tags=["session"])


class SignIn(Given):
    token: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TOKEN)]


class SessionTold(Told):
    name: str
    roles: list[str]
    permissions: list[str]
    groups: list[str]
    csrf_token: str
    mode: Literal["production", "sandbox"]
    now: datetime
    expires_at: datetime


@router.post("/v1/session", response_model=SessionTold, summary="Sign in", **asks(None, 401, 413, 415, 422))
async def sign_in(request: Request, rt: Rt, body: SignIn) -> Response:
    """Trades an API key for a session cookie (HttpOnly, SameSite=Strict) of twelve hours."""
    actor, credential = await by_token(request, body.token)
    cookies: Cookies = request.app.state.sessions
    value, session = cookies.open(credential)
    answer = said(_told(rt, actor, session))
    cookies.give(answer, value)
    return answer


@router.get("/v1/session", response_model=SessionTold, summary="Who is signed in", **asks(None, 401))
async def read_session(request: Request, rt: Rt) -> Response:
    """401 without a session.  `now` is the service's clock, by which all times left are told."""
    cookies: Cookies = request.app.state.sessions
    session = cookies.of(request)
    if session is None:
        raise Unauthenticated("There is no session: sign in.")
    return said(_told(rt, await by_session(request, session), session))


@router.delete("/v1/session", status_code=204, summary="Sign out", **asks(None))
async def sign_out(request: Request) -> Response:
    """Takes the cookie back; the API key itself lives on."""
    cookies: Cookies = request.app.state.sessions
    answer = Response(status_code=204)
    cookies.take_back(answer)
    return answer


def _told(rt: Runtime, actor: Actor, session: Session) -> dict[str, Any]:
    return {
        "name": actor.name,
        "roles": sorted(actor.roles),
        "permissions": sorted(permission for permission in PERMISSIONS if actor.may(permission)),
        "groups": sorted(actor.groups),
        "csrfToken": session.csrf_token,
        "mode": rt.settings.mode,
        "now": to_text(rt.clock.now()),
        "expiresAt": to_text(session.expires_at),
    }
