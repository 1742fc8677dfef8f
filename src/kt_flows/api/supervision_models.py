"""What supervisors are told and may say, as types: see `models.py`."""

from __future__ import annotations

from kt_flows.api.models import Told


class GroupCount(Told):
    group: str
    open: int
    overdue: int


class TaskCounts(Told):
    mine: int
    unassigned: int
    overdue: int
    groups: list[GroupCount]
