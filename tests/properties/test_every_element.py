"""Random processes from every element, walked at random: nothing of a case is ever lost or unsound on the way."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from kt_flows.engine import machine
from kt_flows.engine.check import check_packages
from kt_flows.engine.program import Program, link
from kt_flows.engine.step import Step
from support.sheet import FLAGS, LARGE, SMALL, Sheet

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
WALKS = int(os.environ.get("WALKS", "600"))
MOST_MOVES = 60
Move = Callable[[], Step]


class Walk:
    """One case of a drawn process; every move goes through bytes."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.sheet = Sheet(seed)
        self.program = drawn(self.sheet)
        self.now, self.trail = NOW, [f"seed {seed}"]
        self.keep("begin", machine.begin(self.program, self.sheet.variables(), now=NOW, instance_id="case"))

    def keep(self, said: str, step: Step) -> None:
        self.trail.append(said)
        again = machine.look(self.program, step.state, now=self.now)
        for part in ("state", "status", "variables", "tasks", "jobs", "timers", "messages", "signals", "incidents"):
            assert getattr(again, part) == getattr(step, part), (part, self.trail)
        assert not step.incidents, (step.incidents, self.trail)
        waits = [*step.tasks, *step.jobs, *step.timers, *step.messages, *step.signals, *step.conditions]
        assert (step.status == "completed") == (not waits), self.trail
        self.step = step
        if any(one.due_at <= self.now for one in step.timers):
            # What was over when it was armed fires first, and may end what else could happen.
            self.keep("time", machine.tick(self.program, step.state, now=self.now))

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


def test_every_walk_is_sound_and_ends() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(WALKS):
        walk = Walk(seed)
        for _ in range(walk.choose.randint(0, MOST_MOVES)):
            if walk.step.status == "completed":
                break
            walk.any_move()
        walk.to_the_end()
        kinds.update(walk.sheet.drawn)
    assert set(kinds) == {kind.__name__ for kind in (*SMALL, *LARGE)}, "every kind was drawn"
