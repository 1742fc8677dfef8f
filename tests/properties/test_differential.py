"""Ours against stock SpiffWorkflow on random processes and random ways through them, after every move restored."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from kt_flows.engine import machine
from kt_flows.engine.program import Program
from kt_flows.engine.step import Step
from support.randomly import MESSAGE, Draw
from support.stock import Stock

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
STEPS = 2_500
MOST_MOVES = 60


class Ours:
    """One case on our engine; the state goes through bytes at every move."""

    def __init__(self, program: Program, variables: dict[str, int]) -> None:
        self.program = program
        self._keep(machine.begin(program, variables, now=NOW, instance_id="random"))

    def _keep(self, step: Step) -> None:
        assert not step.incidents, step.incidents
        self.step = machine.look(self.program, step.state, now=NOW)
        assert self.step.tasks == step.tasks
        assert self.step.messages == step.messages
        assert self.step.state == step.state

    @property
    def completed(self) -> bool:
        return self.step.status == "completed"

    def open(self) -> list[str]:
        return sorted(task.element_id for task in self.step.tasks)

    def complete(self, name: str) -> None:
        wait = next(task.wait for task in self.step.tasks if task.element_id == name)
        self._keep(machine.complete(self.program, self.step.state, wait, {}, now=NOW))

    def send(self) -> None:
        """To everyone who waits now, as stock's event does."""
        for wait in [one.wait for one in self.step.messages]:
            if any(one.wait == wait for one in self.step.messages):
                self._keep(machine.deliver(self.program, self.step.state, wait, {}, now=NOW))


def walk(seed: int) -> tuple[int, str | None]:
    """Steps taken on one random process, and what differed."""
    choose = random.Random(seed)
    drawing = Draw(seed).process()
    variables = drawing.start(choose)
    stock = Stock(drawing.xml(ours=False), dict(variables))
    ours = Ours(drawing.program(), dict(variables))
    trail: list[str] = []
    for steps in range(MOST_MOVES):
        if stock.open() != ours.open() or stock.completed != ours.completed:
            return steps, f"seed {seed} after {trail}: stock {stock.open()}, ours {ours.open()}"
        if not stock.open():
            # Done, or both stand still: an interrupted branch never brings its token to a parallel join.
            return steps, None
        if ours.step.messages and choose.random() < 0.3:
            trail.append(MESSAGE)
            stock.send(MESSAGE)
            ours.send()
        else:
            name = choose.choice(stock.open())
            trail.append(name)
            stock.complete(name)
            ours.complete(name)
    return MOST_MOVES, None


def test_ours_and_stock_go_the_same_way() -> None:
    steps, seed, differed = 0, 0, []
    while steps < STEPS:
        taken, difference = walk(seed)
        if difference is not None:
            differed.append(difference)
        steps += taken
        seed += 1
    assert not differed, "\n".join(differed)
    assert steps >= STEPS
