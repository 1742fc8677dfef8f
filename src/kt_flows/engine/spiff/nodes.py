"""Nodes: SpiffWorkflow's task specs with the behaviour of each kind of BPMN element.

A node's `_run_hook` answers True when the token may go on at once, None when it waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec

from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.scope import values_of, variables_of
from kt_flows.engine.spiff.token import Token

if TYPE_CHECKING:
    from kt_flows.engine.spiff.graph import Graph


class Node(BpmnTaskSpec):
    """An element of a process: where tokens come from and go to, what watches it, and what it does."""

    waits_for_tokens = False
    """Whether a token that arrives may have to wait for others (a join)."""

    def __init__(self, graph: Graph, element: Element, name: str | None = None) -> None:
        super().__init__(graph, name or element.id)
        self.graph = graph
        self.element = element
        self.process_key = element.process_key
        self.flows: list[tuple[Flow, Node]] = []
        self.conditional: list[Flow] = []
        """Those of the flows that are taken under a condition."""
        self.incoming: list[str] = []
        self.boundaries: list[Node] = []

    # SpiffWorkflow's own hooks

    def _predict(self, *_: Any, **__: Any) -> None:
        """Nothing is predicted: a token is where it is."""

    def _update(self, token: Token) -> None:
        token._ready()

    def _run(self, token: Token) -> bool | None:
        result: bool | None = self._run_hook(token)
        return result

    def _run_hook(self, token: Token) -> bool | None:
        return True

    def _on_complete(self, token: Token) -> None:
        token.workflow.passed(token)

    # ours

    def begin(self, token: Token) -> None:
        """The inputs, in order; each sees those before it."""
        for name, template in self.element.inputs:
            token.local[name] = template.evaluate(values_of(token))

    def end(self, token: Token, result: dict[str, Any]) -> None:
        """The outputs, on what the element's work gave."""
        variables = variables_of(token.host, token.workflow.variables)
        if self.element.outputs:
            token.local.update(result)
            for name, template in self.element.outputs:
                variables[name] = template.evaluate(values_of(token))

    def emptied(self, token: Token) -> bool:
        """No token is left in what this token holds; whether its element is over with that."""
        return False

    def close(self, token: Token) -> None:
        """The last thing that a host does before it goes on."""

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        """The flows that the token leaves by: all without a condition, those whose condition holds, else the
        default."""
        plain = [(flow, node) for flow, node in self.flows if not flow.condition]
        conditional = [(flow, node) for flow, node in self.flows if flow.condition]
        if not conditional:
            return plain
        default = self.graph.defaults.get(self.element.id)
        chosen = [(flow, node) for flow, node in conditional if token.workflow.holds(token, flow)]
        always = [(flow, node) for flow, node in plain if flow.id != default]
        return always + (chosen or [(flow, node) for flow, node in plain if flow.id == default])


class Pass(Node):
    """A none task, a none event, an event that throws an error or an escalation."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        self.end(token, {})
        if self.element.event in ("error", "escalation"):
            return token.workflow.throw(token) or None
        return True


class Script(Node):
    """A script task: one expression and its result variable."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        assert self.element.script is not None
        token.workflow.keep_result(token, self.element.script.evaluate(values_of(token)))
        return True


class Rule(Node):
    """A business rule task: a decision table of the same folder."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        case = token.workflow
        decision = case.program.definitions[self.process_key].decisions[str(self.element.decision)]
        outcome = decision.decide(values_of(token))
        result = outcome.mapped(self.element.decision_result)
        below = {id: {"rules": list(one.rules), "inputs": dict(one.inputs)} for id, one in outcome.required.items()}
        seen = {"rules": list(outcome.rules), "inputs": dict(outcome.inputs)} | ({"required": below} if below else {})
        case.note(token, "decided", **seen, result=result)
        case.keep_result(token, result)
        return True


class Choice(Node):
    """An exclusive gateway: the first flow that holds, else the default."""

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        default = self.graph.defaults.get(self.element.id)
        otherwise = [(flow, node) for flow, node in self.flows if flow.id == default or not flow.condition]
        for flow, node in self.flows:
            if flow.condition and flow.id != default and token.workflow.holds(token, flow):
                return [(flow, node)]
        if not otherwise:
            raise ExpressionError("no condition holds and there is no default flow")
        return otherwise[:1]


class Together(Node):
    """A parallel gateway: one token from every incoming flow, one to every outgoing."""

    waits_for_tokens = True

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        return self.flows


class Some(Node):
    """An inclusive gateway: as many as can still come, to every flow that holds."""

    waits_for_tokens = True

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        chosen = super().choose(token)
        if not chosen:
            raise ExpressionError("no condition holds and there is no default flow")
        return chosen


class Race(Node):
    """An event-based gateway: the first of the events behind it wins."""

    def _run_hook(self, token: Token) -> bool | None:
        for _, node in self.flows:
            token.workflow.watch(node, token, token.host)
        return None
