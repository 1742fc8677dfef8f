"""A token: SpiffWorkflow's task, without the tree of what is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

if TYPE_CHECKING:
    from kt_flows.engine.spiff.case import Case
    from kt_flows.engine.spiff.nodes import Node


class Token(Task):
    """One token of a case, alive until its element is left.

    `id` is the wait's number.  `host` is the token of the activity that it lives in (a sub-process, a call, a
    multi-instance), None directly in the case.  `attached` is the activity that it watches (a boundary event, an
    event behind an event-based gateway), or its host for an event sub-process.  `local` are names that only it and
    what it hosts can see.  `facts` is what it has fixed when it began to wait.
    """

    def __init__(
        self,
        case: Case,
        node: Node,
        host: Token | None = None,
        attached: int | None = None,
        id: int | None = None,
    ) -> None:
        # Not Task's own: that one draws a UUID, a tree and a time stamp that nothing here reads.
        if id is None:
            case.sequence += 1
            id = case.sequence
        self.id = id
        self.workflow = case
        self.task_spec = node
        self.host = host
        self.attached = attached
        self.local: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self._state = TaskState.FUTURE
        self._children: list[int] = []
        self._parent = None
        case.tasks[id] = self

    @property
    def node(self) -> Node:
        node: Node = self.task_spec
        return node

    @property
    def watching(self) -> bool:
        """Whether it only watches: a scope may end while it is open."""
        return self.attached is not None

    def _set_state(self, value: int) -> None:
        self._state = value

    def _ready(self) -> None:
        """Into the queue: its node runs when its turn comes."""
        self._state = TaskState.READY
        self.workflow.queue.append(self)

    def leave(self) -> None:
        """Out of the case, finished or cancelled."""
        self.workflow.tasks.pop(self.id, None)
