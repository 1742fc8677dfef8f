"""Random block-structured processes from every element that runs: whatever is drawn can be brought to its end."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from support.dmn import dmn, table
from support.processes import boundary, chain, end, flow, human, message, package, service, start, timer

MESSAGE, SIGNAL = "ping", "alarm"
FLAGS = ("v0", "v1", "v2")
Block = tuple[str, str]
"""The elements by which a piece of a process is entered and left."""
DUE = "2026-03-03T05:00:00Z"


class Sheet:
    """Draws one process, and the one that it calls, from a seed."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.body: list[str] = []
        self.counters: list[str] = []
        self.drawn: set[str] = set()
        self._number = 0
        self._alone = True
        """Whether a token here is the only one in its scope: a link or a loop back cannot meet another."""

    def files(self, depth: int = 4) -> dict[str, bytes]:
        """Two process folders, `drawn` and `called`."""
        inner = self._process(1, calls=False)
        outer = self._process(depth, calls=True)
        names = [*FLAGS, *self.counters]
        declared = dict.fromkeys(names, "int") | {"due": "timestamp", "x": "int"}
        more = {"signals": {SIGNAL: {"payload": {}}}}
        messages = {MESSAGE: {"payload": {}}}
        rules = table([("v0", "integer")], [("x", "integer")], [("< 1", "1"), (">= 1", "2")], id="rules")
        both: dict[str, bytes] = {}
        for key, body in (("drawn", outer), ("called", inner)):
            both |= package(key, body, variables=declared, messages=messages, more=more)
            declared_codes = (
                b'<bpmn:error id="bad" name="bad" errorCode="B1"/><bpmn:escalation id="up" escalationCode="U1"/>'
            )
            path = f"{key}/process.bpmn"
            both[path] = both[path].replace(b"<bpmn:process", declared_codes + b"<bpmn:process", 1)
            if b"businessRuleTask" in both[path]:
                both[f"{key}/rules.dmn"] = dmn(rules)
        return both if b"calledElement" in both["drawn/process.bpmn"] else {
            path: data for path, data in both.items() if path.startswith("drawn/")
        }  # fmt: skip

    def variables(self) -> dict[str, object]:
        values: dict[str, object] = {name: self.choose.randint(0, 1) for name in FLAGS}
        return values | dict.fromkeys(self.counters, 0) | {"due": DUE, "x": 0}

    # ---- the frame

    def _process(self, depth: int, *, calls: bool) -> str:
        self.calls = calls
        with self._scope() as body:
            first, last = self._block(depth)
            body += [start("begin"), end("finish"), flow("begin", first), flow(last, "finish")]
        return "".join(body)

    @contextmanager
    def _scope(self, *, alone: bool = True) -> Iterator[list[str]]:
        before, self.body = self.body, []
        self._alone, was = alone, self._alone
        yield self.body
        self.body, self._alone = before, was

    def _new(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"

    def _add(self, *parts: str) -> None:
        self.body += parts

    def _block(self, depth: int) -> Block:
        kinds = LARGE if depth > 0 and self.choose.random() < 0.75 else SMALL
        kind = self.choose.choice([one for one in kinds if one is not Sheet.call or self.calls])
        self.drawn.add(kind.__name__)
        return kind(self, depth - 1)

    def _inner(self, depth: int, more: Callable[[], None] | None = None) -> str:
        """The body of a sub-process around a block."""
        begin, finish = self._new("in"), self._new("out")
        with self._scope() as body:
            first, last = self._block(depth)
            body += [start(begin), end(finish), flow(begin, first), flow(last, finish)]
            if more is not None:
                more()
        return "".join(body)

    # ---- small blocks

    def user(self, depth: int) -> Block:
        id = self._new("user")
        self._add(human(id, "people"))
        return id, id

    def passes(self, depth: int) -> Block:
        id, tag = self._new("pass"), self.choose.choice(["task", "manualTask", "intermediateThrowEvent"])
        self._add(f'<bpmn:{tag} id="{id}"/>')
        return id, id

    def job(self, depth: int) -> Block:
        id = self._new("job")
        made = service(id, "mail.poll", {})
        self._add(made.replace("serviceTask", self.choose.choice(["serviceTask", "sendTask"])))
        return id, id

    def script(self, depth: int) -> Block:
        id = self._new("script")
        self._add(
            f'<bpmn:scriptTask id="{id}" scriptFormat="cel" camunda:resultVariable="x">'
            "<bpmn:script>x == null ? 1 : x + 1</bpmn:script></bpmn:scriptTask>"
        )
        return id, id

    def rule(self, depth: int) -> Block:
        id = self._new("rule")
        self._add(
            f'<bpmn:businessRuleTask id="{id}" camunda:decisionRef="rules" camunda:decisionRefBinding="deployment" '
            'camunda:mapDecisionResult="singleEntry" camunda:resultVariable="x"/>'
        )
        return id, id

    def receive(self, depth: int) -> Block:
        id = self._new("receive")
        self._add(f'<bpmn:receiveTask id="{id}" messageRef="{MESSAGE}"/>')
        return id, id

    def catches(self, depth: int) -> Block:
        id = self._new("catch")
        self._add(f'<bpmn:intermediateCatchEvent id="{id}">{self._event(id)}</bpmn:intermediateCatchEvent>')
        return id, id

    def throws(self, depth: int) -> Block:
        id = self._new("throw")
        inner = self.choose.choice(
            [
                '<bpmn:extensionElements><camunda:inputOutput><camunda:inputParameter name="correlation">${{}}'
                f"</camunda:inputParameter></camunda:inputOutput></bpmn:extensionElements>{message(MESSAGE, id)}",
                f'<bpmn:signalEventDefinition id="{id}_s" signalRef="{SIGNAL}"/>',
                f'<bpmn:escalationEventDefinition id="{id}_e" escalationRef="up"/>',
            ]
        )
        self._add(f'<bpmn:intermediateThrowEvent id="{id}">{inner}</bpmn:intermediateThrowEvent>')
        return id, id

    def undoable(self, depth: int) -> Block:
        """Work and what undoes it; undone at once, later, or never."""
        id, by, edge = self._new("done"), self._new("undo"), self._new("edge")
        handler = human(by, "people", more='isForCompensation="true"')
        undone = boundary(edge, id, f'<bpmn:compensateEventDefinition id="{edge}_c"/>')
        association = f'<bpmn:association id="{edge}_a" sourceRef="{edge}" targetRef="{by}"/>'
        self._add(human(id, "people"), handler, undone, association)
        if self.choose.random() < 0.5:
            return id, id
        thrown = self._new("compensate")
        of = self.choose.choice(["", f'activityRef="{id}"'])
        inner = f'<bpmn:compensateEventDefinition id="{thrown}_c" {of}/>'
        self._add(f'<bpmn:intermediateThrowEvent id="{thrown}">{inner}</bpmn:intermediateThrowEvent>')
        self._add(flow(id, thrown))
        return id, thrown

    def _event(self, id: str, *, again: bool = False) -> str:
        """Something to wait for; `again` where it interrupts nothing."""
        kinds = [
            message(MESSAGE, id),
            timer(id, "timeDuration", "PT1H"),
            timer(id, "timeDate", self.choose.choice([DUE, "${due}"])),
            f'<bpmn:signalEventDefinition id="{id}_s" signalRef="{SIGNAL}"/>',
        ]
        if self.calls:  # what a called process waits for only its own elements can make true
            condition = f"<bpmn:condition>${{{self.choose.choice(FLAGS)} == 2}}</bpmn:condition>"
            definition = "conditionalEventDefinition"
            kinds.append(f'<bpmn:{definition} id="{id}_c">{condition}</bpmn:{definition}>')
        return self.choose.choice([*kinds, timer(id, "timeCycle", "R3/PT2H")] if again else kinds)

    # ---- large blocks

    def sequence(self, depth: int) -> Block:
        first, second = self._block(depth), self._block(depth)
        self._add(flow(first[1], second[0]))
        return first[0], second[1]

    def _fork(self, tag: str, depth: int) -> Block:
        split, join = self._new("split"), self._new("join")
        ways, default = [], ""
        was, self._alone = self._alone, self._alone and tag == "exclusiveGateway"
        for number in range(self.choose.randint(2, 3)):
            first, last = self._block(depth)
            condition = None if tag == "parallelGateway" or not number else f"${{{self.choose.choice(FLAGS)} == 1}}"
            ways += [flow(split, first, condition), flow(last, join)]
            if tag != "parallelGateway" and not number:
                default = f'default="{split}_to_{first}"'
        self._alone = was
        self._add(f'<bpmn:{tag} id="{split}" {default}/><bpmn:{tag} id="{join}"/>', *ways)
        return split, join

    def exclusive(self, depth: int) -> Block:
        return self._fork("exclusiveGateway", depth)

    def parallel(self, depth: int) -> Block:
        return self._fork("parallelGateway", depth)

    def inclusive(self, depth: int) -> Block:
        return self._fork("inclusiveGateway", depth)

    def race(self, depth: int) -> Block:
        gateway, join = self._new("race"), self._new("join")
        for _ in range(2):
            id = self._new("catch")
            first, last = self._block(depth)
            self._add(f'<bpmn:intermediateCatchEvent id="{id}">{self._event(id)}</bpmn:intermediateCatchEvent>')
            self._add(flow(gateway, id), flow(id, first), flow(last, join))
        self._add(f'<bpmn:eventBasedGateway id="{gateway}"/><bpmn:exclusiveGateway id="{join}"/>')
        return gateway, join

    def straight(self, depth: int) -> Block:
        """Conditions straight out of a task, joined by a gateway that waits for all that come."""
        split, join = self._new("user"), self._new("join")
        one, other = self._block(depth), self._block(depth)
        self._add(human(split, "people", more=f'default="{split}_to_{other[0]}"'))
        self._add(flow(split, one[0], "${v0 == 1}"), flow(split, other[0]))
        self._add(flow(one[1], join), flow(other[1], join), f'<bpmn:inclusiveGateway id="{join}"/>')
        return split, join

    def link(self, depth: int) -> Block:
        thrown, caught = self._new("leap"), self._new("land")
        inner = f'<bpmn:linkEventDefinition id="{{}}_l" name="{thrown}"/>'
        self._add(
            f'<bpmn:intermediateThrowEvent id="{thrown}">{inner.format(thrown)}</bpmn:intermediateThrowEvent>',
            f'<bpmn:intermediateCatchEvent id="{caught}">{inner.format(caught)}</bpmn:intermediateCatchEvent>',
        )
        return thrown, caught

    def loop(self, depth: int) -> Block:
        """A way back, twice at most."""
        counter, merge, split, count = self._new("n"), self._new("merge"), self._new("split"), self._new("count")
        self.counters.append(counter)
        first, last = self._block(depth)
        wait = self._new("user")
        self._add(
            f'<bpmn:exclusiveGateway id="{merge}"/>',
            human(wait, "people"),
            f'<bpmn:scriptTask id="{count}" scriptFormat="cel" camunda:resultVariable="{counter}">'
            f"<bpmn:script>{counter} == null ? 1 : {counter} + 1</bpmn:script></bpmn:scriptTask>",
            flow(merge, first),
            chain(last, wait, count, split),
        )
        after = self._new("pass")
        self._add(f'<bpmn:exclusiveGateway id="{split}" default="{split}_to_{after}"/>')
        self._add(flow(split, merge, f"${{{counter} &lt; 2}}"), flow(split, after), f'<bpmn:task id="{after}"/>')
        return merge, after

    def watched(self, depth: int) -> Block:
        """An activity with an event at its edge; where that interrupts, both ways come together."""
        first = self._new("user")
        if self.choose.random() < 0.5:
            self._add(human(first, "people"))
        else:
            first = self._new("sub")
            self._add(f'<bpmn:subProcess id="{first}">{self._inner(depth)}</bpmn:subProcess>')
        return self._edge(first, depth)

    def _edge(self, host: str, depth: int, definition: str | None = None, *, interrupts: bool | None = None) -> Block:
        interrupts = self.choose.random() < 0.5 if interrupts is None else interrupts
        edge = self._new("edge")
        inner = definition or self._event(edge, again=not interrupts)
        self._add(boundary(edge, host, inner, interrupting=interrupts))
        begins, ends = self.user(0) if not interrupts else self._block(depth - 1)
        self._add(flow(edge, begins))
        if interrupts:
            join = self._new("join")
            self._add(f'<bpmn:exclusiveGateway id="{join}"/>', flow(host, join), flow(ends, join))
            return host, join
        aside = self._new("aside")
        self._add(end(aside), flow(ends, aside))
        return host, host

    def sub(self, depth: int) -> Block:
        """An embedded sub-process, with one in it that listens, or that undoes it."""
        id = self._new("sub")

        def more() -> None:
            kind = self.choose.choice(["none", "event", "undo"])
            inside, begin, ask, over = self._new("inside"), self._new("heard"), self._new("user"), self._new("out")
            interrupts = self.choose.random() < 0.5
            if kind == "none":
                return
            event = self._event(begin, again=not interrupts)
            attributes = f'isInterrupting="{str(interrupts).lower()}"'
            if kind == "undo":
                event, attributes = f'<bpmn:compensateEventDefinition id="{begin}_c"/>', ""
            body = start(begin, event, attributes) + human(ask, "people") + end(over) + chain(begin, ask, over)
            self._add(f'<bpmn:subProcess id="{inside}" triggeredByEvent="true">{body}</bpmn:subProcess>')

        self._add(f'<bpmn:subProcess id="{id}">{self._inner(depth, more)}</bpmn:subProcess>')
        return id, id

    def fails(self, depth: int) -> Block:
        """A sub-process that ends with an error or an escalation, caught at its edge."""
        id, split, bad = self._new("sub"), self._new("split"), self._new("bad")
        event = self.choose.choice(["error", "escalation"])
        code = {"error": 'errorRef="bad"', "escalation": 'escalationRef="up"'}[event]

        def more() -> None:
            inner = f'<bpmn:{event}EventDefinition id="{bad}_d" {code}/>'
            self._add(f'<bpmn:endEvent id="{bad}">{inner}</bpmn:endEvent>')

        self._add(f'<bpmn:subProcess id="{id}">{self._ending(depth, split, bad, more)}</bpmn:subProcess>')
        caught = f'<bpmn:{event}EventDefinition id="{id}_d" {code}/>'
        return self._edge(id, depth, caught, interrupts=True)

    def _ending(self, depth: int, split: str, bad: str, more: Callable[[], None]) -> str:
        """A block, and then one end or the other."""
        begin, finish = self._new("in"), self._new("out")
        with self._scope() as body:
            first, last = self._block(depth)
            more()
            body += [start(begin), end(finish), flow(begin, first), flow(last, split)]
            body += [f'<bpmn:exclusiveGateway id="{split}" default="{split}_to_{finish}"/>']
            body += [flow(split, finish), flow(split, bad, f"${{{self.choose.choice(FLAGS)} == 1}}")]
        return "".join(body)

    def terminated(self, depth: int) -> Block:
        id, split, bad = self._new("sub"), self._new("split"), self._new("stop")

        def more() -> None:
            self._add(f'<bpmn:endEvent id="{bad}"><bpmn:terminateEventDefinition id="{bad}_d"/></bpmn:endEvent>')

        self._add(f'<bpmn:subProcess id="{id}">{self._ending(depth, split, bad, more)}</bpmn:subProcess>')
        return id, id

    def transaction(self, depth: int) -> Block:
        id, split, bad = self._new("trans"), self._new("split"), self._new("cancel")

        def more() -> None:
            self._add(f'<bpmn:endEvent id="{bad}"><bpmn:cancelEventDefinition id="{bad}_d"/></bpmn:endEvent>')

        self._add(f'<bpmn:transaction id="{id}">{self._ending(depth, split, bad, more)}</bpmn:transaction>')
        return self._edge(id, depth, f'<bpmn:cancelEventDefinition id="{id}_d"/>', interrupts=True)

    def call(self, depth: int) -> Block:
        id = self._new("call")
        mapped = '<camunda:in variables="all"/><camunda:out source="x" target="x"/>'
        self._add(
            f'<bpmn:callActivity id="{id}" calledElement="called"><bpmn:extensionElements>{mapped}'
            "</bpmn:extensionElements></bpmn:callActivity>"
        )
        return id, id

    def several(self, depth: int) -> Block:
        """A sub-process that repeats: instances side by side or one by one, or rounds."""
        id = self._new("many")
        loop = self.choose.choice(
            [
                '<bpmn:multiInstanceLoopCharacteristics isSequential="true">'
                "<bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>",
                '<bpmn:multiInstanceLoopCharacteristics camunda:collection="[1, 2, 3]" '
                f'camunda:elementVariable="item_{id}">'
                "<bpmn:completionCondition>${nrOfCompletedInstances == 2}</bpmn:completionCondition>"
                "</bpmn:multiInstanceLoopCharacteristics>",
                '<bpmn:standardLoopCharacteristics loopMaximum="2"/>',
                '<bpmn:standardLoopCharacteristics testBefore="true"><bpmn:loopCondition>${loopCounter &lt; 2}'
                "</bpmn:loopCondition></bpmn:standardLoopCharacteristics>",
            ]
        )
        self._add(f'<bpmn:subProcess id="{id}">{loop}{self._inner(depth)}</bpmn:subProcess>')
        return id, id


SMALL = [Sheet.user, Sheet.passes, Sheet.job, Sheet.script, Sheet.rule, Sheet.receive, Sheet.catches, Sheet.throws]
SMALL += [Sheet.undoable]
LARGE = [Sheet.sequence, Sheet.sequence, Sheet.exclusive, Sheet.parallel, Sheet.inclusive, Sheet.race, Sheet.straight]
LARGE += [Sheet.link, Sheet.loop, Sheet.watched, Sheet.watched, Sheet.sub, Sheet.sub, Sheet.fails, Sheet.terminated]
LARGE += [Sheet.transaction, Sheet.call, Sheet.several]
