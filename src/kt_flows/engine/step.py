"""What a move of the engine answers: the case as it stands, and all that it waits for now.

A Step is declarative.  It does not say what changed; it says what is, and `runtime/record` makes the rows agree.
Every wait has a number (`wait`) that is unique in its instance for ever and stays the same from Step to Step while
the wait is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

Values = Mapping[str, Any]
"""JSON values by variable name; a time is an RFC 3339 text with `Z`."""


@dataclass(frozen=True, slots=True)
class HumanTask:
    """A user task that is open for a person."""

    wait: int
    element_id: str
    process_key: str
    name: str
    form_key: str | None
    assignee: str | None
    groups: tuple[str, ...]
    due_at: datetime | None
    priority: int
    variables: Values
    """What the task's form and its reader see: the scope's variables and the task's own inputs."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """An outside call that the case waits for; `kind` is the diagram's topic.

    `retry` is the element's `camunda:failedJobRetryTimeCycle`, or None for the service's own policy.
    """

    wait: int
    element_id: str
    process_key: str
    kind: str
    payload: Values
    retry: str | None = None


@dataclass(frozen=True, slots=True)
class TimerWait:
    wait: int
    element_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class MessageWait:
    """An open subscription: message name and the values that a message must carry to reach it."""

    wait: int
    element_id: str
    name: str
    correlation: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SignalWait:
    """An open wait for a signal, which finds everyone who waits for its name."""

    wait: int
    element_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Incident:
    """An element that cannot go on (an expression failed, an error that nobody catches): the token stays there.

    `machine.retry` tries the element again.
    """

    wait: int
    element_id: str
    code: str
    message: str


class Trace(NamedTuple):
    """One line of history: what happened at which element in this move, in order.

    `detail` says why: a condition's values, a decision's inputs, outputs and rule, a message's name.  Never more
    than the variables' names and the values that decided.  `wait` is the number of the token that it happened to:
    these lines in their order tell where tokens stood at any time (`runtime/replay`).
    """

    element_id: str
    process_key: str
    kind: Literal["arrived", "entered", "completed", "cancelled", "taken", "decided", "thrown", "caught", "incident"]
    detail: Values
    wait: int


PlaceKind = Literal["task", "job", "timer", "message", "signal", "condition", "incident", "inside", "standing"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token is, and what for.

    `inside` is an activity that holds other tokens, `standing` one that waits for others (a join, an event-based
    gateway).  An event that is open while something else goes on has no token in the diagram's sense: `watches` is
    what it is open for, an activity or the process itself, and `attached` that one's number (0: the process).
    """

    wait: int
    element_id: str
    process_key: str
    kind: PlaceKind
    watches: str | None = None
    attached: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The case after a move.

    `state` is what to give back at the next move.  `variables` are the root process's; where a call activity is
    open, what its `camunda:out` would hand over if it ended now is shown over them (deadlines are seen while the
    called process runs), without being written into the caller's scope.
    """

    state: bytes
    status: Literal["active", "completed"]
    end_elements: tuple[str, ...]
    variables: Values
    tasks: tuple[HumanTask, ...]
    jobs: tuple[JobRequest, ...]
    timers: tuple[TimerWait, ...]
    messages: tuple[MessageWait, ...]
    incidents: tuple[Incident, ...]
    trace: tuple[Trace, ...]
    signals: tuple[SignalWait, ...] = ()
    conditions: tuple[str, ...] = ()
    """Elements of the conditional events that are open: they need no row, a change of variables wakes them."""
