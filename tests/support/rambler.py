"""Random processes from every element, walked at random on the engine alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.engine.check import check_packages
from kt_flows.engine.program import Program, link
from kt_flows.engine.step import Step
from kt_flows.runtime.replay import Replay
from kt_flows.store.history import HistoryView
from support.sheet import FLAGS, Sheet

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
NIL = UUID(int=0)
Move = Callable[[], Step]


class Walk:
    """One case of a drawn process; every move goes through bytes."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.sheet = Sheet(seed)
        self.program = drawn(self.sheet)
        self.now, self.trail, self.played = NOW, [f"seed {seed}"], Replay()
        self.keep("begin", machine.begin(self.program, self.sheet.variables(), now=NOW, instance_id="case"))

    def keep(self, said: str, step: Step) -> None:
        self.trail.append(said)
        self.check(step)
        self.step = step
        if any(one.due_at <= self.now for one in step.timers):
            # What was over when it was armed fires first, and may end what else could happen.
            self.keep("time", machine.tick(self.program, step.state, now=self.now))

    def check(self, step: Step) -> None:
        self.retold(step)
        again = machine.look(self.program, step.state, now=self.now)
        for part in ("state", "status", "variables", "tasks", "jobs", "timers", "messages", "signals", "incidents"):
            assert getattr(again, part) == getattr(step, part), (part, self.trail)
        assert not step.incidents, (step.incidents, self.trail)
        waits = [*step.tasks, *step.jobs, *step.timers, *step.messages, *step.signals, *step.conditions]
        assert (step.status == "completed") == (not waits), self.trail

    def retold(self, step: Step) -> None:
        """Where the tokens are is where the traces of all moves say."""
        for line in step.trace:
            about = (line.element_id, line.process_key, "", line.detail, line.wait)
            self.played.line(HistoryView(NIL, self.now, line.kind, *about))
        places = machine.places(self.program, step.state, now=self.now)
        there = {one.wait: (one.element_id, one.process_key) for one in places if one.watches is None}
        told = {wait: (one.element_id, one.definition_key) for wait, one in self.played.tokens.items()}
        assert told == there, self.trail

    def moves(self) -> list[tuple[str, Move]]:
        """Everything that could happen now."""
        state, now, program, step = self.step.state, self.now, self.program, self.step
        found: list[tuple[str, Move]] = []
        for task in step.tasks:
            found.append((task.element_id, lambda w=task.wait: machine.complete(program, state, w, {}, now=now)))
        for job in step.jobs:
            found.append((job.element_id, lambda w=job.wait: machine.finish(program, state, w, {}, now=now)))
        for one in step.messages:
            found.append((one.element_id, lambda w=one.wait: machine.deliver(program, state, w, {}, now=now)))
        if step.signals:
            waits = [one.wait for one in step.signals]
            found.append(("signal", lambda: machine.signal(program, state, waits, {}, now=now)))
        return found

    def time_passes(self) -> None:
        self.now = max(self.now, min(one.due_at for one in self.step.timers))
        self.keep("time", machine.tick(self.program, self.step.state, now=self.now))

    def condition_turns(self) -> None:
        flag = self.choose.choice(FLAGS)
        value = 2 if self.step.variables.get(flag) != 2 else self.choose.randint(0, 1)
        self.keep(f"{flag}={value}", machine.put(self.program, self.step.state, {flag: value}, now=self.now))

    def any_move(self) -> None:
        chance = self.choose.random()
        moves = self.moves()
        if self.step.timers and (chance < 0.15 or not moves):
            self.time_passes()
        elif not moves or chance < 0.25:
            self.condition_turns()
        else:
            said, move = self.choose.choice(moves)
            self.keep(said, move())

    def to_the_end(self) -> None:
        """People and jobs first; what only waits is told by chance, since some of it listens again for ever."""
        for _ in range(1_000):
            if self.step.status == "completed":
                return
            if self.step.tasks or self.step.jobs:
                said, move = self.moves()[0]
                self.keep(said, move())
            else:
                self.any_move()
        raise AssertionError(f"does not end: {self.trail}, {self.step}")


def drawn(sheet: Sheet) -> Program:
    definitions, findings = check_packages(sheet.files())
    wrong = [one for one in findings if one.severity == "error" and one.rule != "duration-on-wait"]
    assert not wrong, wrong
    # All that is drawn can be brought to its end, and the gate must not say otherwise.
    assert not [one for one in findings if one.rule in ("deadlock", "endless-fork")], findings
    known = {one.key: one for one in definitions}
    return link(known["drawn"], known)
