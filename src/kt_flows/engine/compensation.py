"""Compensation and cancelled transactions: whether what is to be undone can be, and by whom (BPMN 2.0.2, 10.7)."""

from __future__ import annotations

from collections.abc import Iterator

from kt_flows.engine.definition import Definition, say
from kt_flows.engine.dialect import Element
from kt_flows.errors import Finding


def compensation_findings(definition: Definition) -> Iterator[Finding]:
    edges = {str(one.attached_to) for one in definition.elements.values() if one.undone_at_edge}
    yield from _edges(definition)
    yield from _handlers(definition)
    yield from _inside(definition, edges)
    yield from _throws(definition, _undoable(definition, edges))
    yield from _cancelled(definition)


def _edges(definition: Definition) -> Iterator[Finding]:
    """A compensation event at an edge leads by one association to what undoes the activity."""
    seen: set[str] = set()
    for element in definition.elements.values():
        if not element.undone_at_edge:
            continue
        handlers = [definition.elements.get(id) for id in element.handlers]
        if len(handlers) != 1:
            message = f"обратных действий у события: {len(handlers)}"
            yield say(definition, element, "compensation", message, "Проведите ассоциацию к одному действию")
        elif handlers[0] is None or not handlers[0].for_compensation:
            message = f"{element.handlers[0]} не помечено как обратное действие"
            yield say(definition, element, "compensation", message, 'Поставьте ему isForCompensation="true"')
        if element.attached_to in seen:
            message = f"у {element.attached_to} два события компенсации"
            yield say(definition, element, "compensation", message, "Оставьте одно")
        seen.add(str(element.attached_to))


def _handlers(definition: Definition) -> Iterator[Finding]:
    """What undoes stands by itself: one event leads to it, nothing watches it."""
    led: dict[str, int] = {}
    for element in definition.elements.values():
        for id in element.handlers:
            led[id] = led.get(id, 0) + 1
    watched = {one.attached_to for one in definition.elements.values()}
    for element in definition.elements.values():
        if not element.for_compensation:
            continue
        if led.get(element.id) != 1:
            message = f"к обратному действию ведёт событий компенсации: {led.get(element.id, 0)}"
            yield say(definition, element, "compensation", message, "Свяжите его с одним событием")
        if element.id in watched:
            message = "у обратного действия не бывает граничных событий"
            yield say(definition, element, "compensation", message, "Оберните его в подпроцесс с isForCompensation")


def _inside(definition: Definition, edges: set[str]) -> Iterator[Finding]:
    """A sub-process is undone from outside or from inside, in one way."""
    inside: set[str] = set()
    for start in definition.elements.values():
        if not start.undone_inside:
            continue
        holder = definition.elements[str(start.parent)]
        undone = definition.elements.get(holder.parent or "")
        if undone is None or undone.triggered_by_event:
            message = "событийный подпроцесс компенсации стоит не в подпроцессе"
            yield say(definition, holder, "compensation", message, "Поместите его в подпроцесс, который он отменяет")
        elif undone.id in edges or undone.id in inside:
            message = f"{undone.id} отменяется двумя способами"
            yield say(definition, holder, "compensation", message, "Оставьте один")
        inside.add(holder.parent or "")


def _throws(definition: Definition, undoable: set[str]) -> Iterator[Finding]:
    """A thrown compensation has something to undo where it stands."""
    has_some = {definition.elements[id].parent for id in undoable}
    for element in definition.elements.values():
        if element.event != "compensate" or element.undone_at_edge or element.undone_inside:
            continue
        holder = definition.elements.get(element.parent or "")
        scopes = {element.parent} | ({holder.parent} if holder is not None and holder.triggered_by_event else set())
        named = definition.elements.get(element.undoes or "")
        if element.undoes is not None and (named is None or named.parent not in scopes):
            message = f"activityRef=«{element.undoes[:60]}»: такого действия здесь нет"
            hint = "Назовите действие своего уровня или уберите activityRef"
            yield say(definition, element, "compensation", message, hint)
        elif named is not None and named.id not in undoable:
            message = f"у {named.id} нет обратного действия"
            yield say(definition, element, "compensation", message, "Поставьте на него событие компенсации")
        elif named is None and not scopes & has_some:
            message = "отменять здесь нечего: ни у чего нет обратного действия"
            hint = "Поставьте событие компенсации на то, что отменяется"
            yield say(definition, element, "compensation", message, hint)


def _undoable(definition: Definition, edges: set[str]) -> set[str]:
    """Activities that have something to be undone by, at their edge or inside."""
    found = edges & definition.elements.keys()
    found |= {str(one.parent) for one in definition.elements.values() if one.undone_inside}
    to_do = list(found)
    while to_do:
        holder = definition.elements[to_do.pop()].parent
        if holder is not None and holder not in found:
            found.add(holder)
            to_do.append(holder)
    return found


def _cancelled(definition: Definition) -> Iterator[Finding]:
    """A transaction is cancelled by an end in it, and goes on at the one cancel event at its edge."""
    ends: dict[str, Element] = {}
    edges: dict[str, list[Element]] = {}
    for element in definition.elements.values():
        if element.event != "cancel":
            continue
        holder = definition.elements.get(str(element.parent if element.type == "endEvent" else element.attached_to))
        if holder is None or holder.type != "transaction":
            message = "отмена бывает только у транзакции"
            hint = "Поместите её в транзакцию или поставьте на её край"
            yield say(definition, element, "compensation", message, hint)
        elif element.type == "endEvent":
            ends[holder.id] = element
        else:
            edges.setdefault(holder.id, []).append(element)
    for id, end in ends.items():
        transaction = definition.elements[id]
        if len(edges.get(id, ())) != 1:
            message = f"событий отмены на краю транзакции {id}: {len(edges.get(id, ()))}"
            yield say(definition, end, "compensation", message, "Поставьте на её край одно событие отмены")
        if transaction.loop is not None or transaction.repeat is not None:
            message = "транзакцию с отменой нельзя повторять"
            hint = "Поместите её в подпроцесс, который повторяется"
            yield say(definition, transaction, "compensation", message, hint)
    for id, found in edges.items():
        if id not in ends:
            message = f"транзакцию {id} никто не отменяет"
            hint = "Поставьте в неё конец с отменой или уберите событие"
            yield say(definition, found[0], "compensation", message, hint)
