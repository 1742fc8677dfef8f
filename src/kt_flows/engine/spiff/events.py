"""Events: what a watcher does when its event has come, and who catches what is thrown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from kt_flows.clock import from_text, to_text
from kt_flows.engine.spiff import telling
from kt_flows.engine.spiff.nodes import Node, Race
from kt_flows.engine.spiff.scope import values_of
from kt_flows.engine.spiff.token import Token
from kt_flows.errors import FlowsError

if TYPE_CHECKING:
    from kt_flows.engine.spiff.case import Case


class Uncaught(FlowsError):
    """An error in the diagram that nobody catches."""

    code = "error.uncaught"


def caught(case: Case, token: Token, payload: Mapping[str, Any]) -> None:
    """What an open catch waits for has come, wherever it stands."""
    if token.watching:
        fire(case, token, payload)
    else:
        _tell_caught(case, token, {})
        case.finish(token, payload)


def fire(case: Case, watcher: Token, payload: Mapping[str, Any]) -> None:
    """A watcher's event has come: what it interrupts goes, its own way begins."""
    node, element = watcher.node, watcher.node.element
    attached = case.tasks.get(watcher.attached or 0)
    _tell_caught(case, watcher, payload)
    racing = attached is not None and isinstance(attached.node, Race)
    if racing or element.interrupting:
        if element.type == "startEvent":
            for token in [token for token in case.tasks.values() if token.host is watcher.host]:
                if token.id in case.tasks and token is not watcher:
                    case.cancel_token(token)
        elif attached is not None:
            case.cancel_token(attached)
        watcher.leave()
    elif "every" in watcher.facts:
        _next_turn(case, watcher)
    elif element.event == "timer":
        watcher.leave()
    _take(case, node, element.type, watcher, payload)


def _tell_caught(case: Case, token: Token, payload: Mapping[str, Any]) -> None:
    element, why = token.node.element, dict[str, Any]()
    if element.condition is not None:
        why = {"condition": element.condition.text, "values": telling.read(element.condition, values_of(token))}
    error = payload.get("error_code")
    case.note(token, "caught", message=element.message, signal=element.signal, error=error, **why)


def _next_turn(case: Case, watcher: Token) -> None:
    """The next turn of a cycle that lies ahead; turns that were missed are not made up for."""
    facts = watcher.facts
    if facts["left"] is not None:
        facts["left"] -= 1
        if facts["left"] <= 0:
            watcher.leave()
            return
    due, every = from_text(facts["due"]), timedelta(seconds=facts["every"])
    missed = max(0, (case.now - due) // every)
    facts["due"] = to_text(due + every * (missed + 1))


def _take(case: Case, node: Node, type_: str, watcher: Token, payload: Mapping[str, Any]) -> None:
    passing = begun(case, node, watcher.host) if type_ == "startEvent" else Token(case, node, watcher.host)
    passing._state = TaskState.STARTED
    case.finish(passing, payload)


def begun(case: Case, start: Node, host: Token | None) -> Token:
    """An event sub-process begins, and listens to what may interrupt it in turn; answers the token at its start."""
    holder = start.graph.nodes[str(start.element.parent)]
    inside = Token(case, holder, host)
    inside._state = TaskState.STARTED
    case.note(inside, "entered")
    for event_start in start.graph.event_starts.get(holder.element.id, []):
        case.watch(event_start, inside, inside)
    return Token(case, start, inside)


def throw_error(case: Case, origin: Token, code: str, message: str) -> bool:
    """Looks outwards for who catches the error; False where nobody does."""
    payload = {"error_code": code, "error_message": message}
    watcher = _catcher(case, origin, "error", code)
    if watcher is None:
        return False
    case.note(origin, "thrown", error=code, reason=message)
    if origin.id not in case.tasks:
        case.note(origin, "completed")
    fire(case, watcher, payload)
    return True


def throw(case: Case, token: Token) -> bool:
    """An error or escalation that an event throws; whether the token may go on from it."""
    element = token.node.element
    if element.event == "escalation":
        watcher = _catcher(case, token, "escalation", element.escalation_code)
        case.note(token, "thrown", escalation=element.escalation_code)
        if watcher is not None:
            fire(case, watcher, {})
        return token.id in case.tasks
    token.leave()
    if not throw_error(case, token, str(element.error_code), element.name):
        case.tasks[token.id] = token
        raise Uncaught(f"nobody catches the error {element.error_code}", code="error.uncaught")
    return False


def _catcher(case: Case, origin: Token, event: str, code: str | None) -> Token | None:
    level: Token | None = origin
    while level is not None:
        around = [
            other
            for other in case.tasks.values()
            if other.watching
            and other.node.element.event == event
            and (other.attached == level.id or (other.node.element.type == "startEvent" and other.host is level.host))
        ]
        for wanted in (code, None):
            for other in around:
                element = other.node.element
                if (element.error_code if event == "error" else element.escalation_code) == wanted:
                    return other
        level = level.host
    return None


def took_over(host: Token) -> bool:
    """Whether a scope is an interrupting event sub-process: its end is the end of what it interrupted."""
    starts = host.node.graph.event_starts.get(host.node.element.parent, [])
    return any(one.element.parent == host.node.element.id and one.element.interrupting for one in starts)
