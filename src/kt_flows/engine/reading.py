"""Reads a diagram's process into one record per element, every expression compiled, everything unknown refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lxml import etree

from kt_flows.engine.activities import Activities
from kt_flows.engine.allowed import DEFINITIONS, DRAWN, LOOPED, NODES, TOP
from kt_flows.engine.calendar import parse_duration
from kt_flows.engine.dialect import SCOPES, Element, Flow
from kt_flows.engine.handlers import Handlers
from kt_flows.engine.lanes import Lanes
from kt_flows.engine.marks import camunda, children, seen_as, tag
from kt_flows.errors import DiagramError

MAX_NODES = 2_000
_THROWS = ("endEvent", "intermediateThrowEvent")
_NAMED = {"message": "name", "signal": "name", "error": "errorCode", "escalation": "escalationCode"}


class Reading(Activities, Handlers, Lanes):
    """One document: its process, scopes, nodes and flows."""

    kept: timedelta | None = None
    """How long a case is kept after its end."""

    def document(self, root: Any) -> Any | None:
        """The file's one executable process, its messages, errors and escalations learnt; None for a drawing."""
        self.attributes(root, DEFINITIONS, set())
        processes = []
        for item in root:
            if not isinstance(item.tag, str):
                continue
            name = etree.QName(item).localname
            if etree.QName(item).namespace != TOP.get(name):
                self.unknown(item)
            elif name in _NAMED:
                self.named(item, name)
            elif name == "process" and item.get("isExecutable") == "true":
                processes.append(item)
            elif name == "process" and item.get("isExecutable") not in (None, "false"):
                self.say("attribute", item, f"isExecutable=«{item.get('isExecutable')[:60]}»", "Напишите true")
        if len(processes) > 1:
            self.say("process", processes[1], "в файле больше одного исполняемого процесса", "Один процесс на папку")
        return processes[0] if processes else None

    def named(self, item: Any, kind: str) -> None:
        """A message, an error or an escalation: diagrams refer to it by id, the service knows it by name or code."""
        attribute = _NAMED[kind]
        self.attributes(item, {attribute}, set())
        self.only_drawn(item)
        self.refs[kind, item.get("id", "")] = str(item.get(attribute) or item.get("name") or item.get("id"))

    def process(self, process: Any) -> None:
        key = process.get("id")
        if key != self.manifest.key:
            self.say("process", process, f"процесс {key}, а в process.yaml {self.manifest.key}", "Назовите одинаково")
        self.attributes(process, {"isExecutable", "processType", "isClosed"}, {"historyTimeToLive", "versionTag"})
        if (kept := camunda(process, "historyTimeToLive")) is not None:
            self.kept = self.length_kept(process, kept)
        self.extensions(process, set())
        self.lanes(process)
        self.scope(process, None)

    def length_kept(self, process: Any, text: str) -> timedelta | None:
        """Days as Camunda writes them, a number or an ISO 8601 length."""
        try:
            return parse_duration(f"P{text}D" if text.isascii() and text.isdigit() else text)
        except ValueError as error:
            self.say("attribute", process, f"historyTimeToLive: {error}", "Напишите число суток: P1095D")
            return None

    def scope(self, holder: Any, parent: str | None) -> None:
        """Everything directly in a process or a sub-process."""
        self.learn_handlers(holder)
        defaults = [item for item in children(holder) if item.get("default") is not None]
        self.defaults |= {item.get("default"): item.get("id") for item in defaults}
        for item in children(holder):
            name = tag(item)
            if name in DRAWN | {"extensionElements"}:
                continue
            if name == "sequenceFlow":
                self.flow(item)
            elif name in NODES:
                self.node(item, name, parent)
            elif parent is None or name not in LOOPED:
                self.unknown(item)
            if len(self.elements) + len(self.flows) > MAX_NODES:
                self.say("budget", item, f"в процессе больше {MAX_NODES} элементов и потоков", "Разделите процесс")
                raise DiagramError(self.findings)
        for item in defaults:
            flow = self.flows.get(item.get("default"))
            if flow is None or flow.source != item.get("id"):
                said = f"потока {item.get('default')[:60]} отсюда нет"
                self.say("default-flow", item, said, "Назначьте поток по умолчанию заново")

    def flow(self, item: Any) -> None:
        self.attributes(item, {"sourceRef", "targetRef"}, set())
        self.extensions(item, set())
        self.only_drawn(item, "conditionExpression", "extensionElements")
        condition = None
        for child in children(item):
            if tag(child) == "conditionExpression":
                condition = self.formal(child, self.types)
        id = self.id_of(item)
        source, target = str(item.get("sourceRef")), str(item.get("targetRef"))
        default = self.defaults.get(id) == source
        if default and condition is not None:
            self.say("default-flow", item, "поток по умолчанию не имеет условия", "Уберите условие")
        self.flows[id] = Flow(id, item.get("name", ""), source, target, condition, item.sourceline, default)

    def id_of(self, item: Any) -> str:
        """The element's id; one without is refused, and gets a name that nothing refers to."""
        if item.get("id") is None:
            self.say("xml-id", item, f"у элемента {tag(item)} нет id", "Дайте ему id по смыслу")
        return str(item.get("id") or f"{tag(item)}@{item.sourceline}")

    def node(self, item: Any, name: str, parent: str | None) -> None:
        plain, extended, allowed = NODES[name]
        self.attributes(item, plain, extended)
        facts: dict[str, Any] = {
            "id": self.id_of(item),
            "type": name,
            "process_key": self.manifest.key,
            "name": " ".join(item.get("name", "").split()),
            "line": item.sourceline,
            "parent": parent,
        }
        extension = self.extensions(item, allowed)
        definitions = self.parts(item, name, facts)
        local = self.inputs(extension, facts)
        self.event(item, name, definitions, facts)
        facts["lane_groups"] = self.lane_groups(facts["id"], parent)
        facts["triggered_by_event"] = item.get("triggeredByEvent") == "true"
        facts["for_compensation"] = item.get("isForCompensation") == "true"
        getattr(self, f"_{name}", self._plain)(item, facts, local, extension)
        facts.pop("script_source", None)
        facts.pop("lane_groups")
        for retry in extension.get("failedJobRetryTimeCycle", []) if name in _THROWS and "topic" not in facts else []:
            self.say("extension", retry, "повторять здесь нечего", "Уберите failedJobRetryTimeCycle")
        self.elements[facts["id"]] = Element(**facts)
        if name in SCOPES:
            before = self.around
            self.around = {**before, **self.given(facts)}
            self.lanes(item)
            self.scope(item, facts["id"])
            self.around = before

    def parts(self, item: Any, name: str, facts: dict[str, Any]) -> list[Any]:
        """The event definitions of a node; its repetition and its script go into `facts`, strangers are refused."""
        definitions = []
        for child in children(item):
            kind = tag(child)
            if kind in DRAWN | {"extensionElements"}:
                continue
            if kind.endswith("EventDefinition"):
                definitions.append(child)
            elif kind in LOOPED and name in LOOPED[kind] and not {"loop", "repeat"} & facts.keys():
                if kind == "standardLoopCharacteristics":
                    facts["repeat"] = self.repeat(child)
                else:
                    facts["loop"] = self.loop(child)
            elif kind == "script" and name == "scriptTask" and "script_source" not in facts:
                facts["script_source"] = child
            elif name not in SCOPES or kind in LOOPED:
                self.unknown(child)
        return definitions

    def given(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """The names that a repetition gives to its instances, and to what undoes them."""
        loop, undone = facts.get("loop"), self.seen_by_handlers.get(facts["id"], {})
        if not loop and not facts.get("repeat"):
            return undone
        return undone | {"loopCounter": "int"} | ({loop.variable: "any"} if loop and loop.variable else {})

    def inputs(self, extension: Mapping[str, list[Any]], facts: dict[str, Any]) -> dict[str, str]:
        """Compiles the input parameters in order; answers the types of what the element sees."""
        local = {**self.types, **self.given(facts)}
        found = []
        for parameter in self.parameters(extension, "inputParameter"):
            template = self.template(parameter, parameter.text or "", local)
            if template is not None:
                found.append((parameter.get("name"), template))
                local[parameter.get("name")] = seen_as(template)
        facts["inputs"] = tuple(found)
        return local
