"""Reads activities: tasks of people, jobs, scripts, decisions, calls, repetitions; and what goes in and out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kt_flows.engine.budgets import CHILDREN
from kt_flows.engine.calendar import parse_cycle
from kt_flows.engine.dialect import CallMapping, Loop, Repeat
from kt_flows.engine.events import Events
from kt_flows.engine.expression import IMPLICIT, Expression, SyntaxProblem, Types, compile_expression
from kt_flows.engine.marks import camunda, children, seen_as, tag
from kt_flows.engine.values import fits
from kt_flows.topics import TOPICS, Topic

MAX_ROUNDS = 100_000
LOOP = {
    "loopCounter": "int",
    "nrOfInstances": "int",
    "nrOfCompletedInstances": "int",
    "nrOfActiveInstances": "int",
}
NAME = re.compile(r"[a-z][A-Za-z0-9_]{0,63}", re.ASCII)


class Activities(Events):
    """The activities of a process.  A method `_<tag>` per kind, `_plain` for those that need none."""

    def loop(self, item: Any) -> Loop | None:
        """Multi-instance characteristics: over a list, or a number of times."""
        self.attributes(item, {"isSequential"}, {"collection", "elementVariable"})
        collection = camunda(item, "collection")
        parts: dict[str, Expression | None] = {"loopCardinality": None, "completionCondition": None}
        for child in children(item):
            name, text = tag(child), (child.text or "").strip()
            if name not in parts:
                self.unknown(child)
                continue
            self.attributes(child, set(), set())
            if name == "completionCondition":
                parts[name] = self.expression(child, text, {**self.types, **LOOP}, "bool")
            elif text.isdecimal() and len(text) <= 18:
                if int(text) > CHILDREN:
                    self.say("budget", child, f"{text} экземпляров больше {CHILDREN}", "Уменьшите их число")
                parts[name] = compile_expression(text, {})
            else:
                parts[name] = self.expression(child, text, self.types, "int")
        items = None
        if collection is not None:
            text = collection if collection.startswith("${") else f"${{{collection}}}"
            items = self.expression(item, text, self.types, "list")
        given = {tag(child) for child in children(item)}
        if (collection is None) is ("loopCardinality" not in given):
            self.say(
                "element", item, "у повторения нужен список или число, одно из двух", "Укажите camunda:collection"
            )
        variable = camunda(item, "elementVariable")
        if variable is not None and (not NAME.fullmatch(variable) or variable in self.types or variable in IMPLICIT):
            self.say("variable", item, f"имя {variable[:60]} негодно или уже занято", "Назовите элемент списка иначе")
        sequential = item.get("isSequential") == "true"
        return Loop(sequential, items, parts["loopCardinality"], variable, parts["completionCondition"])

    def repeat(self, item: Any) -> Repeat | None:
        """A standard loop: again while its condition holds, at most `loopMaximum` times."""
        self.attributes(item, {"testBefore", "loopMaximum"}, set())
        conditions = [child for child in children(item) if tag(child) == "loopCondition"]
        for child in children(item):
            if child not in conditions[:1]:
                self.unknown(child)
        maximum = item.get("loopMaximum")
        if maximum is not None and not (maximum.isdecimal() and 0 < int(maximum[:6]) <= MAX_ROUNDS):
            said = f"loopMaximum=«{maximum[:60]}»"
            self.say("attribute", item, said, f"Напишите число от 1 до {MAX_ROUNDS}")
            maximum = None
        if not conditions and item.get("loopMaximum") is None:
            said = "цикл без условия и без числа не кончится"
            self.say("element", item, said, "Напишите loopCondition или loopMaximum")
        condition = None
        if conditions:
            condition = self.formal(conditions[0], {**self.types, "loopCounter": "int"})
        return Repeat(item.get("testBefore") == "true", condition, int(maximum) if maximum else None)

    def _plain(self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]) -> None:
        payload: dict[str, str] = {}
        if facts["type"] not in ("endEvent", "intermediateThrowEvent"):
            if facts.get("message"):
                payload = self.caught(item, facts, extension)
            elif facts.get("signal"):
                payload = self.carried(item, self.manifest.signals[facts["signal"]].payload, extension)
        self.outputs(extension, facts, {**local, **payload})

    def _startEvent(self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]) -> None:
        facts["form_key"] = self.form(item)
        if facts["form_key"] is not None and facts["parent"] is not None:
            self.say(
                "form", item, "форма бывает у начала процесса, не подпроцесса", "Спросите пользовательской задачей"
            )
        self._plain(item, facts, local, extension)

    def form(self, item: Any) -> str | None:
        ref = camunda(item, "formRef")
        if ref is None:
            return None
        if camunda(item, "formRefBinding") not in (None, "deployment"):
            self.say("attribute", item, "форма берётся только из своей папки", 'Напишите formRefBinding="deployment"')
        if ref not in self.forms:
            if self.all_read:
                self.say("form", item, f"нет формы forms/{ref}.form", "Положите её рядом со схемой")
            return None
        for name, word in self.forms[ref].items():
            if (declared := self.declared(item, name)) and not fits(word, declared):
                self.say(
                    "type", item, f"поле {name} формы {ref} даёт {word}, а объявлено {declared}", "Исправьте тип"
                )
        return ref

    def _userTask(self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]) -> None:
        facts["form_key"] = self.form(item)
        groups = camunda(item, "candidateGroups") or ""
        found = [self.template(item, part.strip(), local) for part in _split(groups) if part.strip()]
        facts["groups"] = tuple(group for group in found if group)
        if not facts["groups"] and camunda(item, "assignee") is None:
            facts["groups"] = facts["lane_groups"]
        for name, attribute, expects in (
            ("assignee", "assignee", "string"),
            ("due_date", "dueDate", "timestamp"),
            ("priority", "priority", None),
        ):
            if (text := camunda(item, attribute)) is not None:
                facts[name] = self.template(item, text, local, expects)
        literal = facts["priority"].literal if facts.get("priority") else None
        if literal is not None and not literal.strip().isdecimal():
            self.say("type", item, f"важность «{literal[:60]}» — не целое число", "Напишите число от 0 до 100")
        if not facts["groups"] and facts.get("assignee") is None:
            hint = "Назовите camunda:candidateGroups у задачи или её дорожки"
            self.say("missing-candidate-group", item, "задачу никто не увидит", hint)
        submitted = self.forms.get(facts["form_key"] or "", {})
        self.outputs(extension, facts, {**local, **submitted})

    def _serviceTask(
        self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]
    ) -> None:
        kind, name = camunda(item, "type"), camunda(item, "topic")
        topic = TOPICS.get(name or "")
        if kind != "external" or topic is None:
            hint = f"Возьмите одну из: {', '.join(TOPICS)}"
            self.say("topic", item, f"темы {name or '(нет)'} нет", hint)
            return
        facts["topic"] = name
        self.job(item, facts, topic, extension)
        results = {key: word.rstrip("?") for key, word in topic.outputs.items()}
        has_outputs = bool(self.parameters(extension, "outputParameter"))
        own = self.result(item, facts, "map", has_outputs)
        self.outputs(extension, facts, {**local, **results, **own})

    _sendTask = _serviceTask

    def job(self, item: Any, facts: dict[str, Any], topic: Topic, extension: Mapping[str, list[Any]]) -> None:
        for retry in extension.get("failedJobRetryTimeCycle", []):
            facts["retry"] = (retry.text or "").strip()
            try:
                parse_cycle(facts["retry"])
            except ValueError as error:
                self.say("timer", retry, f"повторы: {error}", "Напишите R5/PT5M")
        given = dict(facts["inputs"])
        for name, word in topic.inputs.items():
            if name not in given:
                if not word.endswith("?"):
                    self.say("topic-input", item, f"{topic.kind} просит {name} ({word})", "Добавьте inputParameter")
            elif not fits(given[name].type, word):
                self.say("topic-input", item, f"{name}: {given[name].type}, а нужно {word}", "Исправьте тип")
        if topic.text:
            facts["template_id"] = given["template"].literal if "template" in given else None
            if facts["template_id"] not in self.texts:
                message = f"нет текста mail/{facts['template_id']}.ru.txt"
                self.say("mail-text", item, message, "Положите текст рядом со схемой")
            else:
                own = {key: seen_as(one) for key, one in given.items() if key not in topic.inputs}
                others = self.text_types.setdefault(facts["template_id"], own)
                # A text sees what every element that sends it gives.
                both = {key: own[key] if own[key] == word else "any" for key, word in others.items() if key in own}
                self.text_types[facts["template_id"]] = both
        else:
            for name in sorted(set(given) - set(topic.inputs)):
                self.say("topic-input", item, f"{topic.kind} не знает {name}", "Уберите параметр")

    def _intermediateThrowEvent(
        self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]
    ) -> None:
        if facts.get("message") or facts.get("signal"):
            facts["topic"] = "message.throw" if facts.get("message") else "signal.throw"
            throw = TOPICS[facts["topic"]]
            given = {name: word for name, word in throw.inputs.items() if name != "name"}
            self.job(item, facts, Topic(throw.kind, throw.purpose, given, throw.outputs), extension)
        self._plain(item, facts, local, extension)

    _endEvent = _intermediateThrowEvent

    def _receiveTask(
        self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]
    ) -> None:
        facts["message"] = self.message(item)
        self._plain(item, facts, local, extension)

    def _scriptTask(self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]) -> None:
        source = facts.get("script_source")
        if (item.get("scriptFormat") or "").lower() != "cel" or source is None or not (source.text or "").strip():
            self.say("script", item, "сценарий не на CEL", 'Напишите scriptFormat="cel" и одно выражение')
            return
        try:
            facts["script"] = compile_expression(source.text, local)
        except SyntaxProblem as problem:
            self.say("expression", source, f"«{source.text.strip()[:200]}»: {problem}", "Исправьте выражение")
            return
        has_outputs = bool(self.parameters(extension, "outputParameter"))
        own = self.result(item, facts, facts["script"].type, has_outputs)
        if not own:
            self.say("script", item, "результат сценария никуда не идёт", "Назовите camunda:resultVariable")
        self.outputs(extension, facts, {**local, **own})

    def _businessRuleTask(
        self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]
    ) -> None:
        ref = camunda(item, "decisionRef")
        if ref not in self.decisions and self.all_read:
            self.say("decision", item, f"нет таблицы решений {ref}", "Положите её .dmn рядом со схемой")
        if camunda(item, "decisionRefBinding") not in (None, "deployment"):
            message = "таблица берётся только из своей папки"
            self.say("attribute", item, message, 'Напишите decisionRefBinding="deployment"')
        facts["decision"] = ref
        mode = camunda(item, "mapDecisionResult") or "resultList"
        types = {"singleEntry": "any", "singleResult": "map", "collectEntries": "list", "resultList": "list"}
        if mode not in types:
            self.say("attribute", item, f"mapDecisionResult {mode}", f"Одно из: {', '.join(types)}")
            return
        facts["decision_result"] = mode
        has_outputs = bool(self.parameters(extension, "outputParameter"))
        own = self.result(item, facts, types[mode], has_outputs)
        self.outputs(extension, facts, {**local, **own})

    def _transaction(
        self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]
    ) -> None:
        if item.get("method", "##Compensate") != "##Compensate":
            said = f"method=«{item.get('method')[:60]}»: отмена всегда выполняет обратные действия"
            self.say("attribute", item, said, "Уберите method")

    def _callActivity(
        self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]
    ) -> None:
        called = item.get("calledElement") or ""
        if not called or "${" in called or camunda(item, "calledElementBinding") not in (None, "latest"):
            self.say("call", item, "вызов называет процесс его ключом", "Напишите calledElement без выражений")
        facts["called"] = called
        facts["call_in"] = tuple(filter(None, (self.mapping(one, local, False) for one in extension.get("in", []))))
        facts["call_out"] = tuple(filter(None, (self.mapping(one, None, True) for one in extension.get("out", []))))

    def mapping(self, item: Any, types: Types | None, out: bool) -> CallMapping | None:
        """One `in` or `out`.  An out's source is the called process's, checked when both are known."""
        for full in item.attrib:
            if full not in ("source", "sourceExpression", "target", "variables"):
                self.say("attribute", item, f"атрибут {full} не выполняется", "source, sourceExpression, target")
        if item.get("variables") == "all":
            return CallMapping(everything=True)
        target, source = item.get("target"), item.get("source")
        text = item.get("sourceExpression") or (f"${{{source}}}" if source else "")
        if not target or not text:
            self.say("call", item, "у передачи нет источника или имени", "Укажите source и target")
            return None
        if out:
            self.declared(item, target)
            known: Types = dict.fromkeys(_identifiers(text), "any")
        else:
            known = types or {}
        value = self.expression(item, text, known)
        return CallMapping(target=target, value=value) if value else None


def _split(text: str) -> list[str]:
    """Candidate groups, cut at commas outside `${…}`."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _identifiers(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text)) - {"true", "false", "null", "in"}
