"""For those who keep it running: health, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from kt_flows import metrics
from kt_flows.api.deps import Rt, asks, said
from kt_flows.api.door import Door
from kt_flows.clock import SITE_ZONE
from kt_flows.store import figures

router = APIRouter(route_class=Door, tags=["operations"])

Check = Callable[[], str | None]
"""None when all is well, else what is wrong, in words without values."""


@dataclass
class Health:
    """What must hold for this process to be given requests."""

    checks: Mapping[str, Check]
    stopping: bool = False

    def faults(self) -> dict[str, str]:
        if self.stopping:
            return {"process": "stopping"}
        return {name: fault for name, check in self.checks.items() if (fault := check()) is not None}


def almaty_is_plus_five() -> str | None:
    """Kazakhstan has one zone since 2024-03-01; an older tz database would shift every civil deadline by an hour."""
    offset = datetime(2026, 7, 1, tzinfo=ZoneInfo(SITE_ZONE)).utcoffset()
    return None if offset == timedelta(hours=5) else f"{SITE_ZONE} is {offset} from UTC: update tzdata"


@router.get("/health/live", summary="The process runs", **asks(None))
async def live() -> Response:
    return said({"status": "ok"})


@router.get("/health/ready", summary="The process can serve", **asks(None))
def ready(request: Request) -> Response:
    """200 when the database answers, its schema is this release's, and Asia/Almaty is UTC+5; else 503 and what is
    wrong."""
    health: Health = request.app.state.health
    faults = health.faults()
    if faults:
        return said({"status": "unavailable", "faults": faults}, 503, {"Retry-After": "2"})
    return said({"status": "ok"})


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse, **asks(None))
def metrics_now(rt: Rt) -> Response:
    with rt.reading() as reading:
        now = figures.figures(reading, rt.clock.now())
    return PlainTextResponse(metrics.text(_gauges(now)), media_type="text/plain; version=0.0.4")


def _gauges(now: figures.Figures) -> Iterator[tuple[str, str, str | None, dict[str, float]]]:
    alone = {
        "oldest_due_job_seconds": ("How late the oldest due job is.", now.oldest_due_seconds),
        "unsorted_mail": ("Mail that fits no case and waits for a person.", now.unsorted_mail),
        "open_tasks": ("Tasks that wait for a person.", now.open_tasks),
    }
    for name, (about, number) in alone.items():
        yield f"kt_flows_{name}", about, None, {"": number}
    yield "kt_flows_jobs", "Live jobs by state.", "state", dict(now.jobs)
    yield "kt_flows_stuck_jobs", "Jobs that gave up and wait for a person.", "kind", dict(now.stuck)
    yield "kt_flows_instances", "Cases that are not over, by state.", "state", dict(now.instances)
    yield "kt_flows_tasks_due", "Open tasks by the time left to their deadline.", "within", dict(now.due)
