"""Nodes: SpiffWorkflow's task specs with the behaviour of each kind of BPMN element.

A node's `_run_hook` answers True when the token may go on at once, None when it waits.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec

from kt_flows.clock import from_text, to_text
from kt_flows.engine.calendar import parse_cycle, parse_duration
from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.scope import values_of, variables_of
from kt_flows.engine.spiff.token import Token

if TYPE_CHECKING:
    from kt_flows.engine.spiff.graph import Graph


class Node(BpmnTaskSpec):
    """An element of a process: where tokens come from and go to, what watches it, and what it does."""

    waits_for_tokens = False
    """Whether a token that arrives may have to wait for others (a join)."""

    def __init__(self, graph: Graph, element: Element, name: str | None = None) -> None:
        super().__init__(graph, name or element.id)
        self.graph = graph
        self.element = element
        self.process_key = element.process_key
        self.flows: list[tuple[Flow, Node]] = []
        self.incoming: list[str] = []
        self.boundaries: list[Node] = []

    # SpiffWorkflow's own hooks

    def _predict(self, *_: Any, **__: Any) -> None:
        """Nothing is predicted: a token is where it is."""

    def _update(self, token: Token) -> None:
        token._ready()

    def _run(self, token: Token) -> bool | None:
        result: bool | None = self._run_hook(token)
        return result

    def _run_hook(self, token: Token) -> bool | None:
        return True

    def _on_complete(self, token: Token) -> None:
        token.workflow.passed(token)

    # ours

    def begin(self, token: Token) -> None:
        """The inputs, in order; each sees those before it."""
        for name, template in self.element.inputs:
            token.local[name] = template.evaluate(values_of(token))

    def end(self, token: Token, result: dict[str, Any]) -> None:
        """The outputs, on what the element's work gave."""
        variables = variables_of(token.host, token.workflow.variables)
        if self.element.outputs:
            token.local.update(result)
            for name, template in self.element.outputs:
                variables[name] = template.evaluate(values_of(token))

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        """The flows that the token leaves by: all without a condition, those whose condition holds, else the
        default."""
        plain = [(flow, node) for flow, node in self.flows if not flow.condition]
        conditional = [(flow, node) for flow, node in self.flows if flow.condition]
        if not conditional:
            return plain
        default = self.graph.defaults.get(self.element.id)
        chosen = [(flow, node) for flow, node in conditional if token.workflow.holds(token, flow)]
        always = [(flow, node) for flow, node in plain if flow.id != default]
        return always + (chosen or [(flow, node) for flow, node in plain if flow.id == default])


class Pass(Node):
    """A none task, a none event, an event that throws an error or an escalation."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        self.end(token, {})
        if self.element.event in ("error", "escalation"):
            return token.workflow.throw(token) or None
        return True


class Script(Node):
    """A script task: one expression and its result variable."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        assert self.element.script is not None
        token.workflow.keep_result(token, self.element.script.evaluate(values_of(token)))
        return True


class Rule(Node):
    """A business rule task: a decision table of the same folder."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        case = token.workflow
        decision = case.program.definitions[self.process_key].decisions[str(self.element.decision)]
        outcome = decision.decide(values_of(token))
        result = outcome.mapped(self.element.decision_result)
        case.note(token, "decided", rules=list(outcome.rules), inputs=dict(outcome.inputs), result=result)
        case.keep_result(token, result)
        return True


class Waiting(Node):
    """An element that waits for somebody outside; its facts are fixed when it begins."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        self.open(token)
        return None

    def open(self, token: Token) -> None:
        raise NotImplementedError  # pragma: no cover - every kind that waits says what it fixes


class Human(Waiting):
    """A user task: for whom, until when."""

    def open(self, token: Token) -> None:
        values, element = values_of(token), self.element
        facts = token.facts
        facts["groups"] = [str(group.evaluate(values)) for group in element.groups]
        facts["assignee"] = element.assignee.evaluate(values) if element.assignee else None
        facts["due"] = element.due_date.evaluate(values) if element.due_date else None
        facts["priority"] = whole(element.priority.evaluate(values), element.id) if element.priority else 50


