"""Server-sent events: what changes for the caller, as it changes, and no gap after a broken line."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from kt_flows.api.deps import Who, asks
from kt_flows.api.door import Door, caller
from kt_flows.api.feed import BATCH, Bell, Feed, is_position
from kt_flows.api.problems import BadQuery
from kt_flows.clock import to_text
from kt_flows.errors import FieldError, Unauthenticated
from kt_flows.security import Actor
from kt_flows.store.events import EventView

router = APIRouter(route_class=Door, tags=["events"])

HEARTBEAT = 15.0
"""Seconds: proxies close a line on which nothing is said, and a dead line is found out."""


@router.get(
    "/v1/events",
    summary="Changes of tasks and cases that the caller may see",
    response_class=StreamingResponse,
    **asks("events.read"),
)
async def stream_events(
    request: Request,
    who: Who,
    last: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> StreamingResponse:
    """`event: task`, `instance` or `notice`, `data` a JSON object with ids and what happened, `id` to resume after.

    Without `Last-Event-ID` the stream begins now.  A comment comes every 15 seconds.
    """
    if last is not None and not is_position(last):
        raise BadQuery([FieldError("Last-Event-ID", "This is not the id of an event.", "invalid")])
    feed: Feed = request.app.state.feed
    return StreamingResponse(
        _lines(feed, request, who, last),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(feed: Feed, request: Request, who: Actor, last: str | None) -> AsyncIterator[bytes]:
    bell = Bell()
    with feed.listening(bell.ring):
        position = last if last is not None else await run_in_threadpool(feed.source.head)
        yield f"retry: 2000\nid: {position}\n\n".encode()
        believed_at = time.monotonic()
        while not feed.closed:
            if time.monotonic() - believed_at >= HEARTBEAT:
                believed_at = time.monotonic()
                if not await _still_known(request):
                    return
            batch = feed.held_after(position)
            if batch is None:
                batch = await run_in_threadpool(feed.source.after, position, BATCH)
            if not batch:
                if not await bell.wait(HEARTBEAT):
                    yield b": still here\n\n"
                continue
            for event in batch:
                if event.is_for(who):
                    yield _line(event)
            position = batch[-1].position


async def _still_known(request: Request) -> bool:
    """Whether the key or session that the stream was opened with is still good."""
    try:
        await caller(request)
    except Unauthenticated:
        return False
    except SQLAlchemyError:
        return True  # the database is away, and with it whatever could be told
    return True


def _line(event: EventView) -> bytes:
    data = {
        **event.data,
        "at": to_text(event.at),
        "change": event.what,
        "instanceId": str(event.instance_id),
    }
    if event.task_id is not None:
        data["taskId"] = str(event.task_id)
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.position.encode(), event.kind.encode(), orjson.dumps(data))
