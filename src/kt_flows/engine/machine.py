"""The engine: a pure function of (snapshot, what came, now).

No clock, no session, no network.  Every function restores the case, fires the timers that are due by `now`, makes one
move, and answers the Step; the caller commits it or throws it away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kt_flows.clock import from_text
from kt_flows.engine.budgets import STEPS, Stopped
from kt_flows.engine.program import Program
from kt_flows.engine.spiff import events, mending, undoing, view
from kt_flows.engine.spiff.case import Case
from kt_flows.engine.spiff.events import Uncaught
from kt_flows.engine.spiff.hosts import Inside, Repeating
from kt_flows.engine.spiff.mending import ElementRefuses
from kt_flows.engine.spiff.state import load
from kt_flows.engine.spiff.token import Token
from kt_flows.engine.spiff.view import step_of
from kt_flows.engine.spiff.waiting import Catch, Human, Job
from kt_flows.engine.step import Place, Step
from kt_flows.errors import Conflict

__all__ = [
    "ElementRefuses",
    "NoSuchWait",
    "Uncaught",
    "begin",
    "complete",
    "deliver",
    "fail",
    "finish",
    "look",
    "mend",
    "misfits",
    "places",
    "put",
    "retry",
    "signal",
    "skip",
    "tick",
]


class NoSuchWait(Conflict):
    """The case does not wait for this any more."""

    code = "no_such_wait"


def begin(
    program: Program,
    variables: Mapping[str, Any],
    *,
    now: datetime,
    instance_id: str,
    business_key: str | None = None,
    message: str | None = None,
    start_element: str | None = None,
) -> Step:
    """A new case at its start event: the one named, the one for the message, else the plain one."""
    case = Case(program, now)
    case.variables = dict(variables)
    case.implicit |= {"instance_id": instance_id, "business_key": business_key}
    case.enter(program.root.entry(message, start_element), program.root, None)
    case.go()
    return step_of(case)


def complete(program: Program, state: bytes, wait: int, values: Mapping[str, Any], *, now: datetime) -> Step:
    """A person's task is done with these checked values.  Raises NoSuchWait."""
    return _move(program, state, wait, Human, values, now)


def deliver(program: Program, state: bytes, wait: int, payload: Mapping[str, Any], *, now: datetime) -> Step:
    """A message came for this wait.  Raises NoSuchWait."""
    return _move(program, state, wait, Catch, payload, now)


def signal(
    program: Program, state: bytes, waits: Sequence[int], payload: Mapping[str, Any], *, now: datetime
) -> Step:
    """A signal came for these waits, each once, in order; what an earlier one cancels is not reached.

    Raises NoSuchWait where none of them is open any more.
    """
    case = _restored(program, state, now)
    reached = False
    for wait in sorted(waits):
        token = case.tasks.get(wait)
        if token is not None and "signal" in token.facts and not token.facts.keys() & {"incident", "passing"}:
            events.caught(case, token, payload)
            case.go()
            reached = True
    if not reached:
        raise NoSuchWait
    return step_of(case)


def finish(program: Program, state: bytes, wait: int, result: Mapping[str, Any], *, now: datetime) -> Step:
    """An outside call answered.  Raises NoSuchWait."""
    return _move(program, state, wait, Job, result, now)


def fail(program: Program, state: bytes, wait: int, code: str, message: str, *, now: datetime) -> Step:
    """An outside call failed for good with a BPMN error.

    Raises Uncaught where the diagram does not catch the code (the caller leaves the job stuck), NoSuchWait.
    """
    case = _restored(program, state, now)
    token = _waiting(case, wait, Job)
    if not events.throw_error(case, token, code, message):
        raise Uncaught(f"{token.node.element.id} does not catch {code}: {message}")
    case.go()
    return step_of(case)


def tick(program: Program, state: bytes, *, now: datetime) -> Step:
    """Fires what is due by `now`, in order of time."""
    return step_of(_restored(program, state, now))


def look(program: Program, state: bytes, *, now: datetime) -> Step:
    """The Step as the state stands; nothing moves."""
    return step_of(load(program, state, now))


def places(program: Program, state: bytes, *, now: datetime) -> tuple[Place, ...]:
    """Where the state's tokens are, in called processes too; nothing moves."""
    return view.places(load(program, state, now))