class Job(Waiting):
    """A service or send task, or a thrown message: a job's kind and payload."""

    def open(self, token: Token) -> None:
        element, case = self.element, token.workflow
        payload = dict(token.local)
        if element.template_id is not None:
            texts = case.program.definitions[self.process_key].texts[element.template_id]
            text = texts.get(str(payload.get("lang") or "ru")) or texts["ru"]
            subject, body = text.render(values_of(token))
            known = {name: payload[name] for name, _ in element.inputs if name in case.program.inputs_of(element)}
            payload = known | {"template": element.template_id, "subject": subject, "body": body}
        elif element.topic == "message.throw":
            payload["name"] = element.message
        token.facts["payload"] = payload


class Catch(Waiting):
    """A receive task, a catching event, a boundary event, the start of an event sub-process."""

    def open(self, token: Token) -> None:
        if self.element.event == "timer":
            self.arm(token, token.workflow.now)
        elif self.element.message is not None:
            self.listen(token)

    def follow(self, token: Token) -> None:
        """Lets an open watcher keep up with the variables: a deadline that was moved, a key that is only now set."""
        if self.element.message is not None:
            self.listen(token)
        elif self.element.timer is not None and self.element.timer.kind == "date":
            self.arm(token, token.workflow.now)

    def listen(self, token: Token) -> None:
        """Fixes by which values a message finds the token.  A watcher with an unset one does not listen yet."""
        messages = token.workflow.program.definitions[self.process_key].manifest.messages
        names = messages[str(self.element.message)].correlation
        values = values_of(token)
        if token.watching and any(values.get(name) is None for name in names):
            token.facts.pop("correlation", None)
        else:
            token.facts["correlation"] = {name: as_key(values.get(name), name) for name in names}

    def arm(self, token: Token, now: datetime) -> None:
        """Fixes when the timer fires, as an absolute time.  A watcher whose time is not set is not armed yet."""
        timer = self.element.timer
        assert timer is not None
        value = timer.value.evaluate(values_of(token))
        if value is None and token.watching and timer.kind == "date":
            token.facts.pop("due", None)
            return
        if value is None:
            raise ExpressionError(f"{timer.value.text} is not set, and the timer needs it")
        try:
            if timer.kind == "date":
                token.facts["due"] = to_text(from_text(str(value)))
            elif timer.kind == "duration":
                token.facts["due"] = to_text(now + parse_duration(str(value)))
            else:
                times, every = parse_cycle(str(value))
                token.facts |= {"due": to_text(now + every), "left": times, "every": every.total_seconds()}
        except (ValueError, OverflowError) as error:
            raise ExpressionError(f"{timer.value.text}: {error}") from error


class Inside(Node):
    """A sub-process or a call activity: it hosts tokens, and goes on when none is left."""

    def _run_hook(self, token: Token) -> bool | None:
        case = token.workflow
        self.begin(token)
        if self.element.called is not None:
            called = case.program.graphs[self.element.called]
            token.facts["variables"] = self._handed_in(token)
            case.enter(called.entry(), called, token)
        else:
            case.enter(self.graph.inner_entry(self.element.id), self.graph, token)
        return None

    def _handed_in(self, token: Token) -> dict[str, Any]:
        values, given = values_of(token), dict[str, Any]()
        for mapping in self.element.call_in:
            if mapping.everything:
                given.update(variables_of(token.host, token.workflow.variables))
            elif mapping.value is not None and mapping.target:
                given[mapping.target] = mapping.value.evaluate(values)
        return given

    def handed_out(self, token: Token, view: dict[str, Any]) -> dict[str, Any]:
        """What `camunda:out` gives the caller from these variables of the called process."""
        given: dict[str, Any] = {}
        for mapping in self.element.call_out:
            if mapping.everything:
                given.update(view)
            elif mapping.value is not None and mapping.target:
                given[mapping.target] = mapping.value.evaluate(view)
        return given


