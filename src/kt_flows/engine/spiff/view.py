"""A case as a Step: what it waits for now."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from kt_flows.clock import from_text
from kt_flows.engine.budgets import CASE_BYTES
from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.case import Case
from kt_flows.engine.spiff.hosts import Inside
from kt_flows.engine.spiff.scope import values_of
from kt_flows.engine.spiff.state import dump
from kt_flows.engine.spiff.token import Token
from kt_flows.engine.spiff.waiting import Catch, Human, Job
from kt_flows.engine.step import HumanTask, Incident, JobRequest, MessageWait, SignalWait, Step, TimerWait
from kt_flows.errors import TooLarge


def step_of(case: Case) -> Step:
    """Everything that the case waits for, with its state and the trace of the move."""
    tasks, jobs, timers, messages, incidents, signals, conditions = [], [], [], [], [], [], []
    for token in case.tasks.values():
        element, facts = token.node.element, token.facts
        if "incident" in facts:
            incidents.append(Incident(token.id, element.id, facts["incident"]["code"], facts["incident"]["message"]))
        elif "passing" in facts or token._state == TaskState.READY:
            continue  # a budget stopped the move before its turn came
        elif isinstance(token.node, Human):
            tasks.append(_task(token))
        elif isinstance(token.node, Job):
            payload = facts["payload"]
            job = JobRequest(token.id, element.id, element.process_key, str(element.topic), payload, element.retry)
            jobs.append(job)
        elif isinstance(token.node, Catch) and "due" in facts:
            timers.append(TimerWait(token.id, element.id, from_text(facts["due"])))
        elif isinstance(token.node, Catch) and "correlation" in facts:
            messages.append(MessageWait(token.id, element.id, str(element.message), facts["correlation"]))
        elif isinstance(token.node, Catch) and "signal" in facts:
            signals.append(SignalWait(token.id, element.id, facts["signal"]))
        elif isinstance(token.node, Catch) and "was" in facts:
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
