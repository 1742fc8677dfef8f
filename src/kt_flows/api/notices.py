"""Notices to operators: outage banners that a process has published and not yet withdrawn."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.store import notices

router = APIRouter(route_class=Door, tags=["notices"])


@router.get(
    "/v1/notices",
    response_model=models.Listed[models.Notice],
    summary="Notices to the caller's groups",
    **asks("notices.read"),
)
def list_notices(rt: Rt, who: Who) -> Response:
    """Newest first; all of them at once."""
    with rt.reading() as reading:
        rows = notices.visible(reading, who)
    return said({"items": [shapes.notice_json(row) for row in rows], "nextCursor": None})
