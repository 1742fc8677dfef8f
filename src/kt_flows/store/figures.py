"""Figures that an operator would alarm on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from kt_flows.store.db import Reading
from kt_flows.store.tables import LIVE_JOBS, instance, job, mail_in, task
from kt_flows.store.waits import LIVE, STILL_OPEN


@dataclass(frozen=True, slots=True)
class Figures:
    jobs: Mapping[str, int]
    oldest_due_seconds: float
    open_tasks: int
    instances: Mapping[str, int]
    unsorted_mail: int
    stuck: Mapping[str, int]
    """By kind."""
    due: Mapping[str, int]
    """Open tasks with a deadline, by the time left: `overdue`, then within an hour, four, a day, `later`."""


_LEFT = {"overdue": 0, "1h": 1, "4h": 4, "24h": 24}


def figures(reading: Reading, now: datetime) -> Figures:
    """Counts of what is not over; lateness in seconds.  Every query walks a partial index of what is open."""
    by_state = reading.all(sa.select(job.c.state, sa.func.count()).where(LIVE).group_by(job.c.state))
    oldest = reading.value(
        sa.select(sa.func.min(job.c.run_at)).where(job.c.state == "available", job.c.run_at <= now)
    )
    resting = ("active", "suspended")
    cases = reading.all(
        sa.select(instance.c.status, sa.func.count())
        .where(instance.c.status.in_([sa.literal_column(f"'{status}'") for status in resting]))
        .group_by(instance.c.status)
    )
    stuck = reading.all(sa.select(job.c.kind, sa.func.count()).where(job.c.state == "stuck").group_by(job.c.kind))
    left = [(name, now + timedelta(hours=hours)) for name, hours in _LEFT.items()]
    within = sa.case(*((task.c.due_at <= at, name) for name, at in left), else_="later")
    open_ = sa.and_(STILL_OPEN, task.c.due_at.is_not(None))
    due = reading.all(sa.select(within.label("within"), sa.func.count()).where(open_).group_by(sa.text("1")))
    return Figures(
        jobs={**dict.fromkeys(LIVE_JOBS, 0), **{row[0]: row[1] for row in by_state}},
        oldest_due_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        open_tasks=reading.value(sa.select(sa.func.count()).where(STILL_OPEN)) or 0,
        instances={**dict.fromkeys(resting, 0), **{row[0]: row[1] for row in cases}},
        unsorted_mail=reading.value(sa.select(sa.func.count()).where(mail_in.c.verdict == "unsorted")) or 0,
        stuck={row[0]: row[1] for row in stuck},
        due={**dict.fromkeys((*_LEFT, "later"), 0), **{row[0]: row[1] for row in due}},
    )
