"""Random block-structured processes, written once and rendered twice: for us and for stock SpiffWorkflow."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from kt_flows.engine.definition import Definition, read_definition
from kt_flows.engine.program import Program, link

MESSAGE = "ping"
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
GATEWAYS = {"xor": "exclusiveGateway", "par": "parallelGateway", "incl": "inclusiveGateway"}
FLAGS = 5


@dataclass
class Drawing:
    """One random process: elements and flows, and the variables that its conditions and loops read."""

    elements: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(tag, id, attributes); a boundary event's `attachedToRef` and `cancelActivity` are among them."""
    flows: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(id, source, target, condition), the condition valid in CEL and in Python alike."""
    counters: list[str] = field(default_factory=list)

    def xml(self, *, ours: bool) -> bytes:
        body = "".join(self._element(*element, ours=ours) for element in self.elements)
        for id, source, target, condition in self.flows:
            text = f"${{{condition}}}" if ours else condition
            inner = f"<conditionExpression>{text.replace('<', '&lt;')}</conditionExpression>" if condition else ""
            body += f'<sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
        return (
            f'<definitions xmlns="{BPMN}" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
            f'targetNamespace="random"><message id="{MESSAGE}" name="{MESSAGE}"/>'
            f'<process id="drawn" isExecutable="true">{body}</process></definitions>'
        ).encode()

    @staticmethod
    def _element(tag: str, id: str, attributes: dict[str, str], *, ours: bool) -> str:
        given = dict(attributes)
        counter = given.pop("counter", None)
        inner = ""
        if tag == "boundaryEvent":
            inner = f'<messageEventDefinition id="def_{id}" messageRef="{MESSAGE}"/>'
        if counter and ours:
            given |= {"scriptFormat": "cel", "camunda:resultVariable": counter}
            inner = f"<script>{counter} + 1</script>"
        elif counter:
            inner = f"<script>{counter} = {counter} + 1</script>"
        if tag == "userTask" and ours:
            given["camunda:candidateGroups"] = "people"
        text = "".join(f' {name}="{value}"' for name, value in given.items())
        return f'<{tag} id="{id}"{text}>{inner}</{tag}>'

    def program(self) -> Program:
        return link(self.definition(), {})

    def definition(self) -> Definition:
        names = [f"v{number}" for number in range(FLAGS)] + self.counters
        variables = "".join(f"  {name}: {{type: int}}\n" for name in names)
        manifest = (
            f"key: drawn\nname: {{ru: Случайный}}\nvariables:\n{variables}messages:\n  {MESSAGE}: {{payload: {{}}}}\n"
        )
        return read_definition({"process.bpmn": self.xml(ours=True), "process.yaml": manifest.encode()})

    def start(self, choose: random.Random) -> dict[str, int]:
        flags = {f"v{number}": choose.randint(0, 1) for number in range(FLAGS)}
        return flags | dict.fromkeys(self.counters, 0)


class Draw:
    """Draws one process from a seed."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.drawing = Drawing()
        self._number = 0

    def process(self, depth: int = 4) -> Drawing:
        self.drawing.elements.append(("startEvent", "begin", {}))
        first, last = self._block(depth, parallel=False, looping=False, top=True)
        self._flow("begin", first)
        self.drawing.elements.append(("endEvent", "finish", {}))
        self._flow(last, "finish")
        return self.drawing

    def _new(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"

    def _add(self, tag: str, prefix: str, **attributes: str) -> str:
        id = self._new(prefix)
        self.drawing.elements.append((tag, id, attributes))
        return id

    def _flow(self, source: str, target: str, condition: str = "") -> str:
        id = self._new("f")
        self.drawing.flows.append((id, source, target, condition))
        return id

    def _block(self, depth: int, *, parallel: bool, looping: bool, top: bool = False) -> tuple[str, str]:
        """A block of one entry and one exit.

        What stock does wrong by itself is not drawn: a fork inside a loop, a loop inside a fork.
        """
        small, large = ["step", "user", "user"], ["seq", "seq", "xor", "par", "incl", "loop", "watched"]
        kind = self.choose.choice(large if top or (depth > 0 and self.choose.random() < 0.7) else small)
        if depth <= 0 and kind in large:
            kind = "user"
        if kind in ("par", "incl") and looping:
            kind = "xor"
        if kind == "loop" and parallel:
            kind = "seq"
        return getattr(self, f"_{kind}")(depth - 1, parallel, looping)

    def _step(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        id = self._add("intermediateThrowEvent", "s")
        return id, id

    def _user(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        id = self._add("userTask", "u")
        return id, id

    def _watched(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        """A user task with a message event at its edge, interrupting or not."""
        id = self._add("userTask", "u")
        cancel = self.choose.choice(["true", "false"])
        edge = self._add("boundaryEvent", "b", attachedToRef=id, cancelActivity=cancel)
        handler, end = self._add("userTask", "h"), self._add("endEvent", "e")
        self._flow(edge, handler)
        self._flow(handler, end)
        return id, id

    def _seq(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        first = self._block(depth, parallel=parallel, looping=looping)
        second = self._block(depth, parallel=parallel, looping=looping)
        self._flow(first[1], second[0])
        return first[0], second[1]

    def _fork(self, kind: str, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        tag = GATEWAYS[kind]
        split, join = self._new("g"), self._new("j")
        attributes: dict[str, str] = {}
        self.drawing.elements += [(tag, split, attributes), (tag, join, {})]
        for number in range(self.choose.randint(2, 3)):
            first, last = self._block(depth, parallel=parallel or kind != "xor", looping=looping)
            bare = kind == "par" or number == 0
            flow = self._flow(split, first, "" if bare else f"v{self.choose.randrange(FLAGS)} == 1")
            if kind != "par" and number == 0:
                attributes["default"] = flow
            self._flow(last, join)
        return split, join

    def _xor(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        return self._fork("xor", depth, parallel, looping)

    def _par(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        return self._fork("par", depth, parallel, looping)

    def _incl(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        return self._fork("incl", depth, parallel, looping)

    def _loop(self, depth: int, parallel: bool, looping: bool) -> tuple[str, str]:
        counter = self._new("n")
        self.drawing.counters.append(counter)
        merge = self._add("exclusiveGateway", "m")
        first, last = self._block(depth, parallel=parallel, looping=True)
        wait = self._add("userTask", "u")
        count = self._add("scriptTask", "c", counter=counter)
        split = self._new("g")
        after = self._add("intermediateThrowEvent", "s")
        self._flow(merge, first)
        self._flow(last, wait)
        self._flow(wait, count)
        self._flow(count, split)
        again = self._flow(split, merge, f"{counter} < 2")
        leave = self._flow(split, after)
        assert again
        self.drawing.elements.append(("exclusiveGateway", split, {"default": leave}))
        return merge, after