class Choice(Node):
    """An exclusive gateway: the first flow that holds, else the default."""

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        default = self.graph.defaults.get(self.element.id)
        otherwise = [(flow, node) for flow, node in self.flows if flow.id == default or not flow.condition]
        for flow, node in self.flows:
            if flow.condition and flow.id != default and token.workflow.holds(token, flow):
                return [(flow, node)]
        if not otherwise:
            raise ExpressionError("no condition holds and there is no default flow")
        return otherwise[:1]


class Together(Node):
    """A parallel gateway: one token from every incoming flow, one to every outgoing."""

    waits_for_tokens = True

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        return self.flows


class Some(Node):
    """An inclusive gateway: as many as can still come, to every flow that holds."""

    waits_for_tokens = True

    def choose(self, token: Token) -> list[tuple[Flow, Node]]:
        chosen = super().choose(token)
        if not chosen:
            raise ExpressionError("no condition holds and there is no default flow")
        return chosen


class Race(Node):
    """An event-based gateway: the first of the events behind it wins."""

    def _run_hook(self, token: Token) -> bool | None:
        for _, node in self.flows:
            token.workflow.watch(node, token, token.host)
        return None


class Many(Node):
    """A multi-instance activity around the node that does the work."""

    def __init__(self, graph: Graph, element: Element, body: Node) -> None:
        super().__init__(graph, element)
        self.body = body

    def _run_hook(self, token: Token) -> bool | None:
        loop = self.element.loop
        assert loop is not None
        values = values_of(token)
        items: Any = loop.collection.evaluate(values) if loop.collection else None
        if items is None:
            number = whole(loop.cardinality.evaluate(values) if loop.cardinality else 0, self.element.id)
            items = list(range(number))
        if not isinstance(items, list) or len(items) > 1_000:
            raise ExpressionError("a repetition needs a list of at most 1,000 items")
        token.facts |= {"items": items, "done": 0, "next": 0}
        if not items:
            return True
        for _ in range(1 if loop.sequential else len(items)):
            self.spawn(token)
        return None

    def spawn(self, token: Token) -> None:
        """The next instance, with its item and its number as locals."""
        number = token.facts["next"]
        token.facts["next"] = number + 1
        instance = Token(token.workflow, self.body, token)
        instance.local["loopCounter"] = number
        if self.element.loop and self.element.loop.variable:
            instance.local[self.element.loop.variable] = token.facts["items"][number]
        instance._ready()

    def counted(self, token: Token, instance: Token) -> bool:
        """One instance is over; whether the whole activity is."""
        facts, loop = token.facts, self.element.loop
        assert loop is not None
        facts["done"] += 1
        total = len(facts["items"])
        if loop.done is not None:
            numbers = {
                "nrOfInstances": total,
                "nrOfCompletedInstances": facts["done"],
                "nrOfActiveInstances": facts["next"] - facts["done"],
            }
            if loop.done.evaluate({**values_of(instance), **numbers}):
                return True
        if loop.sequential and facts["next"] < total:
            self.spawn(token)
        return bool(facts["done"] == total)


def whole(value: Any, id: str) -> int:
    """A whole number, also where it is written as a text."""
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ExpressionError(f"{id}: {value!r} is no whole number") from error


def as_key(value: Any, name: str) -> str:
    """A correlation value as text.  An unset one would match vacuously, so it is an error."""
    if value is None or isinstance(value, dict | list):
        raise ExpressionError(
            f"the message is found by {name}, which is {'not set' if value is None else 'no value'}"
        )
    return str(value)


KINDS: dict[str, type[Node]] = {
    "userTask": Human,
    "manualTask": Pass,
    "task": Pass,
    "serviceTask": Job,
    "sendTask": Job,
    "receiveTask": Catch,
    "scriptTask": Script,
    "businessRuleTask": Rule,
    "callActivity": Inside,
    "subProcess": Inside,
    "startEvent": Pass,
    "endEvent": Pass,
    "intermediateCatchEvent": Catch,
    "intermediateThrowEvent": Pass,
    "boundaryEvent": Catch,
    "exclusiveGateway": Choice,
    "parallelGateway": Together,
    "inclusiveGateway": Some,
    "eventBasedGateway": Race,
}
