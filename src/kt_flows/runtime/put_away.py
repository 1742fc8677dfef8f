"""Takes cases that are over out of the way, and forgets them when their time has come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kt_flows.runtime.context import Runtime
from kt_flows.store import months, past
from kt_flows.store.db import retried

BATCH = 500
TURN = timedelta(seconds=20)
"""A turn goes on for so long; what is left waits for the next."""


def put_away(rt: Runtime) -> Mapping[str, Any]:
    """One turn: months made beforehand, cases moved, months forgotten.

    Answers the names of the months and how many cases.  Any number of processes may do it at once.
    """
    made = make_months(rt)
    ends = time.monotonic() + TURN.total_seconds()
    moved = turn = move(rt)
    while turn == BATCH and time.monotonic() < ends:
        turn = move(rt)
        moved += turn
    return {"made": made, "moved": moved, "forgotten": forget(rt)}


@retried
def make_months(rt: Runtime) -> list[str]:
    """The partitions that the coming months' cases need."""
    with rt.transaction("put_away.months") as tx:
        return months.make(tx, _present())


@retried
def move(rt: Runtime) -> int:
    """Moves up to `BATCH` cases that ended longer ago than KT_FLOWS_FINISHED_DAYS; answers how many.

    Each is kept as long as the diagram of its own version says (`camunda:historyTimeToLive`), for ever where it does
    not.  A case that has a job left (a mail that has not gone yet) waits for that.
    """
    before = rt.clock.now() - timedelta(days=rt.settings.finished_days)
    with rt.transaction("put_away.move") as tx:
        kept_until: dict[Any, datetime | None] = {}
        for row in past.hold_over(tx, before, BATCH):
            kept = rt.programs.definition(tx, row.definition_id).kept
            kept_until[row.id] = row.ended_at + kept if kept is not None else None
        if kept_until:
            past.put_away(tx, kept_until)
        return len(kept_until)


@retried
def forget(rt: Runtime) -> Mapping[str, int]:
    """Drops months of which every case has had its time: month to how many cases it had."""
    now = rt.clock.now()
    with rt.transaction("put_away.forget") as tx:
        return {month.name: months.drop(tx, month) for month in months.over(tx, now, _present())}


def _present() -> datetime:
    """The time by which ids are given, whatever a sandbox's clock says."""
    return datetime.fromtimestamp(time.time(), UTC)
