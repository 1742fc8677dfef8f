"""A case as bytes and back: its live tokens and variables, nothing of the graph.

One JSON object with a format version; tokens in order of their numbers, so that a host stands before what it holds.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from SpiffWorkflow.util.task import TaskState

from kt_flows.clock import to_text
from kt_flows.engine.spiff.case import Case
from kt_flows.engine.spiff.hosts import Repeating
from kt_flows.engine.spiff.token import Token
from kt_flows.errors import Broken

if TYPE_CHECKING:
    from kt_flows.engine.program import Program

FORMAT = 1


def dump(case: Case) -> bytes:
    """The case's state.  Keys: format, sequence, implicit names, variables, ended elements, tokens,
    what can be undone."""
    rows = []
    for token in sorted(case.tasks.values(), key=lambda one: one.id):
        host = token.host
        row: list[Any] = [token.id, token.node.element.id, token._state, host.id if host else 0]
        extra = {"a": token.attached, "l": token.local, "f": token.facts, "i": case.is_instance(token)}
        kept = {name: value for name, value in extra.items() if value or (name == "a" and value is not None)}
        rows.append([*row, kept] if kept else row)
    implicit = {name: value for name, value in case.implicit.items() if name != "now"}
    state = {"f": FORMAT, "q": case.sequence, "i": implicit, "v": case.variables, "e": case.ended, "t": rows}
    if case.undoable:
        state["u"] = case.undoable
    return orjson.dumps(state)


def load(program: Program, data: bytes, now: datetime) -> Case:
    """The case as it was.  Raises Broken for a state that this program cannot have written."""
    try:
        state = orjson.loads(data)
        if state["f"] != FORMAT:
            raise Broken(f"the state has format {state['f']}, this release reads {FORMAT}")
        case = Case(program, now)
        case.sequence, case.variables, case.ended = state["q"], state["v"], state["e"]
        case.told = case.sequence
        case.undoable = state.get("u", [])
        case.implicit = {**state["i"], "now": to_text(now)}
        for id, element, task_state, host_id, *rest in state["t"]:
            extra = rest[0] if rest else {}
            host = case.tasks[host_id] if host_id else None
            graph = program.root if host is None else host.node.graph
            if host is not None and host.node.element.called is not None and not extra.get("i"):
                graph = program.graphs[host.node.element.called]
            node = graph.nodes[element]
            if extra.get("i") and isinstance(node, Repeating):
                node = node.body
            token = Token(case, node, host, extra.get("a"), id)
            token.local, token.facts = extra.get("l", {}), extra.get("f", {})
            token._state = task_state
            if task_state == TaskState.READY:
                # A budget stopped the move before its turn came: it comes with the next move.
                case.queue.append(token)
    except (KeyError, ValueError, TypeError) as error:
        raise Broken(f"the state cannot be read: {error!r}") from error
    return case
