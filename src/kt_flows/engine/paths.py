"""The ways through a process: flows that join, elements that are reached and left again, complete choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kt_flows.engine.allowed import LOOPED
from kt_flows.engine.compensation import compensation_findings
from kt_flows.engine.definition import Definition, say
from kt_flows.engine.dialect import Element
from kt_flows.engine.links import catches_link, link_findings, throws_link
from kt_flows.engine.soundness import soundness_findings
from kt_flows.engine.ways import before, following, leaving, reach
from kt_flows.errors import Finding

ACTIVITIES = LOOPED["multiInstanceLoopCharacteristics"]
_WAITS = {"userTask", "receiveTask", "serviceTask", "sendTask", "callActivity", "intermediateCatchEvent"}


def path_findings(definition: Definition) -> Iterator[Finding]:
    """Everything wrong with the ways through; where flows do not join, only that."""
    broken = list(_joined(definition))
    yield from broken
    if broken:
        return
    yield from _starts(definition)
    yield from _ends(definition)
    yield from _choices(definition)
    yield from _races(definition)
    yield from link_findings(definition)
    yield from compensation_findings(definition)
    yield from soundness_findings(definition)
    hint = "Поставьте в цикл ожидание: задачу, сообщение или таймер"
    for element in _loops(definition):
        yield say(definition, element, "endless-loop", "цикл, в котором никто не ждёт", hint)


def _joined(definition: Definition) -> Iterator[Finding]:
    """Flows that join nothing, enter a start, leave an end; events attached to nothing."""
    elements = definition.elements
    for flow in definition.flows.values():
        source, target = elements.get(flow.source), elements.get(flow.target)
        message = ""
        if source is None or target is None or source.parent != target.parent:
            message = f"поток {flow.id} не соединяет два элемента одного уровня"
        elif source.type == "endEvent" or target.type in ("startEvent", "boundaryEvent"):
            message = f"поток {flow.id} выходит из конца или входит в начало"
        elif throws_link(source) or catches_link(target):
            message = f"поток {flow.id} выходит из посланной ссылки или входит в принятую"
        elif source.undone_at_edge:
            message = f"поток {flow.id} выходит из события компенсации: от него ведёт ассоциация"
        elif source.for_compensation or target.for_compensation:
            message = f"поток {flow.id} ведёт к обратному действию или от него, а его начинает компенсация"
        elif source.triggered_by_event or target.triggered_by_event:
            message = f"поток {flow.id} ведёт к событийному подпроцессу, а его начинает событие"
        if message:
            hint = "Проведите его заново"
            yield Finding("error", "flow", definition.diagram, message, hint, flow.id, flow.line)
    for element in elements.values():
        if element.type != "boundaryEvent":
            continue
        host = elements.get(element.attached_to or "")
        if host is None or host.type not in ACTIVITIES or host.parent != element.parent or host.triggered_by_event:
            message = "событие не прикреплено к задаче или подпроцессу своего уровня"
            yield say(definition, element, "flow", message, "Прикрепите его")


def _starts(definition: Definition) -> Iterator[Finding]:
    """Every scope has its start, and everything can be reached."""
    elements = definition.elements
    starts = [one for one in elements.values() if one.type == "startEvent"]
    top = [one for one in starts if one.parent is None]
    if not top:
        hint = "Добавьте стартовое событие"
        yield Finding("error", "no-start", definition.diagram, "у процесса нет начала", hint)
    messages = [one.message for one in top if one.message]
    for again in [one for one in top if one.message and messages.count(one.message) > 1][1:]:
        message = f"два начала по сообщению {again.message}"
        yield say(definition, again, "start-message", message, "Оставьте одно")
    inner = Counter(one.parent for one in starts)
    reached = reach(following(definition), (one.id for one in starts))
    for element in elements.values():
        if element.id not in reached and not element.triggered_by_event:
            yield say(definition, element, "unreachable", "до элемента не дойти", "Подведите к нему поток")
        if element.embedded and inner[element.id] != 1:
            message = f"в подпроцессе начал: {inner[element.id]}"
            yield say(definition, element, "sub-process-start", message, "Нужно одно стартовое событие")


def _ends(definition: Definition) -> Iterator[Finding]:
    """From everywhere a token can come to an end of its scope.  Of a dead way only the last element is told."""
    elements, graph = definition.elements, following(definition)
    backwards = before(graph)
    ending = reach(backwards, (one.id for one in elements.values() if one.type == "endEvent"))
    lost = [one for one in elements.values() if one.id not in ending and not _apart(one)]
    last = [one for one in lost if not graph[one.id]]
    led = reach(backwards, (one.id for one in last))
    circling = [one for one in lost if one.id not in led]
    for element in [*last, *circling[:1]]:
        yield say(definition, element, "no-end", "отсюда не дойти до конца", "Доведите поток до конечного события")


def _apart(element: Element) -> bool:
    """Whether no flow leads on from it: an event sub-process, and what only undoes."""
    return element.triggered_by_event or element.for_compensation or element.undone_at_edge


def _choices(definition: Definition) -> Iterator[Finding]:
    """A choice has a condition or a default on every way out; what is no choice has no conditions."""
    for id, ways in leaving(definition).items():
        element = definition.elements[id]
        bare = [flow for flow in ways if flow.condition is None and not flow.default]
        conditional = [flow for flow in ways if flow.condition is not None]
        if element.type in ("parallelGateway", "eventBasedGateway"):
            if conditional:
                message = f"условие потока {conditional[0].id} здесь не проверяется"
                yield say(definition, element, "gateway-condition", message, "Уберите его или смените шлюз")
        elif element.type in ("exclusiveGateway", "inclusiveGateway"):
            if len(ways) > 1 and bare:
                message = f"у потока {bare[0].id} нет условия"
                yield say(definition, element, "gateway-condition", message, "Задайте условие или default")
            elif conditional and not any(flow.default for flow in ways):
                message = "если ни одно условие не выполнится, случай встанет"
                hint = "Назначьте поток по умолчанию"
                yield say(definition, element, "gateway-default", message, hint, "warning")
        elif conditional and len(conditional) == len(ways):
            message = "если ни одно условие не выполнится, случай здесь и кончится"
            yield say(definition, element, "gateway-condition", message, "Назначьте поток по умолчанию")


def _races(definition: Definition) -> Iterator[Finding]:
    """Behind an event-based gateway stand events that only it leads to."""
    incoming: dict[str, int] = {}
    for flow in definition.flows.values():
        incoming[flow.target] = incoming.get(flow.target, 0) + 1
    watched = {one.attached_to for one in definition.elements.values() if one.attached_to}
    for id, ways in leaving(definition).items():
        element = definition.elements[id]
        if element.type != "eventBasedGateway":
            continue
        if len(ways) < 2:
            yield say(
                definition, element, "event-gateway", "ждать здесь нужно хотя бы двух событий", "Добавьте событие"
            )
        for flow in ways:
            target = definition.elements[flow.target]
            right = target.type in ("intermediateCatchEvent", "receiveTask") and target.event != "link"
            right = right and target.loop is None and target.repeat is None
            if not right or incoming[target.id] > 1 or target.id in watched or target.inputs:
                message = f"за событийным шлюзом стоит {target.id}, а нужно простое событие только за ним"
                yield say(definition, element, "event-gateway", message, "Поставьте промежуточное событие")


def _loops(definition: Definition) -> Iterator[Element]:
    """An element of the first cycle that runs through no element that waits."""
    elements, graph = definition.elements, following(definition)
    holders: dict[str, list[Element]] = {}
    for one in elements.values():
        holders.setdefault(one.parent or "", []).append(one)

    def waits(element: Element) -> bool:
        """Whether it waits, or something inside it may: what else goes round is stopped by the budget of a move."""
        if element.embedded:
            return any(waits(inner) for inner in holders.get(element.id, []) if inner.type != "startEvent")
        return (element.type in _WAITS and element.event != "link") or element.topic is not None

    running = {id for id, one in elements.items() if not waits(one)}
    colour: dict[str, int] = {}
    for root in sorted(running):
        if colour.get(root):
            continue
        stack = [(root, iter(sorted(graph[root] & running)))]
        colour[root] = 1
        while stack:
            id, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                colour[id] = 2
                stack.pop()
            elif colour.get(step) == 1:
                yield elements[step]
                return
            elif not colour.get(step):
                colour[step] = 1
                stack.append((step, iter(sorted(graph[step] & running))))
