"""How long tokens stayed where, counted line by line: what the store's sums are held against."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from kt_flows.store.history import HistoryView
from kt_flows.store.stages import Heat

KINDS = ("entered", "completed", "cancelled")


@dataclass(frozen=True, slots=True)
class Stay:
    """A token at an element; `left` is how it went, None while it is there."""

    place: tuple[str, str]
    came: datetime | None
    left: str | None
    at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it took, if it was gone through to its end."""
        measured = self.left == "completed" and self.came is not None and self.at is not None
        return (self.at - self.came).total_seconds() if measured else None  # type: ignore[operator]


def stays_in(lines: Sequence[HistoryView], *, over: bool) -> list[Stay]:
    """Of one case, from its lines in their order; once it is over nothing stays."""
    told = [line for line in lines if line.element_id is not None and line.kind in KINDS]
    by_number = all(line.wait is not None for line in told)
    parts: dict[Any, list[HistoryView]] = defaultdict(list)
    for line in told:
        parts[line.definition_key, line.element_id, line.wait if by_number else None].append(line)
    found = []
    for (process, element, _), of in parts.items():
        came = [line.at for line in of if line.kind == "entered"]
        left = [(line.kind, line.at) for line in of if line.kind != "entered"]
        if by_number:  # one that is tried again enters twice
            came = came[:1]
        for begin, end in zip_longest(came, left):
            kind, at = end or ("cancelled" if over else None, None)
            found.append(Stay((process, element), begin, kind, at))
    return found


def percentile(values: Iterable[float], share: float) -> float | None:
    """Between the two values around it, as PostgreSQL's `percentile_cont`."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def heat_of(stays: Iterable[Stay], definition_key: str) -> dict[str, Heat]:
    """By element of one process."""
    parts: dict[str, list[Stay]] = defaultdict(list)
    for stay in stays:
        if stay.place[0] == definition_key:
            parts[stay.place[1]].append(stay)
    heat = {}
    for element, of in parts.items():
        ways = [stay.left for stay in of]
        lengths = [stay.seconds for stay in of if stay.seconds is not None]
        heat[element] = Heat(
            element,
            entered=len(of),
            completed=ways.count("completed"),
            cancelled=ways.count("cancelled"),
            open=ways.count(None),
            p50=percentile(lengths, 0.5),
            p95=percentile(lengths, 0.95),
        )
    return heat
