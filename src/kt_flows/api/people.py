"""Who may be given a task."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.models import Listed, Told
from kt_flows.security import ROLES
from kt_flows.store import keys

router = APIRouter(route_class=Door, tags=["tasks"])

_WORKERS = sorted(role for role, may in ROLES.items() if "tasks.work" in may)


class Person(Told):
    name: str
    groups: list[str]


@router.get(
    "/v1/people", response_model=Listed[Person], summary="Who works with the caller's groups", **asks("tasks.assign")
)
def list_people(rt: Rt, who: Who) -> Response:
    """Holders of live keys that may work tasks and have a group in common with the caller; an admin sees all."""
    with rt.reading() as reading:
        found = keys.holders(reading, rt.clock.now(), _WORKERS, None if who.sees_all_tasks else sorted(who.groups))
    items = [{"name": name, "groups": groups} for name, groups in sorted(found.items())]
    return said({"items": items, "nextCursor": None})
