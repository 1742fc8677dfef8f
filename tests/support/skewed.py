"""`kt-flows` on a machine whose clock somebody moves: the file CLOCK_SKEW holds by how many seconds it is wrong.

The service asks the time in one place only (kt_flows.clock), so that this is what an NTP step or a mistyped date does
to it.  Run as a program: `python skewed.py serve`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kt_flows import clock

SKEW = "CLOCK_SKEW"


class SkewedClock:
    """The machine's clock and the error in the file, read each time."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(os.environ[SKEW])

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._path.read_text() or "0"))


if __name__ == "__main__":
    clock.SystemClock = SkewedClock  # type: ignore[assignment,misc]

    from kt_flows.cli import main

    main()
