"""Reads events: messages, timers, errors, escalations, and where each may stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kt_flows.clock import from_text
from kt_flows.engine.allowed import EVENTS, PLACES
from kt_flows.engine.calendar import parse_cycle, parse_duration
from kt_flows.engine.dialect import SCOPES, Timer
from kt_flows.engine.expression import Expression
from kt_flows.engine.marks import Marks, camunda, children, tag
from kt_flows.engine.values import fits

_READ_TIMES: dict[str, Callable[[str], object]] = {
    "date": from_text,
    "duration": parse_duration,
    "cycle": parse_cycle,
}
_TIMES = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}
_ALWAYS = {"error": "ошибка", "cancel": "отмена транзакции"}
_INSIDE = {"timer": tuple(_TIMES), "conditional": ("condition",)}


class Events(Marks):
    """The events of a process."""

    def event(self, item: Any, name: str, definitions: list[Any], facts: dict[str, Any]) -> None:
        """What the event at `item` is and what it waits for or throws, into `facts`."""
        if name not in PLACES:
            for definition in definitions:
                self.say("element", definition, f"{tag(definition)} у {name} не выполняется", "Уберите его")
            return
        if len(definitions) > 1:
            self.say("element", definitions[1], "больше одного определения события", "Разделите события")
        place = self.place(item, name)
        kind = "none"
        if definitions:
            definition = definitions[0]
            known = EVENTS.get(tag(definition))
            if known is None:
                self.unknown(definition)
                return
            kind = known[0]
            self.attributes(definition, known[1], known[2])
            self.only_drawn(definition, *_INSIDE.get(kind, ()))
            self.definition(definition, kind, facts)
            if kind == "compensate":
                self.compensation(definition, name, facts)
        if kind not in PLACES[place]:
            self.say("element", item, f"событие {kind} у {name} здесь не выполняется", "Выберите другое событие")
        facts["event"] = kind
        if name == "boundaryEvent":
            facts["attached_to"] = item.get("attachedToRef")
            facts["interrupting"] = item.get("cancelActivity", "true") != "false"
        if place == "event sub-process":
            facts["interrupting"] = item.get("isInterrupting", "true") != "false"
        self.right_way(item, place, facts)

    def place(self, item: Any, name: str) -> str:
        """What stands where `item` does, in the words of PLACES: three kinds of scope have starts of their own."""
        holder = item.getparent()
        if name != "startEvent" or tag(holder) not in SCOPES:
            return name
        return "event sub-process" if holder.get("triggeredByEvent") == "true" else "sub-process"

    def right_way(self, item: Any, place: str, facts: Mapping[str, Any]) -> None:
        """Refuses what an event of this kind cannot do at this place."""
        kind, timer = facts["event"], facts.get("timer")
        throws = place in ("endEvent", "intermediateThrowEvent")
        again = not facts.get("interrupting", True)
        if kind in _ALWAYS and again:
            hint = "Уберите cancelActivity или isInterrupting"
            self.say("element", item, f"{_ALWAYS[kind]} всегда прерывает", hint)
        if throws and kind in ("error", "escalation") and facts.get(f"{kind}_code") is None:
            self.say("event-code", item, f"у события {kind} нет кода", "Укажите errorRef или escalationRef")
        if place == "startEvent" and item.get("isInterrupting") == "false":
            self.say("attribute", item, "начало процесса никого не прерывает", "Уберите isInterrupting")
        if place in ("boundaryEvent", "event sub-process") and facts["inputs"]:
            message = "входные параметры здесь не вычисляются: событие лишь ждёт"
            self.say("extension", item, message, "Возьмите outputParameter или задачу после события")
        if timer is None:
            return
        if timer.kind == "cycle" and place != "startEvent" and not again:
            hint = "Поставьте непрерывающее событие или длительность"
            self.say("timer", item, "повторение здесь сработает только раз", hint)
        if place == "startEvent" and (timer.kind == "duration" or timer.value.literal is None):
            said = "процесс начинают по дате или циклу, записанным без выражений"
            self.say("timer", item, said, "Например, R/PT1H или 2026-03-02T05:00:00Z")
        elif place == "startEvent" and timer.kind == "cycle" and not (timer.value.literal or "").startswith("R/"):
            self.say("timer", item, "у начала процесса число повторов не считается", "Напишите R/… без числа")

    def definition(self, item: Any, kind: str, facts: dict[str, Any]) -> None:
        if kind == "message":
            facts["message"] = self.message(item)
        elif kind == "timer":
            facts["timer"] = self.timer(item)
        elif kind == "error":
            facts["error_code"] = self.ref(item, "error", "errorRef")
            facts["error_code_variable"] = camunda(item, "errorCodeVariable")
            facts["error_message_variable"] = camunda(item, "errorMessageVariable")
            for name in (facts["error_code_variable"], facts["error_message_variable"]):
                word = self.declared(item, name) if name else None
                if word and not fits("string", word):
                    self.say("type", item, f"{name} объявлена как {word}, а нужен string", "Исправьте тип")
        elif kind == "escalation":
            facts["escalation_code"] = self.ref(item, "escalation", "escalationRef")
        elif kind == "signal":
            facts["signal"] = self.signal(item)
        elif kind == "conditional":
            facts["condition"] = self.condition(item)
        elif kind == "link":
            facts["link"] = " ".join(item.get("name", "").split())
            if not facts["link"]:
                self.say("link", item, "у ссылки нет имени", "Назовите обе её стороны одинаково")

    def compensation(self, item: Any, name: str, facts: dict[str, Any]) -> None:
        """What a thrown compensation undoes, and by what the activity is undone at whose edge it is caught."""
        if name == "boundaryEvent":
            facts["handlers"] = self.handlers.get(facts["id"], ())
        if item.get("waitForCompletion") == "false":
            said = "компенсация идёт дальше, только когда всё отменено"
            self.say("attribute", item, said, "Уберите waitForCompletion или отмените в параллельной ветви")
        facts["undoes"] = item.get("activityRef")
        if facts["undoes"] is not None and name in ("boundaryEvent", "startEvent"):
            said = "событие ловит компенсацию своей задачи или подпроцесса"
            self.say("attribute", item, said, "Уберите activityRef")

    def ref(self, item: Any, kind: str, attribute: str) -> str | None:
        """The code behind a reference.  One that leads nowhere is refused: without it the event would catch all."""
        ref = item.get(attribute)
        if ref is not None and (kind, ref) not in self.refs:
            self.say("event-code", item, f"{attribute}=«{ref[:60]}» никуда не ведёт", f"Объявите {kind} в схеме")
        return self.refs.get((kind, ref)) if ref is not None else None

    def message(self, item: Any) -> str | None:
        name = self.refs.get(("message", item.get("messageRef", "")))
        if name is None or name not in self.manifest.messages:
            said = name or item.get("messageRef", "(нет)")[:60]
            self.say("message", item, f"сообщение {said} не объявлено в process.yaml", "Объявите его в messages")
            return None
        return name

    def signal(self, item: Any) -> str | None:
        name = self.refs.get(("signal", item.get("signalRef", "")))
        if name is None or name not in self.manifest.signals:
            said = name or item.get("signalRef", "(нет)")[:60]
            self.say("signal", item, f"сигнал {said[:60]} не объявлен в process.yaml", "Объявите его в signals")
            return None
        return name

    def condition(self, item: Any) -> Expression | None:
        """What a conditional event waits for; it sees the variables and what repetitions around give."""
        found = [child for child in children(item) if tag(child) == "condition"]
        if len(found) != 1:
            self.say("expression", item, f"условий у события: {len(found)}", "Напишите одно condition с ${…}")
            return None
        condition = self.formal(found[0], self.types)
        if condition is not None and "now" in condition.names:
            said = "часы сами никого не будят: условие смотрят, когда меняются переменные"
            self.say("expression", found[0], said, "Поставьте таймер")
        return condition

    def timer(self, item: Any) -> Timer | None:
        times = [child for child in children(item) if tag(child) in _TIMES]
        if len(times) != 1:
            self.say("timer", item, f"времён у таймера: {len(times)}", "Укажите дату, длительность или цикл")
            return None
        child, kind = times[0], _TIMES[tag(times[0])]
        self.attributes(child, set(), set())
        text = (child.text or "").strip()
        template = self.template(child, text, self.types)
        if template is None:
            return None
        literal = template.literal
        try:
            if literal is not None:
                _READ_TIMES[kind](literal)
            elif kind == "date" and not fits(template.type, "timestamp"):
                raise ValueError(f"тип {template.type}, а нужен timestamp")
            elif kind != "date" and template.type.rstrip("?") not in ("string", "duration", "any"):
                raise ValueError(f"тип {template.type}, а нужна длительность")
        except (ValueError, OverflowError) as error:
            self.say("timer", child, f"«{text[:80]}»: {error}", "Исправьте время")
            return None
        return Timer(kind, template)  # type: ignore[arg-type]

    def caught(self, item: Any, facts: dict[str, Any], extension: Mapping[str, list[Any]]) -> dict[str, str]:
        """The payload of the message that comes in at `item`, its types checked against the variables."""
        message = self.manifest.messages[facts["message"]]
        for name in message.correlation:
            word = self.declared(item, name)
            if word in ("map", "list", "list(string)"):
                self.say("type", item, f"по {name} ({word}) случай не найти", "Ищите по тексту или числу")
        return self.carried(item, message.payload, extension)

    def carried(self, item: Any, payload: Mapping[str, str], extension: Mapping[str, list[Any]]) -> dict[str, str]:
        """What comes in at `item`: without outputs it becomes variables by its own names, of fitting types."""
        if not self.parameters(extension, "outputParameter"):
            for name, word in payload.items():
                if (declared := self.declared(item, name)) and not fits(word, declared):
                    self.say("type", item, f"{name} объявлена как {declared}, а приходит {word}", "Исправьте тип")
        return dict(payload)
