"""Everything at once on a few cases: one order of locks, so that nobody waits in a circle."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import sqlalchemy as sa

from kt_flows.errors import Conflict
from kt_flows.runtime import (
    assign,
    claim,
    comment,
    complete,
    correlate,
    draft,
    next_task,
    operate,
    release,
    settle,
    start,
)
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE, Actor
from kt_flows.store import instances, jobs

CRM = Actor("crm", frozenset({"crm"}))
THREADS = 12
ROUNDS = 30


def test_no_deadlock_and_no_error_but_conflict(rt: Runtime) -> None:
    cases = [start.start(rt, CRM, definition_key="wait", variables={"token": f"t{n}"}).instance.id for n in range(4)]
    barrier = threading.Barrier(THREADS)
    said: Counter[str] = Counter()

    def one(number: int) -> None:
        dice = random.Random(number)
        who = Actor(f"worker{number}", frozenset({"operator"}), frozenset({"line"}))
        barrier.wait()
        for _ in range(ROUNDS):
            try:
                move(rt, dice, who, dice.choice(cases))
                said["done"] += 1
            except Conflict:
                said["conflict"] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))
    assert sum(said.values()) == THREADS * ROUNDS
    with rt.reading() as reading:
        ours = "select deadlocks from pg_stat_database where datname = current_database()"
        assert reading.value(sa.text(ours)) == 0


def move(rt: Runtime, dice: random.Random, who: Actor, case: UUID) -> None:
    what = dice.randrange(12)
    if what == 0:
        start.start(rt, CRM, definition_key="desk", variables={})
    elif what == 1:
        next_task.next_task(rt, who)
    elif what == 2:
        correlate.message_arrived(
            rt, CRM, name="msg_answer", correlation={"token": f"t{dice.randrange(4)}"}, payload={"answer_text": "да"}
        )
    elif what == 3:
        operate.suspend(rt, SERVICE, case, None)
    elif what == 4:
        operate.resume(rt, SERVICE, case, None)
    elif what == 5:
        with rt.reading() as reading:
            found = jobs.due(reading, (jobs.TIMER,), rt.clock.now(), 5)
        for job in found:
            assert job.instance_id is not None
            settle.due(rt, job.id)
    else:
        with rt.reading() as reading:
            tasks = [wait.task_id for wait in instances.one(reading, case).waits if wait.task_id is not None]
        for id in tasks:
            work(rt, what, who, id)


def work(rt: Runtime, what: int, who: Actor, id: UUID) -> None:
    if what == 6:
        claim.claim(rt, who, id)
    elif what == 7:
        release.release(rt, who, id)
    elif what == 8:
        assign.assign(rt, who, id, who.name)
    elif what == 9:
        draft.save(rt, who, id, {})
    elif what == 10:
        comment.add(rt, who, id, "вижу")
    else:
        complete.complete(rt, who, id, {})
