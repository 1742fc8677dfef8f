"""UUIDv7 (RFC 9562): ids that grow with time, so that rows of one time lie together in an index."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import datetime

_lock = threading.Lock()
_last = 0


def first_of(moment: datetime) -> uuid.UUID:
    """The smallest id of a moment: a bound between the ids of before and those of after."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def new_id() -> uuid.UUID:
    """A new id: 48 bits of milliseconds, 12 bits that keep the order within one, 62 random bits."""
    global _last
    with _lock:
        stamp = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = stamp
    random = int.from_bytes(os.urandom(8), "big") >> 2
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | random
    return uuid.UUID(int=value)
