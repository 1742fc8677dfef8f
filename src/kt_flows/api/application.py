"""The API as one ASGI application, from what `app.py` hands in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response

from kt_flows.api import (
    analysts,
    attachments,
    casework,
    events,
    figures,
    filters,
    instances,
    jobs,
    mails,
    messages,
    notices,
    openapi,
    ops,
    people,
    problems,
    reference,
    session,
    supervision,
    tasks,
    texts,
)
from kt_flows.api.deps import asks, said
from kt_flows.api.door import Door
from kt_flows.api.feed import Feed
from kt_flows.api.front import Front
from kt_flows.api.ops import Health
from kt_flows.api.sessions import Cookies
from kt_flows.runtime.context import Runtime
from kt_flows.security import Authenticator, Signer


@dataclass(frozen=True)
class Parts:
    """What the API is built from."""

    runtime: Runtime
    authenticate: Authenticator
    feed: Feed
    health: Health
    base_url: str
    secret: str = field(repr=False)
    threads: int = 10
    hosts: Iterable[str] = ()
    open_description: bool = False
    """Whether a stranger may read what the API is like; otherwise any token will do."""
    more: Iterable[APIRouter] = ()
    """Routes of another entrance (the sandbox's), made with `Door` as their route class."""


ROOMS = (
    session,
    instances,
    casework,
    attachments,
    tasks,
    filters,
    people,
    supervision,
    mails,
    figures,
    messages,
    analysts,
    texts,
    jobs,
    ops,
    notices,
    events,
)


def description() -> dict[str, Any]:
    """OpenAPI 3.1 of a site that nobody has started, without the sandbox's calls: for those who make clients."""
    app = FastAPI(title="kt-flows", version=version("kt-flows"), generate_unique_id_function=openapi.operation_id)
    for room in ROOMS:
        app.include_router(room.router)
    return openapi.describe(app, "http://127.0.0.1:8080")


def create_api(parts: Parts) -> FastAPI:
    """A new application.  Its endpoints are sync and share `threads` threads; its schema is made on first request."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = parts.threads
        yield
        parts.feed.close()

    app = FastAPI(
        title="kt-flows",
        version=version("kt-flows"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=openapi.operation_id,
        # Its own would tell addresses and the texts of errors, whatever we keep to ourselves.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.runtime = parts.runtime
    app.state.authenticate = parts.authenticate
    app.state.feed = parts.feed
    app.state.health = parts.health
    app.state.cursors = Signer(parts.secret, "cursor")
    app.state.sessions = Cookies(parts.secret, parts.runtime.clock, secure=parts.base_url.startswith("https:"))
    for room in ROOMS:
        app.include_router(room.router)
    for router in parts.more:
        app.include_router(router)
    app.include_router(_descriptions(app, parts))
    problems.install(app)
    app.add_middleware(Front, hosts=tuple(parts.hosts))
    return app


def _descriptions(app: FastAPI, parts: Parts) -> APIRouter:
    router = APIRouter(route_class=Door, tags=["about"])
    made: dict[str, Any] = {}
    readers = asks(None if parts.open_description else "definitions.read")

    def description(convert: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        if convert.__name__ not in made:
            made[convert.__name__] = convert(openapi.describe(app, parts.base_url))
        document: dict[str, Any] = made[convert.__name__]
        return document

    def as_it_is(document: dict[str, Any]) -> dict[str, Any]:
        return document

    @router.get("/openapi.json", summary="OpenAPI 3.1", **readers)
    def openapi_3_1() -> Response:
        return said(description(as_it_is))

    @router.get("/openapi-3.0.json", summary="OpenAPI 3.0", **readers)
    def openapi_3_0() -> Response:
        return said(description(openapi.to_3_0))

    @router.get("/swagger-2.0.json", summary="Swagger 2.0", **readers)
    def swagger_2_0() -> Response:
        return said(description(openapi.to_2_0))

    @router.get("/docs", summary="This description as a page", response_class=HTMLResponse, **readers)
    def docs() -> Response:
        headers = {"Content-Security-Policy": reference.CONTENT_SECURITY_POLICY}
        return HTMLResponse(reference.page(description(as_it_is)), headers=headers)

    return router
