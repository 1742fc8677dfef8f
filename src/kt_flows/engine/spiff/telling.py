"""What a move tells the history beside the plain coming and going: who waits before an element, and why a flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from SpiffWorkflow.util.task import TaskState

from kt_flows.engine.dialect import Flow
from kt_flows.engine.expression import Expression
from kt_flows.engine.spiff.nodes import Choice, Node
from kt_flows.engine.spiff.scope import values_of
from kt_flows.engine.spiff.token import Token

if TYPE_CHECKING:
    from kt_flows.engine.spiff.case import Case

MAX_VALUE = 500
"""Characters of JSON of a value that a condition has read; a longer one is told by its beginning."""
MAX_REFUSED = 20


def arrivals(case: Case) -> None:
    """Tokens that have come since this was last told, and stay before their element: at a join, or cut off by a
    budget."""
    for token in case.tasks.values():
        fresh = token.id > case.told and not token.watching
        if "joined" in token.facts or (fresh and token._state in (TaskState.READY, TaskState.WAITING)):
            case.note(token, "arrived")
    case.told = case.sequence


def ways(case: Case, token: Token, chosen: Sequence[tuple[Flow, Node]]) -> None:
    """The flows that a token takes because of conditions, and those that it does not, with the values that decided.

    What was not taken is told once, with the first that was.
    """
    node, conditional = token.node, token.node.conditional
    if not conditional:
        return
    values = values_of(token)
    taken = [flow for flow, _ in chosen if flow.condition is not None]
    if taken and isinstance(node, Choice):  # it looks no further than the first that holds
        refused = conditional[: conditional.index(taken[0])]
    else:
        refused = [flow for flow in conditional if flow not in taken]
    told: dict[str, Any] = {}
    if refused:
        told["refused"] = [
            {"flow": flow.id, "condition": flow.condition.text, "values": read(flow.condition, values)}
            for flow in refused[:MAX_REFUSED]
            if flow.condition is not None
        ]
    for flow in taken:
        assert flow.condition is not None
        case.note(
            token, "taken", flow=flow.id, condition=flow.condition.text, values=read(flow.condition, values), **told
        )
        told = {}
    for flow, _ in [] if taken else chosen:
        if flow.default or isinstance(node, Choice):
            case.note(token, "taken", flow=flow.id, default=True, **told)


def read(expression: Expression, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the names that an expression reads."""
    return {name: _brief(values.get(name)) for name in sorted(expression.names)}


def _brief(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return value if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}…"
