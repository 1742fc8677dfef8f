"""The stage that a scenario plays on: a case on the pure engine, a clock, and an outside world that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kt_flows.clock import to_text
from kt_flows.engine import machine
from kt_flows.engine.calendar import parse_duration
from kt_flows.engine.program import Program
from kt_flows.engine.step import HumanTask, JobRequest, MessageWait, Step, Trace
from kt_flows.engine.values import fitting
from kt_flows.errors import Broken, FlowsError
from kt_flows.scenarios.story import Answer, Fail
from kt_flows.topics import TOPICS

INSTANCE = "00000000-0000-7000-8000-000000000001"
MOST_MOVES = 10_000


class Mistaken(FlowsError):
    """The case does not do what the scenario says."""

    code = "scenario"


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail or cabinet message that the case asked for."""

    topic: str
    template: str
    to: Any
    lang: str
    text: str
    """Subject and body, a line between them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that nobody waited for."""

    name: str
    payload: Mapping[str, Any]
    correlation: Mapping[str, Any] | None
    until: datetime


class Stage:
    """One case and its world.  `step` is the case as it stands; every method leaves nothing undone."""

    def __init__(self, program: Program, answers: Mapping[str, Sequence[Answer]], now: datetime) -> None:
        self.program = program
        self.answers = answers
        self.now = now
        self.step: Step
        self.trace: list[Trace] = []
        self.asked: dict[str, int] = {}
        self.sent: list[Sent] = []
        self.waiting: dict[int, str] = {}
        """Jobs that the outside world holds or that are stuck: wait to topic."""
        self.stuck: dict[int, str] = {}
        """Stuck jobs: wait to element."""
        self._seen: set[int] = set()
        self._kept: list[Kept] = []
        self._moves = 0

    # ---- what the world does

    def begin(
        self, variables: Mapping[str, Any], message: str | None, element: str | None, business_key: str | None
    ) -> None:
        self._take(
            machine.begin(
                self.program,
                variables,
                now=self.now,
                instance_id=INSTANCE,
                business_key=business_key,
                message=message,
                start_element=element,
            )
        )

    def complete(self, task: HumanTask, values: Mapping[str, Any]) -> None:
        self._take(machine.complete(self.program, self.step.state, task.wait, values, now=self.now))

    def advance(self, moment: datetime) -> None:
        """The clock goes to a moment, by way of everything that is due before it."""
        if moment < self.now:
            raise Mistaken(f"часы стоят на {to_text(self.now)} и назад, к {to_text(moment)}, не идут")
        while any(timer.due_at <= moment for timer in self.step.timers):
            self.now = min(timer.due_at for timer in self.step.timers)
            self._go_on()
        self.now = moment

    def message(self, name: str, payload: Mapping[str, Any], correlation: Mapping[str, Any] | None) -> bool:
        """Delivers a message to the newest wait for it; False where there is none, and it is kept."""
        wait = self._wait_for(name, correlation)
        if wait is not None:
            self._deliver(wait, payload)
            self._go_on()
            return True
        keep = [
            definition.manifest.messages[name].keep
            for definition in self.program.definitions.values()
            if name in definition.manifest.messages
        ]
        until = self.now + max(map(parse_duration, keep or ["PT1H"]))
        self._kept.append(Kept(name, payload, correlation, until))
        return False

    def signal(self, name: str, payload: Mapping[str, Any]) -> bool:
        """Sends a signal to every place that waits for it; False where there is none."""
        waits = [wait.wait for wait in self.step.signals if wait.name == name]
        if not waits:
            return False
        declared = next(
            one.manifest.signals[name] for one in self.program.definitions.values() if name in one.manifest.signals
        )
        kept = _fit(f"сигнал {name}", declared.payload, payload)
        self._take(machine.signal(self.program, self.step.state, waits, kept, now=self.now))
        return True

    def answer(self, topic: str, answer: Answer) -> None:
        """Answers the oldest job of the topic that is held or stuck."""
        wait = next((wait for wait, held in sorted(self.waiting.items()) if held == topic), None)
        job = next((job for job in self.step.jobs if job.wait == wait), None)
        if job is None:
            raise Mistaken(f"никто не ждёт ответа {topic}")
        self._settle(job, answer)
        self._go_on()

    # ---- moving on

    def _take(self, step: Step) -> None:
        self._keep(step)
        self._go_on()

    def _keep(self, step: Step) -> None:
        self._moves += 1
        if self._moves > MOST_MOVES:
            raise Mistaken(f"больше {MOST_MOVES} ходов")
        self.step = step
        self.trace += step.trace
        open_waits = {job.wait for job in step.jobs}
        self.waiting = {wait: topic for wait, topic in self.waiting.items() if wait in open_waits}
        self.stuck = {wait: element for wait, element in self.stuck.items() if wait in open_waits}

    def _go_on(self) -> None:
        """Fires what was due when it was armed, hands over kept messages, answers jobs, until nothing moves."""
        while self._fire() or self._hand_over() or self._ask():
            pass

    def _fire(self) -> bool:
        due = any(timer.due_at <= self.now for timer in self.step.timers)
        if due:
            self._keep(machine.tick(self.program, self.step.state, now=self.now))
        return due

    def _hand_over(self) -> bool:
        for kept in self._kept:
            wait = self._wait_for(kept.name, kept.correlation)
            if kept.until > self.now and wait is not None:
                self._kept.remove(kept)
                self._deliver(wait, kept.payload)
                return True
        return False

    def _ask(self) -> bool:
        job = next((job for job in self.step.jobs if job.wait not in self._seen), None)
        if job is None:
            return False
        self._seen.add(job.wait)
        number = self.asked.get(job.kind, 0)
        self.asked[job.kind] = number + 1
        if TOPICS[job.kind].text:
            self._remember(job)
        given = self.answers.get(job.kind, ())
        answer = given[min(number, len(given) - 1)] if given else Answer(result={})
        fail = answer.fail
        if fail is not None and fail.times is not None and number - (len(given) - 1) >= fail.times:
            answer = Answer(result={})
        self.waiting[job.wait] = job.kind
        if not answer.hold:
            self._settle(job, answer)
        return True

    def _remember(self, job: JobRequest) -> None:
        payload = job.payload
        text = f"{payload.get('subject', '')}\n{payload.get('body', '')}"
        to = payload.get("to", payload.get("subscriber_id"))
        self.sent.append(Sent(job.kind, str(payload.get("template")), to, str(payload.get("lang") or "ru"), text))

    def _settle(self, job: JobRequest, answer: Answer) -> None:
        if answer.fail is not None:
            self._refuse(job, answer.fail)
            return
        result = self._result(job, answer)
        if any(other.wait == job.wait for other in self.step.jobs):
            # A thrown message may have cancelled the one that threw it.
            self._keep(machine.finish(self.program, self.step.state, job.wait, result, now=self.now))

    def _result(self, job: JobRequest, answer: Answer) -> dict[str, Any]:
        topic = TOPICS[job.kind]
        times = {name: to_text(self.now) for name, word in topic.outputs.items() if word.startswith("timestamp")}
        result = {**dict.fromkeys(topic.outputs), **times, **topic.example, **(answer.result or {})}
        if job.kind == "message.throw" and not answer.result:
            name, correlation = str(job.payload["name"]), job.payload.get("correlation")
            wait = self._wait_for(name, correlation)
            if wait is not None:
                self._deliver(wait, job.payload.get("payload") or {})
            result["result"] = "delivered" if wait is not None else "buffered"
        return result

    def _refuse(self, job: JobRequest, fail: Fail) -> None:
        try:
            self._keep(machine.fail(self.program, self.step.state, job.wait, fail.code, fail.message, now=self.now))
        except machine.Uncaught:
            self.stuck[job.wait] = job.element_id

    # ---- messages

    def _wait_for(self, name: str, correlation: Mapping[str, Any] | None) -> MessageWait | None:
        def same(wait: MessageWait) -> bool:
            if correlation is None:
                return True
            return {key: str(value) for key, value in correlation.items()} == dict(wait.correlation)

        found = [wait for wait in self.step.messages if wait.name == name and same(wait)]
        return max(found, key=lambda wait: wait.wait, default=None)

    def _deliver(self, wait: MessageWait, payload: Mapping[str, Any]) -> None:
        kept = declared(self.program, wait.element_id, wait.name, payload)
        self._keep(machine.deliver(self.program, self.step.state, wait.wait, kept, now=self.now))


def declared(program: Program, element_id: str, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What of a payload the process that catches it at this element declares, in its types.  Raises Mistaken."""
    for definition in program.definitions.values():
        element = definition.elements.get(element_id)
        if element is None or element.message != name:
            continue
        return _fit(f"сообщение {name}", definition.manifest.messages[name].payload, payload)
    raise Broken(f"no process catches {name} at {element_id}")


def _fit(what: str, words: Mapping[str, str], payload: Mapping[str, Any]) -> dict[str, Any]:
    """What of a payload the process declares; the scenario is mistaken where its values have other types."""
    kept, faults = fitting(words, payload)
    if faults:
        raise Mistaken(f"{what}, поле {': '.join(faults[0])}")
    return kept
