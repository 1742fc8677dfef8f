"""Reads a diagram's process into one record per element, every expression compiled, everything unknown refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from kt_flows.clock import from_text
from kt_flows.engine.allowed import CAMUNDA, DRAWN, DRAWN_NAMESPACES, EVENTS, INSTEAD, NODES, PLACES, TOP, XSI
from kt_flows.engine.calendar import parse_cycle, parse_duration
from kt_flows.engine.dialect import CallMapping, Element, Flow, Loop, Timer
from kt_flows.engine.expression import (
    Expression,
    SyntaxProblem,
    Template,
    Types,
    compile_expression,
    compile_template,
)
from kt_flows.engine.manifest import Manifest
from kt_flows.engine.values import fits
from kt_flows.errors import Finding
from kt_flows.topics import TOPICS, Topic

MAX_CARDINALITY = 1_000
_READ_TIMES: dict[str, Callable[[str], object]] = {
    "date": from_text,
    "duration": parse_duration,
    "cycle": parse_cycle,
}
_LOOP = {
    "loopCounter": "int",
    "nrOfInstances": "int",
    "nrOfCompletedInstances": "int",
    "nrOfActiveInstances": "int",
}


def tag(item: Any) -> str:
    return str(etree.QName(item).localname)


def camunda(item: Any, name: str) -> str | None:
    value = item.get(f"{{{CAMUNDA}}}{name}")
    return None if value is None else str(value)


@dataclass
class Reading:
    """One process while it is read: what it may refer to, and what has been found in it."""

    file: str
    manifest: Manifest
    forms: Mapping[str, Mapping[str, str]]
    """Form id to the variables that a submission sets."""
    decisions: frozenset[str]
    texts: frozenset[str]
    findings: list[Finding] = field(default_factory=list)
    elements: dict[str, Element] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    text_types: dict[str, dict[str, str]] = field(default_factory=dict)
    """Text id to the types of the inputs of the elements that send it."""
    refs: dict[str, str] = field(default_factory=dict)
    """Message, error and escalation ids to their name or code."""

    @property
    def types(self) -> dict[str, str]:
        return self.manifest.types

    def say(self, rule: str, item: Any, message: str, hint: str = "") -> None:
        owner = item
        while owner is not None and owner.get("id") is None:
            owner = owner.getparent()
        id = owner.get("id") if owner is not None else None
        self.findings.append(Finding("error", rule, self.file, message, hint, element_id=id, line=item.sourceline))

    # ---- expressions

    def expression(self, item: Any, text: str, types: Types, expects: str | None = None) -> Expression | None:
        body = text.strip()
        if not (body.startswith(("${", "#{")) and body.endswith("}")):
            self.say("expression", item, f"«{body[:80]}» не выражение", "Напишите ${…}")
            return None
        try:
            return compile_expression(body[2:-1], types, expects)
        except SyntaxProblem as problem:
            self.say("expression", item, f"«{body}»: {problem}", "Исправьте выражение")
            return None

    def template(self, item: Any, text: str, types: Types, expects: str | None = None) -> Template | None:
        try:
            return compile_template(text, types, expects)
        except SyntaxProblem as problem:
            self.say("expression", item, f"«{text.strip()[:200]}»: {problem}", "Исправьте выражение")
            return None

    # ---- the document

    def document(self, root: Any) -> Any | None:
        """The file's one executable process, its messages, errors and escalations learnt; None for a drawing."""
        processes = []
        for item in root:
            if not isinstance(item.tag, str):
                continue
            name = tag(item)
            if name not in TOP:
                self.say("element", item, f"элемент {name} не выполняется", INSTEAD.get(name, "Уберите его"))
            elif name in ("message", "error", "escalation"):
                code = item.get({"message": "name", "error": "errorCode", "escalation": "escalationCode"}[name])
                self.refs[item.get("id", "")] = str(code or item.get("name") or item.get("id"))
            elif name == "process" and item.get("isExecutable") == "true":
                processes.append(item)
        if len(processes) > 1:
            self.say("process", processes[1], "в файле больше одного исполняемого процесса", "Один процесс на папку")
        return processes[0] if processes else None

    def process(self, process: Any) -> None:
        key = process.get("id")
        if key != self.manifest.key:
            self.say("process", process, f"процесс {key}, а в process.yaml {self.manifest.key}", "Назовите одинаково")
        self.attributes(process, {"isExecutable", "processType", "isClosed"}, {"historyTimeToLive", "versionTag"})
        self.scope(process, None)

    def scope(self, holder: Any, parent: str | None) -> None:
        for item in holder:
            if not isinstance(item.tag, str) or tag(item) in DRAWN | {"extensionElements"}:
                continue
            name = tag(item)
            if name == "sequenceFlow":
                self.flow(item)
            elif name in NODES and item.get("id"):
                self.node(item, name, parent)
            else:
                self.say("element", item, f"элемент {name} не выполняется", INSTEAD.get(name, "Уберите его"))

    def attributes(self, item: Any, plain: set[str], extended: set[str]) -> None:
        for full in item.attrib:
            name, space = etree.QName(full).localname, etree.QName(full).namespace
            if space in DRAWN_NAMESPACES or space == XSI or (space is None and name in {"id", "name"}):
                continue
            allowed = extended if space == CAMUNDA else plain if space is None else set()
            if name not in allowed:
                message = f"атрибут {name}=«{item.get(full)[:60]}» не выполняется"
                self.say("attribute", item, message, INSTEAD.get(name, "Уберите его"))

    def flow(self, item: Any) -> None:
        self.attributes(item, {"sourceRef", "targetRef"}, set())
        condition = None
        for child in item:
            if isinstance(child.tag, str) and tag(child) == "conditionExpression":
                self.attributes(child, {"language"}, set())
                condition = self.expression(child, child.text or "", self.types, "bool")
            elif isinstance(child.tag, str) and tag(child) not in DRAWN:
                self.say("element", child, f"элемент {tag(child)} не выполняется", "Уберите его")
        id = str(item.get("id"))
        source, target = str(item.get("sourceRef")), str(item.get("targetRef"))
        default = any(other.get("default") == id for other in item.getparent() if other.get("id") == source)
        if default and condition is not None:
            self.say("default-flow", item, "поток по умолчанию не имеет условия", "Уберите условие")
        self.flows[id] = Flow(id, item.get("name", ""), source, target, condition, item.sourceline, default)

    # ---- nodes

    def node(self, item: Any, name: str, parent: str | None) -> None:
        plain, extended, extensions = NODES[name]
        self.attributes(item, plain, extended)
        facts: dict[str, Any] = {
            "id": item.get("id"),
            "type": name,
            "process_key": self.manifest.key,
            "name": " ".join(item.get("name", "").split()),
            "line": item.sourceline,
            "parent": parent,
        }
        definitions = []
        extension: dict[str, list[Any]] = {}
        for child in item:
            if not isinstance(child.tag, str):
                continue
            kind = tag(child)
            if kind == "extensionElements":
                for inner in child:
                    if not isinstance(inner.tag, str) or etree.QName(inner).namespace in DRAWN_NAMESPACES:
                        continue
                    if etree.QName(inner).namespace != CAMUNDA or tag(inner) not in extensions:
                        message = f"расширение {tag(inner)} не выполняется у {name}"
                        self.say("extension", inner, message, INSTEAD.get(tag(inner), "Уберите его"))
                    extension.setdefault(tag(inner), []).append(inner)
            elif kind.endswith("EventDefinition"):
                definitions.append(child)
            elif kind == "multiInstanceLoopCharacteristics":
                facts["loop"] = self.loop(child)
            elif kind == "script" and name == "scriptTask":
                facts["script_source"] = child
            elif name == "subProcess" and kind not in DRAWN:
                continue
            elif kind not in DRAWN:
                self.say("element", child, f"элемент {kind} не выполняется", INSTEAD.get(kind, "Уберите его"))
        local = self.inputs(extension, facts)
        self.event(item, name, parent, definitions, facts)
        getattr(self, f"_{name}", self._plain)(item, facts, local, extension)
        facts.pop("script_source", None)
        if name == "subProcess":
            facts["triggered_by_event"] = item.get("triggeredByEvent") == "true"
        self.elements[facts["id"]] = Element(**facts)
        if name == "subProcess":
            self.scope(item, facts["id"])

    def inputs(self, extension: Mapping[str, list[Any]], facts: dict[str, Any]) -> dict[str, str]:
        """Compiles the input parameters in order; answers the types of what the element sees."""
        local = dict(self.types)
        if facts.get("loop"):
            local |= _LOOP | ({facts["loop"].variable: "any"} if facts["loop"].variable else {})
        found = []
        for parameter in self.parameters(extension, "inputParameter"):
            template = self.template(parameter, parameter.text or "", local)
            if template is not None:
                found.append((parameter.get("name"), template))
                local[parameter.get("name")] = template.type.rstrip("?") if template.type != "null" else "any"
        facts["inputs"] = tuple(found)
        return local

    def parameters(self, extension: Mapping[str, list[Any]], kind: str) -> list[Any]:
        found = []
        for holder in extension.get("inputOutput", []):
            for parameter in holder:
                if not isinstance(parameter.tag, str) or tag(parameter) != kind:
                    continue
                if len(parameter) or not parameter.get("name"):
                    message = "параметр без имени или со вложенным скриптом"
                    self.say("extension", parameter, message, "Напишите ${…} в теле параметра")
                else:
                    found.append(parameter)
        return found

    def outputs(self, extension: Mapping[str, list[Any]], facts: dict[str, Any], local: Types) -> None:
        found = []
        for parameter in self.parameters(extension, "outputParameter"):
            name = parameter.get("name")
            word = self.declared(parameter, name)
            if word and (template := self.template(parameter, parameter.text or "", local, word)):
                found.append((name, template))
        facts["outputs"] = tuple(found)

    def declared(self, item: Any, name: str) -> str | None:
        if name not in self.manifest.variables:
            self.say("variable", item, f"переменная {name} не объявлена в process.yaml", "Объявите её с типом")
            return None
        return self.manifest.variables[name].type

    def result(self, item: Any, facts: dict[str, Any], type_: str, has_outputs: bool) -> dict[str, str]:
        """The result variable: the process's own, or with outputs a name that only they see."""
        name = camunda(item, "resultVariable")
        if name is None:
            return {}
        facts["result_variable"] = name
        if not has_outputs and (word := self.declared(item, name)) and not fits(type_, word):
            self.say("type", item, f"{name} объявлена как {word}, а результат {type_}", "Исправьте тип")
        return {name: type_.rstrip("?")}

    def loop(self, item: Any) -> Loop | None:
        self.attributes(item, {"isSequential"}, {"collection", "elementVariable"})
        collection = camunda(item, "collection")
        parts: dict[str, Expression | None] = {"loopCardinality": None, "completionCondition": None}
        for child in item:
            name = tag(child) if isinstance(child.tag, str) else ""
            text = (child.text or "").strip()
            if name == "loopCardinality" and text.isdigit():
                if int(text) > MAX_CARDINALITY:
                    self.say("budget", child, f"{text} экземпляров больше {MAX_CARDINALITY}", "Уменьшите их число")
                    continue
                parts[name] = compile_expression(text, {})
            elif name == "loopCardinality":
                parts[name] = self.expression(child, text, self.types, "int")
            elif name == "completionCondition":
                parts[name] = self.expression(child, text, {**self.types, **_LOOP}, "bool")
            elif name:
                self.say("element", child, f"элемент {name} не выполняется", "Возьмите camunda:collection")
        items = None
        if collection is not None:
            text = collection if collection.startswith("${") else f"${{{collection}}}"
            items = self.expression(item, text, self.types, "list")
        if items is None and parts["loopCardinality"] is None:
            self.say("element", item, "у повторения нет ни списка, ни числа", "Укажите camunda:collection")
        variable = camunda(item, "elementVariable")
        sequential = item.get("isSequential") == "true"
        return Loop(sequential, items, parts["loopCardinality"], variable, parts["completionCondition"])

    # ---- events

    def event(self, item: Any, name: str, parent: str | None, definitions: list[Any], facts: dict[str, Any]) -> None:
        if name not in PLACES:
            for definition in definitions:
                self.say("element", definition, f"{tag(definition)} у {name} не выполняется", "Уберите его")
            return
        if len(definitions) > 1:
            self.say("element", definitions[1], "больше одного определения события", "Разделите события")
        inside = item.getparent().get("triggeredByEvent") == "true" and name == "startEvent"
        kind = "none"
        if definitions:
            definition = definitions[0]
            known = EVENTS.get(tag(definition))
            if known is None:
                hint = INSTEAD.get(tag(definition), "Уберите его")
                self.say("element", definition, f"{tag(definition)} не выполняется", hint)
                return
            kind = known[0]
            self.attributes(definition, known[1], known[2])
            self.definition(definition, kind, facts)
        if kind not in PLACES["event sub-process" if inside else name]:
            self.say("element", item, f"событие {kind} у {name} здесь не выполняется", "Выберите другое событие")
        facts["event"] = kind
        if name == "boundaryEvent":
            facts["attached_to"] = item.get("attachedToRef")
            facts["interrupting"] = item.get("cancelActivity", "true") != "false"
        if inside:
            facts["interrupting"] = item.get("isInterrupting", "true") != "false"

    def definition(self, item: Any, kind: str, facts: dict[str, Any]) -> None:
        if kind == "message":
            facts["message"] = self.message(item)
        elif kind == "timer":
            facts["timer"] = self.timer(item)
        elif kind == "error":
            ref = item.get("errorRef")
            facts["error_code"] = self.refs.get(ref) if ref else None
            facts["error_code_variable"] = camunda(item, "errorCodeVariable")
            facts["error_message_variable"] = camunda(item, "errorMessageVariable")
            for name in (facts["error_code_variable"], facts["error_message_variable"]):
                if name:
                    self.declared(item, name)
        elif kind == "escalation":
            ref = item.get("escalationRef")
            facts["escalation_code"] = self.refs.get(ref) if ref else None

    def message(self, item: Any) -> str | None:
        name = self.refs.get(item.get("messageRef", ""))
        if name is None or name not in self.manifest.messages:
            self.say("message", item, f"сообщение {name} не объявлено в process.yaml", "Объявите его в messages")
            return None
        return name

    def timer(self, item: Any) -> Timer | None:
        for child in item:
            kind = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}.get(tag(child))
            text = (child.text or "").strip()
            template = self.template(child, text, self.types)
            if kind is None or template is None:
                continue
            literal = template.literal
            try:
                if literal is not None:
                    _READ_TIMES[kind](literal)
                elif kind == "date" and not fits(template.type, "timestamp"):
                    raise ValueError(f"тип {template.type}, а нужен timestamp")
                elif kind != "date" and template.type.rstrip("?") not in ("string", "duration", "any"):
                    raise ValueError(f"тип {template.type}, а нужна длительность")
            except ValueError as error:
                self.say("timer", child, f"«{text}»: {error}", "Исправьте время")
                return None
            return Timer(kind, template)  # type: ignore[arg-type]
        self.say("timer", item, "у таймера нет времени", "Укажите дату, длительность или цикл")
        return None

    # ---- by kind of node

    def _plain(self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]) -> None:
        payload: dict[str, str] = {}
        if facts.get("message") and facts["type"] not in ("endEvent", "intermediateThrowEvent"):
            payload = self.caught(item, facts, extension)
        self.outputs(extension, facts, {**local, **payload})

    def caught(self, item: Any, facts: dict[str, Any], extension: Mapping[str, list[Any]]) -> dict[str, str]:
        message = self.manifest.messages[facts["message"]]
        for name in message.correlation:
            self.declared(item, name)
        if not self.parameters(extension, "outputParameter"):
            for name, word in message.payload.items():
                if (declared := self.declared(item, name)) and not fits(word, declared):
                    self.say("type", item, f"{name} объявлена как {declared}, а в сообщении {word}", "Исправьте тип")
        return dict(message.payload)

    def _startEvent(self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]) -> None:
        facts["form_key"] = self.form(item)
        self._plain(item, facts, local, extension)

    def form(self, item: Any) -> str | None:
        ref = camunda(item, "formRef")
        if ref is None:
            return None
        if camunda(item, "formRefBinding") not in (None, "deployment"):
            self.say("attribute", item, "форма берётся только из своей папки", 'Напишите formRefBinding="deployment"')
        if ref not in self.forms:
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
        for name, attribute, expects in (
            ("assignee", "assignee", "string"),
            ("due_date", "dueDate", "timestamp"),
            ("priority", "priority", None),
        ):
            if (text := camunda(item, attribute)) is not None:
                facts[name] = self.template(item, text, local, expects)
        if not facts["groups"] and facts.get("assignee") is None:
            self.say("missing-candidate-group", item, "задачу никто не увидит", "Назовите camunda:candidateGroups")
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
                types = self.text_types.setdefault(facts["template_id"], {})
                types |= {
                    key: template.type.rstrip("?") for key, template in given.items() if key not in topic.inputs
                }
        else:
            for name in sorted(set(given) - set(topic.inputs)):
                self.say("topic-input", item, f"{topic.kind} не знает {name}", "Уберите параметр")

    def _intermediateThrowEvent(
        self, item: Any, facts: dict[str, Any], local: Types, extension: Mapping[str, list[Any]]
    ) -> None:
        if facts.get("message"):
            facts["topic"] = "message.throw"
            throw = TOPICS["message.throw"]
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
        if ref not in self.decisions:
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
