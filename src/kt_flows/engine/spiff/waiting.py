"""Nodes that wait for somebody outside: people, jobs, messages and timers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kt_flows.clock import from_text, to_text
from kt_flows.engine.budgets import WHOSE_BYTES, Stopped
from kt_flows.engine.calendar import parse_cycle, parse_duration
from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.nodes import Node
from kt_flows.engine.spiff.scope import values_of
from kt_flows.engine.spiff.token import Token


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
        whose = [*facts["groups"], *([str(facts["assignee"])] if facts["assignee"] else [])]
        if sum(len(name.encode()) + 8 for name in whose) > WHOSE_BYTES:
            raise Stopped(f"the names of its groups take more than {WHOSE_BYTES} bytes", code="budget.groups")
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
        elif element.message or element.signal:
            payload["name"] = element.message or element.signal
        token.facts["payload"] = payload


class Catch(Waiting):
    """A receive task, a catching event, a boundary event, the start of an event sub-process."""

    def open(self, token: Token) -> None:
        if self.element.event == "timer":
            self.arm(token, token.workflow.now)
        elif self.element.message is not None:
            self.listen(token)
        elif self.element.signal is not None:
            token.facts["signal"] = self.element.signal
        elif self.element.condition is not None:
            token.facts["was"] = False

    def follow(self, token: Token) -> None:
        """Lets an open wait keep up with the variables: a deadline that was moved, a key that is only now set.

        A watcher's message follows its key; a date or a length moves wherever it is waited for, a length counting
        from when the wait began.  A cycle keeps the turns that it began with.
        """
        timer = self.element.timer
        if self.element.message is not None and token.watching:
            self.listen(token)
        elif timer is not None and timer.value.literal is None and timer.kind != "cycle":
            self.arm(token, from_text(token.facts["since"]) if "since" in token.facts else token.workflow.now)

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
        if value is None and token.watching and (timer.kind == "date" or "since" in token.facts):
            token.facts.pop("due", None)
            return
        if value is None:
            raise ExpressionError(f"{timer.value.text} is not set, and the timer needs it")
        try:
            if timer.kind == "date":
                token.facts["due"] = to_text(from_text(str(value)))
            elif timer.kind == "duration":
                token.facts["due"] = to_text(now + parse_duration(str(value)))
                if timer.value.literal is None:
                    token.facts["since"] = to_text(now)
            else:
                times, every = parse_cycle(str(value))
                token.facts |= {"due": to_text(now + every), "left": times, "every": every.total_seconds()}
        except (ValueError, OverflowError) as error:
            raise ExpressionError(f"{timer.value.text}: {error}") from error


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
