"""Drops what time has made useless."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kt_flows.runtime.context import Runtime
from kt_flows.store import events, messages
from kt_flows.store.db import retried

EVENTS_KEPT = timedelta(days=7)
"""The feed is for those who follow it; what happened is kept in the history."""


@retried
def tidy(rt: Runtime) -> Mapping[str, Any]:
    """Closes kept messages that nobody came for in their time, drops the rows that equal messages took turns by, and
    forgets changes that nobody can have been following for so long.

    Answers how many of each.  Any number of processes may do it at once.
    """
    with rt.transaction("tidy") as tx:
        now = rt.clock.now()
        return {
            "expired": messages.expire(tx, now),
            "keys": messages.drop_keys(tx),
            "events": events.drop(tx, now - EVENTS_KEPT),
        }
