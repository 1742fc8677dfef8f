"""What an analyst may write on an element, read into one record per element.

Every expression stands here compiled: the seam evaluates an `Expression` or a `Template` that it finds by an
element's or a flow's id, and never a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kt_flows.engine.expression import Expression, Template

SCOPES = frozenset({"subProcess", "transaction"})


@dataclass(frozen=True, slots=True)
class CallMapping:
    """`camunda:in` or `camunda:out`: everything, or one value under another name."""

    everything: bool = False
    target: str | None = None
    value: Expression | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer event: a moment, a length from now, or a repetition (`R3/PT5M`)."""

    kind: Literal["date", "duration", "cycle"]
    value: Template


@dataclass(frozen=True, slots=True)
class Loop:
    """Multi-instance characteristics."""

    sequential: bool
    collection: Expression | None
    cardinality: Expression | None
    variable: str | None
    done: Expression | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """A standard loop: again while the condition holds, at most so many rounds."""

    before: bool
    """Whether the condition is looked at before the first round."""
    condition: Expression | None
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Element:
    """A flow node of a process as the service runs it."""

    id: str
    type: str
    """The BPMN local name: `userTask`, `boundaryEvent`, `exclusiveGateway`, …"""
    process_key: str
    name: str
    line: int
    inputs: tuple[tuple[str, Template], ...] = ()
    outputs: tuple[tuple[str, Template], ...] = ()
    # people
    form_key: str | None = None
    assignee: Template | None = None
    groups: tuple[Template, ...] = ()
    due_date: Template | None = None
    priority: Template | None = None
    # jobs
    topic: str | None = None
    retry: str | None = None
    template_id: str | None = None
    """The mail text that the topic's `template` input names, where the topic takes one."""
    # decisions and scripts
    decision: str | None = None
    decision_result: Literal["singleEntry", "singleResult", "collectEntries", "resultList"] = "resultList"
    script: Expression | None = None
    result_variable: str | None = None
    # events
    event: Literal[
        "none",
        "message",
        "timer",
        "error",
        "escalation",
        "terminate",
        "signal",
        "conditional",
        "link",
        "compensate",
        "cancel",
    ] = "none"
    message: str | None = None
    signal: str | None = None
    link: str | None = None
    condition: Expression | None = None
    """What a conditional event waits for."""
    timer: Timer | None = None
    error_code: str | None = None
    error_code_variable: str | None = None
    error_message_variable: str | None = None
    escalation_code: str | None = None
    attached_to: str | None = None
    handlers: tuple[str, ...] = ()
    """Where associations lead from a compensation event at an activity's edge: what undoes the activity."""
    undoes: str | None = None
    """The activity that a thrown compensation names; None is all that its scope has done."""
    interrupting: bool = True
    # structure
    parent: str | None = None
    """The sub-process that holds the element; None directly in the process."""
    triggered_by_event: bool = False
    for_compensation: bool = False
    """Whether it runs only to undo another activity."""
    called: str | None = None
    call_in: tuple[CallMapping, ...] = ()
    call_out: tuple[CallMapping, ...] = ()
    loop: Loop | None = None
    repeat: Repeat | None = None

    @property
    def undone_at_edge(self) -> bool:
        """Whether it stands at an activity's edge and an association leads from it to what undoes the activity."""
        return self.event == "compensate" and self.type == "boundaryEvent"

    @property
    def undone_inside(self) -> bool:
        """Whether it is the start of an event sub-process that undoes the sub-process around that."""
        return self.event == "compensate" and self.type == "startEvent"

    @property
    def embedded(self) -> bool:
        """Whether it holds elements of its own: a sub-process of any kind."""
        return self.type in SCOPES


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; `condition` is a boolean expression."""

    id: str
    name: str
    source: str
    target: str
    condition: Expression | None
    line: int
    default: bool = False
    """Whether it is the flow that its source takes when no condition holds."""
