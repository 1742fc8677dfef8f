"""Random cases from every element: their history, played again, is what they were after every move.

On the database with all that a case has there, and on the engine alone with elements that fail, and moves that are
cut off by their budget.
"""

from __future__ import annotations

import contextlib
import os
import random
from datetime import UTC, datetime, timedelta

import pytest

from kt_flows.clock import FixedClock
from kt_flows.engine import machine
from kt_flows.engine.spiff import case
from kt_flows.engine.step import Step
from kt_flows.runtime import operate
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.deploy import deploy
from kt_flows.security import SERVICE
from kt_flows.settings import Settings
from support.desk import Desk
from support.past import Album
from support.postgres import fresh_database
from support.rambler import Move, Walk
from support.sheet import DUE, FLAGS

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
MOST_MOVES = 120
ROUGH_WALKS = int(os.environ.get("WALKS", "200"))


def operator(desk: Desk) -> None:
    """Somebody moves it from outside the diagram."""
    match desk.choose.choice(["rest", "version", "nothing", "nothing"]):
        case "rest":
            operate.suspend(desk.rt, SERVICE, desk.case, None)
            desk.moved("suspended")
            operate.resume(desk.rt, SERVICE, desk.case, None)
            desk.moved("resumed")
        case "version":
            more = {name: data.replace(b"<bpmn:process ", b"<!-- more --><bpmn:process ") for name, data in
                    desk.files.items()}  # fmt: skip
            deploy(desk.rt, SERVICE, more)
            operate.migrate(desk.rt, SERVICE, desk.case, 2)
            desk.moved("migrated")


@pytest.mark.parametrize("seed", range(100, 116))
def test_history_is_the_case(seed: int) -> None:
    clock = FixedClock(NOW)
    with fresh_database() as db:
        rt = Runtime(db, clock, Settings(mode="sandbox"))
        album = Album(rt)

        def picture(desk: Desk) -> None:
            album.take(desk.case)
            clock.advance(timedelta(milliseconds=10))

        desk = Desk(rt, clock, seed, picture)
        desk.moved("start")
        cancelled_at = desk.choose.choice([5, 12, MOST_MOVES])
        for number in range(MOST_MOVES):
            if desk.look().state == "completed":
                break
            if number == cancelled_at:
                operate.cancel(rt, SERVICE, desk.case, "?")
                desk.moved("cancelled")
                break
            if number % 7 == 3:
                operator(desk)
            if desk.choose.random() < 0.3 or not desk.work():
                desk.anything()
        album.check(desk.case)


class Rough(Walk):
    """A walk on which things go wrong: values that no condition can read, moves that are cut off; and are retried."""

    def check(self, step: Step) -> None:
        self.incidents = getattr(self, "incidents", 0) + len(step.incidents)
        self.retold(step)

    def moves(self) -> list[tuple[str, Move]]:
        state, now = self.step.state, self.now
        retries: list[tuple[str, Move]] = [
            ("retry", lambda w=one.wait: machine.retry(self.program, state, w, now=now))
            for one in self.step.incidents
        ]
        return super().moves() + retries

    def any_move(self) -> None:
        if self.choose.random() < 0.1:
            name = self.choose.choice([*FLAGS, "due"])
            value = self.choose.choice(["no value of its type", DUE if name == "due" else 1])
            self.keep(f"{name}={value}", machine.put(self.program, self.step.state, {name: value}, now=self.now))
        else:
            super().any_move()


def test_what_goes_wrong_is_told_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    incidents = 0
    for seed in range(ROUGH_WALKS):
        monkeypatch.setattr(case, "STEPS", random.Random(seed).choice([1, 2, 3, 5, 1_000]))
        walk = Rough(seed)
        for _ in range(40):
            if walk.step.status == "completed":
                break
            with contextlib.suppress(machine.NoSuchWait):  # a retry or a signal, where what is due now ends it
                walk.any_move()
        incidents += walk.incidents
    assert incidents > ROUGH_WALKS
