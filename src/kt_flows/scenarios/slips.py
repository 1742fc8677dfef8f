"""Slips of the pen in a scenario: names that the process does not have, so that `not_visited` never lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kt_flows.engine.definition import Definition
from kt_flows.engine.program import Program
from kt_flows.engine.values import check_value
from kt_flows.scenarios.reading import checked_result
from kt_flows.scenarios.story import (
    Clock,
    Complete,
    CompleteNth,
    Expect,
    Expectations,
    Job,
    Message,
    Refused,
    Scenario,
    Signal,
)

Slip = tuple[int, str]
"""The step's number, 0 for the start, and what is wrong with it."""


def slips(scenario: Scenario, definition: Definition, program: Program) -> Iterator[Slip]:
    """Every name in the scenario that neither the process nor one that it calls knows."""
    start = scenario.start
    if start.message is not None and start.message not in definition.start_messages:
        yield 0, f"сообщением {start.message} процесс {definition.key} не начинается"
    starts = {id for id, one in definition.elements.items() if one.type == "startEvent" and one.parent is None}
    if start.element is not None and start.element not in starts:
        yield 0, f"начала {start.element} нет"
    for number, step in enumerate(scenario.steps, start=1):
        for said in _in_step(step, definition, program):
            yield number, said


def _in_step(step: object, definition: Definition, program: Program) -> Iterator[str]:
    if isinstance(step, Complete):
        yield from _elements([step.complete], program)
    elif isinstance(step, CompleteNth):
        yield from _elements([step.task.element], program)
    elif isinstance(step, Refused):
        yield from _elements([step.refused.complete], program)
    elif isinstance(step, Message):
        yield from _message(step, program)
    elif isinstance(step, Signal):
        yield from _signal(step, program)
    elif isinstance(step, Job):
        try:
            checked_result(step.job.topic, step.job.result or {})
        except ValueError as error:
            yield str(error)
    elif isinstance(step, Expect):
        yield from _expectations(step.expect, definition, program)
    else:
        assert isinstance(step, Clock)


def _elements(ids: Iterable[str], program: Program) -> Iterator[str]:
    for id in ids:
        if not any(id in definition.elements for definition in program.definitions.values()):
            yield f"элемента {id} нет"


def _message(step: Message, program: Program) -> Iterator[str]:
    name = step.message.name
    known = [one.manifest.messages[name] for one in program.definitions.values() if name in one.manifest.messages]
    if not known:
        yield f"сообщения {name} ни один процесс не знает"
        return
    for key in step.message.payload:
        if not any(key in message.payload for message in known):
            yield f"в сообщении {name} нет поля {key}"
    for key in step.message.correlation or {}:
        if not any(key in message.correlation for message in known):
            yield f"сообщение {name} не ищут по {key}"


def _signal(step: Signal, program: Program) -> Iterator[str]:
    name = step.signal.name
    known = [one.manifest.signals[name] for one in program.definitions.values() if name in one.manifest.signals]
    if not known:
        yield f"сигнала {name} ни один процесс не знает"
    for key in step.signal.payload if known else ():
        if not any(key in signal.payload for signal in known):
            yield f"в сигнале {name} нет поля {key}"


def _expectations(wanted: Expectations, definition: Definition, program: Program) -> Iterator[str]:
    ends = [wanted.ended] if isinstance(wanted.ended, str) else (wanted.ended or ())
    lists = (wanted.tasks or (), wanted.has_tasks, wanted.no_tasks, wanted.groups, wanted.due, wanted.visited)
    more = (wanted.not_visited, wanted.decided, wanted.incidents, wanted.waits.timers, ends)
    for ids in (*lists, *more):
        yield from _elements(ids, program)
    for name, value in wanted.variables.items():
        word = definition.manifest.types.get(name)
        try:
            if word is None or name in definition.manifest.constants:
                raise ValueError("не объявлена в process.yaml")
            check_value(word, value)
        except ValueError as error:
            yield f"переменная {name}: {error}"
    for mail in wanted.sent:
        if not any(mail.template in one.texts for one in program.definitions.values()):
            yield f"текста mail/{mail.template}.ru.txt нет"
    for name in (*wanted.waits.messages, *wanted.waits.no_messages):
        if not any(name in one.manifest.messages for one in program.definitions.values()):
            yield f"сообщения {name} ни один процесс не знает"
