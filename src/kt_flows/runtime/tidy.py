"""Puts away what time has made useless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kt_flows.runtime.context import Runtime
from kt_flows.store import messages
from kt_flows.store.db import retried


@retried
def tidy(rt: Runtime) -> Mapping[str, Any]:
    """Closes kept messages that nobody came for in their time, and drops the rows that equal messages took turns by.

    Answers how many of each.  Any number of processes may do it at once.
    """
    with rt.transaction("tidy") as tx:
        return {"expired": messages.expire(tx, rt.clock.now()), "keys": messages.drop_keys(tx)}