def retry(
    program: Program, state: bytes, wait: int, variables: Mapping[str, Any] | None = None, *, now: datetime
) -> Step:
    """Tries the element of an incident again, after variables of its process were put right.

    Raises NoSuchWait, InvalidValues for variables that the process does not have.
    """
    case = _restored(program, state, now)
    token = case.tasks.get(wait)
    if token is None or "incident" not in token.facts:
        raise NoSuchWait
    mending.put(token, variables or {})
    del token.facts["incident"]
    _again(case, token)
    case.go()
    return step_of(case)


def mend(
    program: Program,
    state: bytes,
    wait: int,
    *,
    variables: Mapping[str, Any],
    payload: Mapping[str, Any],
    now: datetime,
) -> Step:
    """Puts right what a waiting element is to be tried again with: its process's variables, its call's payload.

    Timers that are due do not fire first: what they do may be what cannot be done.  Raises NoSuchWait, InvalidValues,
    ElementRefuses.
    """
    case = load(program, state, now)
    token = case.tasks.get(wait)
    if token is None or token.facts.keys() & {"incident", "passing"}:
        raise NoSuchWait
    mending.put(token, variables)
    mending.ask_anew(token, payload, renewed=bool(variables))
    case.go()
    return step_of(case)


def skip(program: Program, state: bytes, wait: int, result: Mapping[str, Any] | None, *, now: datetime) -> Step:
    """Goes on without an outside call, as if it had answered `result`, or past the element of an incident.

    Raises NoSuchWait, InvalidValues, ElementRefuses.
    """
    case = _restored(program, state, now)
    token = case.tasks.get(wait)
    if token is None or ("incident" not in token.facts and not isinstance(token.node, Job)):
        raise NoSuchWait
    mending.skip(case, token, result)
    case.go()
    return step_of(case)


def put(program: Program, state: bytes, variables: Mapping[str, Any], *, now: datetime) -> Step:
    """An operator's change of the case's own variables."""
    case = _restored(program, state, now)
    case.variables.update(variables)
    case.go()
    return step_of(case)


def misfits(old: Program, new: Program, state: bytes, *, now: datetime) -> tuple[str, ...]:
    """The elements at which the case stands and that the new program lacks, or has as another kind of element."""
    found = []
    case = load(old, state, now)
    for key, id in undoing.records_of(case):
        graph = new.graphs.get(key)
        if graph is None or id not in graph.nodes or (id in old.graphs[key].undone_by) != (id in graph.undone_by):
            found.append(id)
    for token in case.tasks.values():
        element = token.node.element
        graph = new.graphs.get(element.process_key)
        there = graph.nodes.get(element.id) if graph is not None else None
        if there is None or there.element.type != element.type or there.element.parent != element.parent:
            found.append(element.id)
    return tuple(dict.fromkeys(found))


def _again(case: Case, token: Token) -> None:
    if "payload_in" in token.facts:
        case.finish(token, token.facts["payload_in"])
    elif token.watching:
        case.watch(token.node, case.tasks.get(token.attached or 0), token.host)
        token.leave()
    else:
        if isinstance(token.node, Inside | Repeating) and "passing" not in token.facts:
            case.cancel_inside(token)
        token._ready()


def _restored(program: Program, state: bytes, now: datetime) -> Case:
    """The case with everything fired that was due before what comes now: a deadline passed is a deadline passed."""
    case = load(program, state, now)
    for _ in range(STEPS):
        due = min(
            (
                (token.facts["due"], token.id, token)
                for token in case.tasks.values()
                if isinstance(token.node, Catch) and "due" in token.facts and "incident" not in token.facts
                if "passing" not in token.facts and from_text(token.facts["due"]) <= now
            ),
            default=None,
            key=lambda one: (from_text(one[0]), one[1]),
        )
        if due is None:
            return case
        events.caught(case, due[2], {})
        case.go()
    raise Stopped("timers go on firing without end")


def _waiting(case: Case, wait: int, kind: type) -> Token:
    token = case.tasks.get(wait)
    if token is None or not isinstance(token.node, kind) or "incident" in token.facts or "passing" in token.facts:
        raise NoSuchWait
    return token


def _move(program: Program, state: bytes, wait: int, kind: type, values: Mapping[str, Any], now: datetime) -> Step:
    case = _restored(program, state, now)
    token = _waiting(case, wait, kind)
    if kind is Catch:
        events.caught(case, token, values)
    else:
        case.finish(token, values)
    case.go()
    return step_of(case)
