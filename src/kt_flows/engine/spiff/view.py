"""A case as a Step: what it waits for now."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from kt_flows.clock import from_text
from kt_flows.engine.budgets import CASE_BYTES
from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.case import Case
from kt_flows.engine.spiff.hosts import Inside, Repeating
from kt_flows.engine.spiff.scope import values_of
from kt_flows.engine.spiff.state import dump
from kt_flows.engine.spiff.token import Token
from kt_flows.engine.spiff.undoing import Undo
from kt_flows.engine.spiff.waiting import Catch, Human, Job
from kt_flows.engine.step import (
    HumanTask,
    Incident,
    JobRequest,
    MessageWait,
    Place,
    PlaceKind,
    SignalWait,
    Step,
    TimerWait,
)
from kt_flows.errors import TooLarge


def step_of(case: Case) -> Step:
    """Everything that the case waits for, with its state and the trace of the move."""
    tasks, jobs, timers, messages, incidents, signals, conditions = [], [], [], [], [], [], []
    for token in case.tasks.values():
        element, facts, kind = token.node.element, token.facts, _kind(token)
        if kind == "incident":
            incidents.append(Incident(token.id, element.id, facts["incident"]["code"], facts["incident"]["message"]))
        elif kind == "task":
            tasks.append(_task(token))
        elif kind == "job":
            payload = facts["payload"]
            job = JobRequest(token.id, element.id, element.process_key, str(element.topic), payload, element.retry)
            jobs.append(job)
        elif kind == "timer":
            timers.append(TimerWait(token.id, element.id, from_text(facts["due"])))
        elif kind == "message":
            messages.append(MessageWait(token.id, element.id, str(element.message), facts["correlation"]))
        elif kind == "signal":
            signals.append(SignalWait(token.id, element.id, facts["signal"]))
        elif kind == "condition":
            conditions.append(element.id)
    state = dump(case)
    if len(state) > CASE_BYTES:
        largest = max(case.variables, key=lambda name: len(str(case.variables[name]).encode()), default="")
        raise TooLarge(f"the case would grow beyond {CASE_BYTES} bytes; its largest variable is {largest}")
    return Step(
        state=state,
        status="active" if case.tasks else "completed",
        end_elements=tuple(case.ended),
        variables=_shown(case, None, case.variables),
        tasks=tuple(tasks),
        jobs=tuple(jobs),
        timers=tuple(timers),
        messages=tuple(messages),
        incidents=tuple(incidents),
        trace=tuple(case.trace),
        signals=tuple(signals),
        conditions=tuple(conditions),
    )


def places(case: Case) -> tuple[Place, ...]:
    """Where the case's tokens are, in the order in which they came; an event that does not listen yet is no place."""
    found = []
    for token in sorted(case.tasks.values(), key=lambda one: one.id):
        element, kind = token.node.element, _kind(token)
        if not token.watching or kind != "standing":
            watches = _watched(token)
            found.append(Place(token.id, element.id, element.process_key, kind, watches, token.attached))
    return tuple(found)


def _watched(token: Token) -> str | None:
    if not token.watching:
        return None
    watched = token.workflow.tasks.get(token.attached or 0)
    return token.node.process_key if watched is None else watched.node.element.id


def _kind(token: Token) -> PlaceKind:
    node, facts = token.node, token.facts
    if "incident" in facts:
        return "incident"
    if "passing" in facts or token._state == TaskState.READY:
        return "standing"  # a budget stopped the move before its turn came
    if isinstance(node, Human):
        return "task"
    if isinstance(node, Job):
        return "job"
    if isinstance(node, Catch):
        kinds: dict[str, PlaceKind] = {
            "due": "timer",
            "correlation": "message",
            "signal": "signal",
            "was": "condition",
        }
        return next((kind for fact, kind in kinds.items() if fact in facts), "standing")
    return "inside" if isinstance(node, Inside | Repeating | Undo) else "standing"


def _task(token: Token) -> HumanTask:
    element, facts = token.node.element, token.facts
    values = values_of(token)
    constants = token.workflow.program.constants[element.process_key]
    return HumanTask(
        wait=token.id,
        element_id=element.id,
        process_key=element.process_key,
        name=element.name,
        form_key=element.form_key,
        assignee=facts["assignee"],
        groups=tuple(facts["groups"]),
        due_at=from_text(facts["due"]) if facts["due"] else None,
        priority=facts["priority"],
        variables={name: values[name] for name in values if name not in constants and name != "now"},
    )


def _shown(case: Case, host: Token | None, variables: dict[str, Any]) -> dict[str, Any]:
    """A scope's variables, with what its open calls would hand over now shown over them."""
    shown = variables
    for token in case.tasks.values():
        if "variables" not in token.facts or not isinstance(token.node, Inside) or _scope(token) is not host:
            continue
        inner = _shown(case, token, token.facts["variables"])
        try:
            given = token.node.handed_out(token, inner)
        except ExpressionError:
            # Not all that the mappings read is there yet.
            given = _one_by_one(token, inner)
        shown = {**shown, **{name: value for name, value in given.items() if value is not None}}
    return shown


def _one_by_one(token: Token, inner: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for mapping in token.node.element.call_out:
        if mapping.value is not None and mapping.target:
            try:
                given[mapping.target] = mapping.value.evaluate(inner)
            except ExpressionError:
                continue
    return given


def _scope(token: Token) -> Token | None:
    """The call that the token runs in, None for the case itself."""
    level = token.host
    while level is not None and "variables" not in level.facts:
        level = level.host
    return level
