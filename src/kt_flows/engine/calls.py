"""Processes together: who calls whom and hands over what, whose errors are caught, whose messages are the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from kt_flows.engine.definition import Definition, say
from kt_flows.engine.dialect import Element
from kt_flows.engine.expression import SyntaxProblem, compile_expression
from kt_flows.engine.values import fits
from kt_flows.errors import Finding
from kt_flows.topics import TOPICS

MAX_DEPTH = 10
ANY_JOB = "outside.permanent"
"""The code of an outside refusal that has no name of its own."""
Known = Mapping[str, Definition]


def call_findings(definition: Definition, known: Known) -> Iterator[Finding]:
    """Calls reach a process that there is, hand over what it knows, and never come back to themselves; events catch
    codes that something throws."""
    depths = _depths(definition, known)
    too_deep = depths[definition.key] > MAX_DEPTH
    codes = {event: Codes(event, known) for event in ("error", "escalation") if not too_deep}
    for element in definition.elements.values():
        if element.called is not None:
            yield from _call(definition, element, known, depths.get(element.called, 0))
        # An event that is attached to nothing is told by its own finding.
        attached = element.type != "boundaryEvent" or element.attached_to in definition.elements
        if element.event in codes and _catches(definition, element) and attached:
            yield from _code(definition, element, codes[element.event])


def _call(definition: Definition, element: Element, known: Known, depth: float) -> Iterator[Finding]:
    called = known.get(str(element.called))
    if called is None:
        message = f"процесса {element.called} нет"
        yield say(definition, element, "call", message, "Разверните его вместе с этим")
        return
    if not called.plain_starts:
        message = f"у процесса {called.key} нет простого начала, вызвать его нельзя"
        yield say(definition, element, "call", message, "Добавьте ему стартовое событие без определения")
    elif len(called.plain_starts) > 1:
        message = f"у процесса {called.key} несколько простых начал, и какое вызвать — не сказано"
        yield say(definition, element, "call", message, "Оставьте ему одно простое начало")
    yield from _handed_in(definition, element, called)
    yield from _handed_out(definition, element, called)
    if math.isinf(depth):
        message = f"{called.key} вызывает в конце концов {definition.key} или сам себя"
        yield say(definition, element, "call-cycle", message, "Разорвите круг")
    elif depth >= MAX_DEPTH:
        message = f"вызовы вложены глубже {MAX_DEPTH}"
        yield say(definition, element, "call-cycle", message, "Объедините процессы")


def _handed_in(definition: Definition, element: Element, called: Definition) -> Iterator[Finding]:
    for mapping in element.call_in:
        if mapping.target is None or mapping.value is None:
            continue
        variable = called.manifest.variables.get(mapping.target)
        if variable is None:
            message = f"у процесса {called.key} нет переменной {mapping.target}"
            yield say(definition, element, "call", message, "Исправьте target")
        elif not fits(mapping.value.type, variable.type):
            message = f"{mapping.target}: передаётся {mapping.value.type}, а объявлено {variable.type}"
            yield say(definition, element, "type", message, "Исправьте тип")


def _handed_out(definition: Definition, element: Element, called: Definition) -> Iterator[Finding]:
    types = {name: variable.type for name, variable in called.manifest.variables.items()}
    for mapping in element.call_out:
        if mapping.target is None or mapping.value is None:
            continue
        missing = sorted(mapping.value.names - set(types))
        wanted = definition.manifest.variables.get(mapping.target)
        for name in missing:
            message = f"у процесса {called.key} нет переменной {name}"
            yield say(definition, element, "call", message, "Исправьте source")
        if missing or wanted is None:
            continue
        try:
            compile_expression(mapping.value.text, types, f"{wanted.type}?")
        except SyntaxProblem as problem:
            yield say(definition, element, "type", f"{mapping.target}: {problem}", "Исправьте тип")


def _depths(definition: Definition, known: Known) -> dict[str, float]:
    """Key to how many calls lie below it, for all that the process calls in the end; infinite in a circle."""
    depths: dict[str, float] = {}
    stack = [(definition.key, iter(sorted(definition.calls)))]
    open_keys = {definition.key}
    while stack:
        key, rest = stack[-1]
        for one in rest:
            if one in known and one not in depths:
                if one in open_keys:
                    depths[one] = math.inf
                    continue
                open_keys.add(one)
                stack.append((one, iter(sorted(known[one].calls))))
                break
        else:
            stack.pop()
            open_keys.discard(key)
            calls = known.get(key, definition).calls
            below = max((depths[one] + 1 for one in calls if one in depths), default=0)
            depths[key] = max(below, depths.get(key, 0))
    return depths


# ---- codes


def _catches(definition: Definition, element: Element) -> bool:
    holder = definition.elements.get(element.parent or "")
    inside = element.type == "startEvent" and holder is not None and holder.triggered_by_event
    return element.type == "boundaryEvent" or inside


class Codes:
    """The codes of errors or escalations that may come out of an element, of processes that know each other."""

    def __init__(self, event: str, known: Known) -> None:
        self.event = event
        self.known = known
        self._inside: dict[str, dict[str | None, list[Element]]] = {}
        self._of: dict[tuple[str, str], frozenset[str] | None] = {}

    def inside(self, definition: Definition, holder: str | None) -> list[Element]:
        """What stands directly in a sub-process, or in the process for None."""
        if definition.key not in self._inside:
            found = self._inside[definition.key] = {}
            for element in definition.elements.values():
                found.setdefault(element.parent, []).append(element)
        return self._inside[definition.key].get(holder, [])

    def of(self, definition: Definition, element: Element) -> frozenset[str] | None:
        """Every code that may come out of the element; None where a process that it calls is not known."""
        key = definition.key, element.id
        if key not in self._of:
            # A circle of calls adds nothing on its second round.
            self._of[key] = frozenset()
            self._of[key] = self._thrown(definition, element)
        return self._of[key]

    def _thrown(self, definition: Definition, element: Element) -> frozenset[str] | None:
        if element.event == self.event and element.type in ("endEvent", "intermediateThrowEvent"):
            return frozenset({str(element.error_code if self.event == "error" else element.escalation_code)})
        if element.topic is not None and self.event == "error":
            return frozenset({*TOPICS[element.topic].errors, ANY_JOB})
        if element.called is None:
            return self.any_of(definition, self.inside(definition, element.id))
        called = self.known.get(element.called)
        return None if called is None else self.any_of(called, self.inside(called, None))

    def any_of(self, definition: Definition, elements: Iterable[Element]) -> frozenset[str] | None:
        found = frozenset[str]()
        for element in elements:
            codes = self.of(definition, element)
            if codes is None:
                return None
            found |= codes
        return found


def _code(definition: Definition, element: Element, codes: Codes) -> Iterator[Finding]:
    """Whether anything in what the event watches throws the code that it catches."""
    if element.type == "boundaryEvent":
        watched = [definition.elements[str(element.attached_to)]]
    else:
        holder = definition.elements[str(element.parent)]
        watched = [one for one in codes.inside(definition, holder.parent) if one is not holder]
    thrown = codes.any_of(definition, watched)
    wanted = element.error_code if element.event == "error" else element.escalation_code
    # What an unknown process throws is told by its own finding.
    if thrown is not None and (not thrown or (wanted is not None and wanted not in thrown)):
        message = f"код {wanted or '(любой)'} здесь никто не бросает; есть: {', '.join(sorted(thrown)) or 'никаких'}"
        yield say(definition, element, "event-code", message, "Исправьте код или уберите событие")


# ---- messages


def signal_findings(definition: Definition, known: Known) -> Iterator[Finding]:
    """A signal carries the same for all who know it."""
    for name, signal in definition.manifest.signals.items():
        for other in sorted(known.values(), key=lambda one: one.key):
            theirs = other.manifest.signals.get(name)
            for field in sorted(theirs.payload.keys() & signal.payload.keys()) if theirs is not None else ():
                if theirs is not None and not fits(theirs.payload[field], signal.payload[field]):
                    said = f"signals.{name}.{field}: у {other.key} это {theirs.payload[field]}"
                    yield Finding("error", "signal", "process.yaml", said, "Назовите тип одинаково")


def message_findings(definition: Definition, known: Known) -> Iterator[Finding]:
    """A message is the same for all who know it, and one process at most begins with it."""
    for name, message in definition.manifest.messages.items():
        for other in sorted(known.values(), key=lambda one: one.key):
            theirs = other.manifest.messages.get(name)
            if other.key == definition.key or theirs is None:
                continue
            if set(theirs.correlation) != set(message.correlation):
                said = f"messages.{name}: у {other.key} его ищут по {', '.join(theirs.correlation) or 'ничему'}"
                yield Finding("error", "message", "process.yaml", said, "Назовите correlation одинаково")
            for field in sorted(theirs.payload.keys() & message.payload.keys()):
                if not fits(theirs.payload[field], message.payload[field]):
                    said = f"messages.{name}.{field}: у {other.key} это {theirs.payload[field]}"
                    yield Finding("error", "message", "process.yaml", said, "Назовите тип одинаково")
            if name in definition.start_messages and name in other.start_messages:
                start = definition.elements[definition.start_messages[name]]
                said = f"сообщением {name} начинается и {other.key}"
                yield say(definition, start, "start-message", said, "Пусть начинается один")
