"""A case on the move: one token at a time, what interrupts first, until everything waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from time import thread_time
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from kt_flows.clock import to_text
from kt_flows.engine.budgets import CPU_SECONDS, DEPTH, STEPS, Stopped
from kt_flows.engine.dialect import Flow
from kt_flows.engine.spiff import conditions, events, joins, telling, undoing
from kt_flows.engine.spiff.graph import Graph
from kt_flows.engine.spiff.hosts import Inside, Repeating
from kt_flows.engine.spiff.nodes import Node
from kt_flows.engine.spiff.scope import values_of, variables_of
from kt_flows.engine.spiff.token import Token
from kt_flows.engine.spiff.waiting import Catch, Human, Job
from kt_flows.engine.step import Trace
from kt_flows.errors import FlowsError

if TYPE_CHECKING:
    from kt_flows.engine.program import Program


class Case(BpmnWorkflow):
    """The live tokens of one case and its variables.  It exists for the length of one move."""

    def __init__(self, program: Program, now: datetime) -> None:
        # Not BpmnWorkflow's own: that one plants a task tree and predicts it.
        self.program = program
        self.spec = program.root
        self.now = now
        self.tasks: dict[int, Token] = {}
        self.variables: dict[str, Any] = {}
        self.implicit: dict[str, Any] = {"now": to_text(now)}
        self.sequence = 0
        self.told = 0
        """The last token whose coming the history has been told."""
        self.queue: deque[Token] = deque()
        self.ended: list[str] = []
        self.undoable: list[undoing.Record] = []
        """What could be undone of what the process itself has done; a scope inside keeps its own."""
        self.trace: list[Trace] = []

    # ---- moving

    def go(self) -> None:
        """Runs tokens until all wait.  A token that was cancelled meanwhile does not run."""
        steps, before = 0, thread_time()
        while True:
            turned = conditions.turned(self) if self.program.conditional else None
            if turned is None and not self.queue:
                if joins.inclusive(self):
                    continue
                self.follow()
                telling.arrivals(self)
                return
            token = turned or self.queue.popleft()
            if turned is None and (token.id not in self.tasks or token._state != TaskState.READY):
                continue
            steps += 1
            if (spent := self._spent(steps, before)) is not None:
                self.park(token, spent)
                self.queue.clear()
                telling.arrivals(self)
                return
            if turned is None:
                self._run(token)
            else:
                events.caught(self, turned, {})

    @staticmethod
    def _spent(steps: int, before: float) -> Stopped | None:
        if steps > STEPS:
            return Stopped(f"more than {STEPS} elements ran without waiting")
        if thread_time() - before > CPU_SECONDS:
            return Stopped(f"a move took more than {CPU_SECONDS} s of processor time", code="budget.cpu")
        return None

    def follow(self) -> None:
        """Open waits keep up with what the move has changed."""
        for token in list(self.tasks.values()):
            if not isinstance(token.node, Catch) or token._state == TaskState.READY:
                continue
            if not token.facts.keys() & {"incident", "passing"}:
                try:
                    token.node.follow(token)
                except FlowsError as error:
                    self.park(token, error)

    def _run(self, token: Token) -> None:
        try:
            if not token.facts.pop("passing", False):
                self.note(token, "entered")
                self._open_watchers(token)
                if token.id not in self.tasks:  # what it must not begin under is true already
                    return
                token._state = TaskState.STARTED
                if not token.run():
                    self._host_may_end(token)
                    return
            else:
                token.complete()
        except FlowsError as error:
            self.park(token, error)

    def park(self, token: Token, error: FlowsError) -> None:
        """The token stays at its element as an incident; the rest of the case goes on."""
        token._state = TaskState.STARTED
        token.facts["incident"] = {"code": error.code, "message": error.message[:2_000]}
        self.note(token, "incident", **token.facts["incident"], watches=token.attached)

    def passed(self, token: Token) -> None:
        """The token's element is done: leave by its flows."""
        node = token.node
        try:
            chosen = node.choose(token) if not self.is_instance(token) else []
        except FlowsError as error:
            token.facts["passing"] = True
            self.park(token, error)
            return
        self.note(token, "completed")
        undoing.remember(self, token)
        self._drop_watchers(token)
        token.leave()
        if self.is_instance(token):
            self._instance_over(token)
            return
        telling.ways(self, token, chosen)
        for flow, target in chosen:
            joins.arrive(self, target, flow.id, token.host)
        if node.element.type == "endEvent":
            self._ended(token)
        self._scope_may_end(token.host)

    # ---- scopes

    def enter(self, start: Node, graph: Graph, host: Token | None) -> None:
        """Begins a scope: its event sub-processes listen, a token stands at its start."""
        depth, level = 0, host
        while level is not None:
            depth, level = depth + 1, level.host
        if depth > DEPTH:
            raise Stopped(f"calls are nested deeper than {DEPTH}", code="budget.depth")
        holder = None if host is None or host.node.element.called is not None else host.node.element.id
        for event_start in graph.event_starts.get(holder, []):
            self.watch(event_start, host, host)
        Token(self, start, host)._ready()

    def watch(self, node: Node, attached: Token | None, host: Token | None) -> None:
        """Opens a watcher: a boundary event, an event behind a gateway, the start of an event sub-process."""
        watcher = Token(self, node, host, attached=attached.id if attached else 0)
        watcher._state = TaskState.WAITING
        try:
            assert isinstance(node, Catch)
            node.open(watcher)
        except FlowsError as error:
            self.park(watcher, error)

    def _open_watchers(self, token: Token) -> None:
        if token.node.boundaries and not any(other.attached == token.id for other in self.tasks.values()):
            for boundary in token.node.boundaries:
                self.watch(boundary, token, token.host)
            while self.program.conditional and (turned := conditions.turned(self, token)) is not None:
                events.caught(self, turned, {})

    def _drop_watchers(self, token: Token) -> None:
        for other in [other for other in self.tasks.values() if other.attached == token.id and other is not token]:
            other.leave()

    def is_instance(self, token: Token) -> bool:
        """Whether it is one round or one instance of an activity that repeats."""
        host = token.host
        return host is not None and isinstance(host.node, Repeating) and host.node.body is token.node

    def _instance_over(self, token: Token) -> None:
        host = token.host
        assert host is not None
        assert isinstance(host.node, Repeating)
        try:
            over = host.node.counted(host, token)
        except FlowsError as error:
            self.park(host, error)
            return
        if over:
            self.cancel_inside(host)
            self._finish_host(host)

    def _host_may_end(self, token: Token) -> None:
        """A sub-process that has nothing inside from the beginning is over at once."""
        if isinstance(token.node, Inside):
            self._scope_may_end(token)

    def _scope_may_end(self, host: Token | None) -> None:
        if any(token.host is host and not token.watching for token in self.tasks.values()):
            return
        if host is None:
            for token in list(self.tasks.values()):
                token.leave()
        elif host.id in self.tasks and "incident" not in host.facts and host.node.emptied(host):
            self.cancel_inside(host)
            self._finish_host(host)

    def _finish_host(self, host: Token) -> None:
        try:
            host.node.close(host)
            host.facts.pop("incident", None)
            host.complete()
        except FlowsError as error:
            host.facts["passing"] = True
            self.park(host, error)

    def cancel_inside(self, host: Token | None) -> None:
        """Everything in a scope goes, at any depth."""
        for token in [token for token in self.tasks.values() if token.host is host]:
            if token.id in self.tasks:
                self.cancel_token(token)

    def cancel_token(self, token: Token) -> None:
        if not token.watching:
            self.note(token, "cancelled")
        token.leave()
        self._drop_watchers(token)
        self.cancel_inside(token)

    # ---- what comes from outside

    def finish(self, token: Token, payload: Mapping[str, Any]) -> None:
        """What a waiting token waited for has come: variables, outputs, onwards."""
        try:
            token.facts.pop("incident", None)
            self.receive(token, payload)
            token.node.end(token, dict(payload))
        except FlowsError as error:
            token.facts["payload_in"] = dict(payload)
            self.park(token, error)
            return
        token.facts.pop("payload_in", None)
        token.facts["passing"] = True
        token._ready()

    def receive(self, token: Token, payload: Mapping[str, Any]) -> None:
        """Writes what came into the process's variables, as the kind of element asks."""
        element = token.node.element
        variables = variables_of(token.host, self.variables)
        if isinstance(token.node, Human):
            variables.update(payload)
        elif isinstance(token.node, Job):
            if element.result_variable and not element.outputs:
                variables[element.result_variable] = dict(payload)
            elif element.result_variable:
                token.local[element.result_variable] = dict(payload)
        elif (element.message or element.signal) is not None and not element.outputs:
            variables.update(payload)
        elif element.event == "error":
            for name, value in (
                (element.error_code_variable, payload.get("error_code")),
                (element.error_message_variable, payload.get("error_message")),
            ):
                if name:
                    variables[name] = value

    def keep_result(self, token: Token, result: Any) -> None:
        """A script's or a table's result: the process's variable, or with outputs a name that only they see."""
        element = token.node.element
        if element.result_variable and element.outputs:
            token.local[element.result_variable] = result
        elif element.result_variable:
            variables_of(token.host, self.variables)[element.result_variable] = result
        token.node.end(token, {})

    def _ended(self, token: Token) -> None:
        element = token.node.element
        if token.host is None or events.took_over(token.host):
            self.ended.append(element.id)
        if element.event == "terminate":
            self.cancel_inside(token.host)

    def throw(self, token: Token) -> bool:
        """An error or escalation that an event throws; whether the token may go on from it."""
        return events.throw(self, token)

    def holds(self, token: Token, flow: Flow) -> bool:
        """Whether a flow's condition is true for the token."""
        assert flow.condition is not None
        return flow.condition.evaluate(values_of(token)) is True

    def note(self, token: Token, kind: Any, **detail: Any) -> None:
        """One line of history.  The first about a token that a join has let go on names those that it stands for."""
        element = token.node.element
        if "joined" in token.facts:
            detail["joined"] = token.facts.pop("joined")
        kept = {name: value for name, value in detail.items() if value is not None}
        self.trace.append(Trace(element.id, element.process_key, kind, kept, token.id))
