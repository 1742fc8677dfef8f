"""When to try again, and when to give up: a pure function of policy, attempt and time."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from kt_flows.engine.calendar import parse_cycle

DEFAULT_ATTEMPTS = 12
_FIRST = timedelta(seconds=1)
_LONGEST = timedelta(hours=1)


def again_at(policy: str | None, attempt: int, now: datetime, key: str = "") -> datetime | None:
    """When the next attempt after `attempt` failed ones is due; None to give up and wait for a person.

    `policy` is the element's `R<times>/<every>`: so many more tries, so far apart.  Without one: after 1, 2, 4 …
    seconds, at most an hour, twelve times.  `key` spreads jobs that fail together, by up to a quarter.
    """
    if policy:
        times, every = parse_cycle(policy)
        if times is not None and attempt > times:
            return None
        wait = every
    else:
        if attempt >= DEFAULT_ATTEMPTS:
            return None
        wait = min(_LONGEST, _FIRST * 2 ** max(0, attempt - 1))
    share = int.from_bytes(hashlib.sha256(f"{key}:{attempt}".encode()).digest()[:2], "big") / 65_536
    return now + wait * (1 + share / 4)
