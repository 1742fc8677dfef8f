"""Plays one scenario: its start, its steps in order, and what it has gone through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from kt_flows.engine.definition import Definition
from kt_flows.engine.form import Form, Group
from kt_flows.engine.program import Program, link
from kt_flows.engine.step import HumanTask, Trace
from kt_flows.engine.values import check_value
from kt_flows.errors import FieldError, FlowsError, InvalidValues
from kt_flows.scenarios.expect import CAME, Found, judge
from kt_flows.scenarios.result import Failure, ScenarioResult
from kt_flows.scenarios.slips import slips
from kt_flows.scenarios.stage import Mistaken, Stage
from kt_flows.scenarios.story import (
    Answer,
    Clock,
    Complete,
    CompleteNth,
    Expect,
    Expectations,
    Job,
    Message,
    Picked,
    Refused,
    Scenario,
    Signal,
    Start,
)

_NO_FORM = Form("", b"", Group((), ()))


def run_scenario(definition: Definition, known: Mapping[str, Definition], scenario: Scenario) -> ScenarioResult:
    """Plays a scenario of the process; `known` are the processes that it may call, by key."""
    name = f"{definition.key}/{scenario.scenario}"
    stage = Stage(link(definition, known), scenario.jobs, scenario.start.at)
    failures: list[Failure] = []
    number = 0
    try:
        failures += [Failure(at, what) for at, what in slips(scenario, definition, stage.program)]
        if failures:
            return ScenarioResult(name, scenario.title, tuple(failures))
        if not _started(stage, definition, scenario.start, failures):
            return ScenarioResult(name, scenario.title, tuple(failures))
        for number, step in enumerate(scenario.steps, start=1):
            failures += [Failure(number, *found) for found in _play(stage, step)]
        if not isinstance(scenario.steps[-1], Expect):
            silent = [found for found in judge(stage, Expectations()) if found[1] == []]
            failures += [Failure(number, *found) for found in silent]
    except FlowsError as error:
        failures.append(Failure(number, _told(error)))
    elements = frozenset(f"{line.process_key}.{line.element_id}" for line in stage.trace if line.kind in CAME)
    flows = frozenset(_flows(stage.program, stage.trace))
    return ScenarioResult(name, scenario.title, tuple(failures), tuple(stage.trace), elements, flows)


def _told(error: FlowsError) -> str:
    if isinstance(error, InvalidValues):
        return "; ".join(f"{one.field}: {one.message}" for one in error.errors)
    return error.message


def _started(stage: Stage, definition: Definition, start: Start, failures: list[Failure]) -> bool:
    """Begins the case.  False where it was not to begin: whether it was refused rightly is then judged."""
    try:
        values = _start_values(definition, start.variables, stage.now)
    except InvalidValues as error:
        if start.refused is None:
            raise
        failures += [Failure(0, *found) for found in _refused(error, start.refused.fields)]
        return False
    if start.refused is not None:
        failures.append(Failure(0, "начало отказано", list(start.refused.fields), "принято"))
        return False
    business_key = start.business_key
    if start.message is not None and business_key is None:
        names = sorted(definition.manifest.messages[start.message].correlation)
        business_key = "/".join(str(start.variables.get(name)) for name in names)
    stage.begin(values, start.message, start.element, business_key)
    return True


def _start_values(definition: Definition, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    if definition.start_form is not None:
        return definition.start_form.check(values, now=now)
    kept, errors = {}, []
    for name, value in values.items():
        variable = definition.manifest.variables.get(name)
        try:
            if variable is None:
                raise ValueError("переменная не объявлена в process.yaml")
            kept[name] = check_value(variable.type, value)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if errors:
        raise InvalidValues(errors)
    return kept


def _refused(error: InvalidValues, fields: Iterable[str]) -> list[Found]:
    named = sorted({one.field for one in error.errors})
    missing = [field for field in fields if field not in named]
    return [("в отказе названы поля", sorted(fields), named)] if missing else []


def _play(stage: Stage, step: Any) -> list[Found]:
    """One step; answers what was not as it says.  Raises Mistaken where the rest makes no sense any more."""
    if isinstance(step, Expect):
        return list(judge(stage, step.expect))
    if isinstance(step, Complete | CompleteNth):
        task = _picked(stage, step.picked)
        allowed = {*task.groups, *([task.assignee] if task.assignee else [])}
        if step.by is not None and step.by not in allowed:
            raise Mistaken(f"задача {task.element_id} для {sorted(allowed)}, а не для {step.by}")
        stage.complete(task, _form_of(stage, task).check(step.values, task.variables, stage.now))
    elif isinstance(step, Refused):
        return _refuse(stage, step)
    elif isinstance(step, Clock):
        target = step.clock
        stage.advance(stage.now + target if isinstance(target, timedelta) else target)
    elif isinstance(step, Message):
        asked = step.message
        reached = stage.message(asked.name, asked.payload, asked.correlation)
        if reached is not asked.expected:
            said = ("ждут", "никто не ждёт") if asked.expected else ("никто не ждёт", "ждут")
            return [(f"сообщение {asked.name}", *said)]
    elif isinstance(step, Signal):
        if not stage.signal(step.signal.name, step.signal.payload):
            return [(f"сигнал {step.signal.name}", "ждут", "никто не ждёт")]
    elif isinstance(step, Job):
        stage.answer(step.job.topic, Answer(result=step.job.result, fail=step.job.fail))
    return []


def _picked(stage: Stage, picked: Picked | str) -> HumanTask:
    id = picked if isinstance(picked, str) else picked.element
    found = sorted((task for task in stage.step.tasks if task.element_id == id), key=lambda task: task.wait)
    if isinstance(picked, str) and len(found) == 1:
        return found[0]
    if isinstance(picked, Picked) and len(found) >= picked.nth:
        return found[picked.nth - 1]
    there = [task.element_id for task in stage.step.tasks]
    raise Mistaken(f"задач {id} открыто {len(found)}; открыты: {there}")


def _form_of(stage: Stage, task: HumanTask) -> Form:
    return stage.program.definitions[task.process_key].forms.get(task.form_key or "", _NO_FORM)


def _refuse(stage: Stage, step: Refused) -> list[Found]:
    task = _picked(stage, step.refused.complete)
    try:
        _form_of(stage, task).check(step.refused.values, task.variables, stage.now)
    except InvalidValues as error:
        return _refused(error, step.refused.fields)
    return [(f"форма задачи {task.element_id}", "отказ", "приняла")]


def _flows(program: Program, trace: Iterable[Trace]) -> Iterable[str]:
    """The sequence flows that tokens took: conditional ones are in the trace, the others follow from it."""
    out: dict[tuple[str, str], list[str]] = {}
    for key, definition in program.definitions.items():
        for flow in definition.flows.values():
            out.setdefault((key, flow.source), []).append(flow.id)
    lines = list(trace)
    for at, line in enumerate(lines):
        ways = out.get((line.process_key, line.element_id), [])
        if line.kind != "completed" or not ways:
            continue
        taken = []
        for later in lines[at + 1 :]:
            if later.kind != "taken" or later.element_id != line.element_id:
                break
            taken.append(str(later.detail["flow"]))
        definition = program.definitions[line.process_key]
        flows = [definition.flows[id] for id in ways]
        choice = definition.elements[line.element_id].type == "exclusiveGateway"
        for flow in flows:
            otherwise = flow.default or (choice and flow.condition is None)
            if flow.id in taken or (flow.condition is None and not (otherwise and taken)):
                yield f"{line.process_key}.{flow.id}"
