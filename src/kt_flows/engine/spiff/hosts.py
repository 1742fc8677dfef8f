"""Nodes that hold tokens inside: sub-processes, calls, multi-instance activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kt_flows.engine.budgets import CHILDREN, TOKENS, Stopped
from kt_flows.engine.dialect import Element
from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.nodes import Node
from kt_flows.engine.spiff.scope import values_of, variables_of
from kt_flows.engine.spiff.token import Token
from kt_flows.engine.spiff.waiting import whole

if TYPE_CHECKING:
    from kt_flows.engine.spiff.graph import Graph


class Inside(Node):
    """A sub-process or a call activity: it hosts tokens, and goes on when none is left."""

    def _run_hook(self, token: Token) -> bool | None:
        case = token.workflow
        self.begin(token)
        if self.element.called is not None:
            called = case.program.graphs[self.element.called]
            token.facts["variables"] = self._handed_in(token)
            case.enter(called.entry(), called, token)
        else:
            case.enter(self.graph.inner_entry(self.element.id), self.graph, token)
        return None

    def _handed_in(self, token: Token) -> dict[str, Any]:
        values, given = values_of(token), dict[str, Any]()
        for mapping in self.element.call_in:
            if mapping.everything:
                given.update(variables_of(token.host, token.workflow.variables))
            elif mapping.value is not None and mapping.target:
                given[mapping.target] = mapping.value.evaluate(values)
        return given

    def emptied(self, token: Token) -> bool:
        return True

    def close(self, token: Token) -> None:
        if self.element.called is not None:
            outer = variables_of(token.host, token.workflow.variables)
            outer.update(self.handed_out(token, token.facts["variables"]))

    def handed_out(self, token: Token, view: dict[str, Any]) -> dict[str, Any]:
        """What `camunda:out` gives the caller from these variables of the called process."""
        given: dict[str, Any] = {}
        for mapping in self.element.call_out:
            if mapping.everything:
                given.update(view)
            elif mapping.value is not None and mapping.target:
                given[mapping.target] = mapping.value.evaluate(view)
        return given


class Repeating(Node):
    """An activity that runs more than once, around the node that does the work."""

    def __init__(self, graph: Graph, element: Element, body: Node) -> None:
        super().__init__(graph, element)
        self.body = body

    def counted(self, token: Token, instance: Token) -> bool:
        """One instance is over; whether the whole activity is."""
        raise NotImplementedError  # pragma: no cover - every kind counts in its own way


class Many(Repeating):
    """A multi-instance activity."""

    def _run_hook(self, token: Token) -> bool | None:
        loop = self.element.loop
        assert loop is not None
        values = values_of(token)
        items: Any = loop.collection.evaluate(values) if loop.collection else None
        if items is None:
            number = whole(loop.cardinality.evaluate(values) if loop.cardinality else 0, self.element.id)
            items = list(range(number))
        if not isinstance(items, list) or len(items) > CHILDREN:
            raise ExpressionError(f"a repetition needs a list of at most {CHILDREN} items")
        if len(token.workflow.tasks) + len(items) > TOKENS:
            raise Stopped(f"more than {TOKENS} tokens in one case", code="budget.tokens")
        token.facts |= {"items": items, "done": 0, "next": 0}
        if not items:
            return True
        for _ in range(1 if loop.sequential else len(items)):
            self.spawn(token)
        return None

    def spawn(self, token: Token) -> None:
        """The next instance, with its item and its number as locals."""
        number = token.facts["next"]
        token.facts["next"] = number + 1
        instance = Token(token.workflow, self.body, token)
        instance.local["loopCounter"] = number
        if self.element.loop and self.element.loop.variable:
            instance.local[self.element.loop.variable] = token.facts["items"][number]
        instance._ready()

    def counted(self, token: Token, instance: Token) -> bool:
        """One instance is over; whether the whole activity is."""
        facts, loop = token.facts, self.element.loop
        assert loop is not None
        facts["done"] += 1
        total = len(facts["items"])
        if loop.done is not None:
            numbers = {
                "nrOfInstances": total,
                "nrOfCompletedInstances": facts["done"],
                "nrOfActiveInstances": facts["next"] - facts["done"],
            }
            if loop.done.evaluate({**values_of(instance), **numbers}):
                return True
        if loop.sequential and facts["next"] < total:
            self.spawn(token)
        return bool(facts["done"] == total)
