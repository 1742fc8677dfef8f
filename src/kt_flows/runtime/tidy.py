"""Puts away what time has made useless."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kt_flows.runtime.context import Runtime
from kt_flows.store import events, messages
from kt_flows.store.db import retried

EVENTS_KEPT = timedelta(days=7)
"""The feed is for those who follow it; what happened is kept in the history."""
ROUNDS = 100


def tidy(rt: Runtime) -> Mapping[str, Any]:
    """Puts away in short transactions, so that nobody waits for it; answers how many of each."""
    forgotten = 0
    for _ in range(ROUNDS):
        forgotten += (some := _events(rt))
        if not some:
            break
    return {**_messages(rt), "events": forgotten}


@retried
def _events(rt: Runtime) -> int:
    """Forgets changes that nobody can have been following for so long."""
    with rt.transaction("tidy") as tx:
        return events.drop(tx, rt.clock.now() - EVENTS_KEPT)


@retried
def _messages(rt: Runtime) -> Mapping[str, Any]:
    """Closes kept messages that nobody came for in their time, and drops the rows that equal messages took turns by.

    Answers how many of each.  Any number of processes may do it at once.
    """
    with rt.transaction("tidy") as tx:
        return {"expired": messages.expire(tx, rt.clock.now()), "keys": messages.drop_keys(tx)}
