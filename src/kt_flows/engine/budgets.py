"""What one move of a case may use: a diagram that asks for more is stopped, and no worker hangs in it.

docs/reference/budgets.md has these and every other limit in one table.
"""

from __future__ import annotations

from kt_flows.errors import FlowsError

STEPS = 1_000
"""Elements that may run in one move; more is an endless loop in the diagram."""
CPU_SECONDS = 2.0
"""Processor time of the thread that one move may take."""
DEPTH = 20
"""Sub-processes and calls inside each other."""
CHILDREN = 1_000
"""Instances of one activity."""
TOKENS = 5_000
"""Tokens and open events of one case at the same time."""
WHOSE_BYTES = 1_200
"""Names of a task's groups and its assignee, each with eight more: they stand in an index, whose rows are short."""
CASE_BYTES = 1_048_576
"""The snapshot with all variables."""


class Stopped(FlowsError):
    """The diagram runs on without ever waiting."""

    code = "budget.steps"
