"""Judges an `expect` step: what is not as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from kt_flows.clock import from_text, to_text
from kt_flows.engine.step import HumanTask
from kt_flows.engine.values import check_value
from kt_flows.scenarios.stage import Sent, Stage
from kt_flows.scenarios.story import Expectations, Mail, Waits

Found = tuple[str, object, object]
"""What was judged, what was expected, what was there."""
CAME = {"entered", "caught", "completed", "incident"}


def judge(stage: Stage, wanted: Expectations) -> Iterator[Found]:
    """Everything that is otherwise than the step says."""
    yield from _tasks(stage, wanted)
    types = stage.program.root.definition.manifest.types
    for name, value in wanted.variables.items():
        actual = stage.step.variables.get(name)
        if normal(actual) != normal(check_value(types[name], value)):
            yield f"переменная {name}", value, actual
    for mail in wanted.sent:
        yield from _sent(stage, mail)
    for topic, count in wanted.jobs.items():
        if stage.asked.get(topic, 0) != count:
            yield f"обращений {topic}", count, stage.asked.get(topic, 0)
    yield from _waits(stage, wanted.waits)
    yield from _way(stage, wanted)
    stuck = sorted([*(one.element_id for one in stage.step.incidents), *stage.stuck.values()])
    if stuck != sorted(wanted.incidents):
        said = "; ".join(f"{one.element_id}: {one.message}" for one in stage.step.incidents)
        yield "не идут дальше", sorted(wanted.incidents), f"{stuck} {said}".strip()


def _tasks(stage: Stage, wanted: Expectations) -> Iterator[Found]:
    tasks: dict[str, HumanTask] = {task.element_id: task for task in stage.step.tasks}
    ids = sorted(task.element_id for task in stage.step.tasks)
    if wanted.tasks is not None and ids != sorted(wanted.tasks):
        yield "открытые задачи", sorted(wanted.tasks), ids
    for id in wanted.has_tasks:
        if id not in tasks:
            yield "открыта задача", id, ids
    for id in wanted.no_tasks:
        if id in tasks:
            yield "задачи нет", id, ids
    for id, groups in wanted.groups.items():
        actual = sorted(tasks[id].groups) if id in tasks else "задачи нет"
        if actual != sorted(groups):
            yield f"группы задачи {id}", sorted(groups), actual
    for id, due in wanted.due.items():
        if id not in tasks or tasks[id].due_at != due:
            yield f"срок задачи {id}", _shown(due), _shown(tasks[id].due_at) if id in tasks else "задачи нет"


def _sent(stage: Stage, wanted: Mail) -> Iterator[Found]:
    found = [one for one in stage.sent if _matches(one, wanted)]
    if (wanted.count is None and not found) or (wanted.count is not None and len(found) != wanted.count):
        there = [f"{one.template} → {one.to}" for one in stage.sent if one.topic == wanted.topic]
        asked = wanted.model_dump(exclude_defaults=True)
        yield "письмо", asked, _texts(stage.sent, wanted) if wanted.contains and not found else there


def _matches(one: Sent, wanted: Mail) -> bool:
    to = one.to if isinstance(one.to, list) else [one.to]
    return (
        one.topic == wanted.topic
        and one.template == wanted.template
        and wanted.to in (None, *to)
        and wanted.lang in (None, one.lang)
        and all(text in one.text for text in wanted.contains)
    )


def _texts(sent: Iterable[Sent], wanted: Mail) -> list[str]:
    return [f"{one.template} → {one.to}: {one.text}" for one in sent if one.template == wanted.template]


def _waits(stage: Stage, wanted: Waits) -> Iterator[Found]:
    names = sorted({wait.name for wait in stage.step.messages})
    for name in wanted.messages:
        if name not in names:
            yield "ждут сообщения", name, names
    for name in wanted.no_messages:
        if name in names:
            yield "сообщения не ждут", name, names
    timers = {timer.element_id: timer.due_at for timer in stage.step.timers}
    for id, due in wanted.timers.items():
        if timers.get(id) != due:
            yield f"таймер {id}", _shown(due), _shown(timers.get(id))
    if wanted.jobs is not None and sorted(wanted.jobs) != sorted(stage.waiting.values()):
        yield "ждут ответа", sorted(wanted.jobs), sorted(stage.waiting.values())


def _way(stage: Stage, wanted: Expectations) -> Iterator[Found]:
    visited = {line.element_id for line in stage.trace if line.kind in CAME}
    for id in wanted.visited:
        if id not in visited:
            yield "пройден элемент", id, "не пройден"
    for id in wanted.not_visited:
        if id in visited:
            yield "не пройден элемент", id, "пройден"
    decided = {line.element_id: line.detail.get("rules") for line in stage.trace if line.kind == "decided"}
    for id, rows in wanted.decided.items():
        if decided.get(id) != list(rows):
            yield f"строки таблицы у {id}", list(rows), decided.get(id)
    over = stage.step.status == "completed"
    if wanted.ended is not None:
        ends = list(stage.step.end_elements)
        right = wanted.ended in ends if isinstance(wanted.ended, str) else Counter(wanted.ended) == Counter(ends)
        if not over or not right:
            yield "случай закончен", wanted.ended, ends if over else _open(stage)
    if wanted.active is not None and wanted.active is over:
        yield "случай идёт", wanted.active, not over


def _open(stage: Stage) -> str:
    """What an open case waits for, for the one who thought it was over."""
    step = stage.step
    waits = (
        ("задачи", sorted(task.element_id for task in step.tasks)),
        ("ответы", sorted(stage.waiting.values())),
        ("сообщения", sorted(wait.name for wait in step.messages)),
        ("таймеры", sorted(timer.element_id for timer in step.timers)),
    )
    return "ещё идёт: " + ", ".join(f"{what} {ids}" for what, ids in waits if ids)


def normal(value: Any) -> Any:
    """Times as UTC texts, whole doubles as whole numbers, at any depth: what is equal for a reader is equal here."""
    if isinstance(value, str):
        try:
            return to_text(from_text(value)) if len(value) >= 20 and value[10:11] == "T" else value
        except (ValueError, OverflowError):
            return value
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    # True is not 1 for a reader.
    return (type(value) is bool, value)


def _shown(moment: datetime | None) -> str:
    return to_text(moment) if moment else "нет"
