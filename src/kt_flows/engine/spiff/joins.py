"""Joins: a token comes to a node, and at a join waits for the others that are to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from kt_flows.engine.spiff.nodes import Node
from kt_flows.engine.spiff.token import Token
from kt_flows.engine.ways import awaited

if TYPE_CHECKING:
    from kt_flows.engine.spiff.case import Case


def arrive(case: Case, node: Node, flow: str | None, host: Token | None) -> None:
    """A token comes to a node; at a join it may have to wait for others."""
    token = Token(case, node, host)
    if not node.waits_for_tokens or len(node.incoming) < 2:
        token._ready()
        return
    token.facts["flow"] = flow
    token._state = TaskState.WAITING
    if node.element.type == "parallelGateway" and (waiting := _waiting(case, node, host)).keys() == set(
        node.incoming
    ):
        _join(waiting)


def inclusive(case: Case) -> bool:
    """With nothing left to run: lets an inclusive join go on that waits for no other token."""
    for token in list(case.tasks.values()):
        node = token.node
        if node.element.type != "inclusiveGateway" or token._state != TaskState.WAITING:
            continue
        waiting = _waiting(case, node, token.host)
        elsewhere = (
            other.node.element.id
            for other in case.tasks.values()
            if other.host is token.host and not other.watching and other.node.graph is node.graph
        )
        if not any(awaited(node.graph.before[node.element.id], waiting.keys(), element) for element in elsewhere):
            _join(waiting)
            return True
    return False


def _waiting(case: Case, node: Node, host: Token | None) -> dict[str, Token]:
    """The oldest token that waits at a join by each flow."""
    found: dict[str, Token] = {}
    for token in case.tasks.values():
        if token.node is node and token.host is host and token._state == TaskState.WAITING:
            found.setdefault(token.facts["flow"], token)
    return found


def _join(waiting: Mapping[str, Token]) -> None:
    """One token goes on for all of these."""
    first, *rest = waiting.values()
    for token in rest:
        token.leave()
    first.facts.clear()
    if rest:
        first.facts["joined"] = [token.id for token in rest]
    first._ready()
