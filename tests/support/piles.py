"""Cases and tasks of every sort laid into a database at once, for what counts and lists them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from kt_flows.clock import to_text
from kt_flows.security import Actor
from kt_flows.store import tasks
from kt_flows.store.db import Database
from kt_flows.store.ids import new_id
from kt_flows.store.tables import bundle, definition, deployment, instance, task

GROUPS = ("operator_160", "supervisor_160", "branch_specialist:ALA", "branch_head:ALA", "branch_specialist:AST")
BRANCHES = ("ALA", "AST", None)
PEOPLE = ("anna", "boris", "chief", None, None)
PROCESSES = ("loan", "lease")
ACTORS = (
    Actor("root", admin=True),
    Actor("anna", frozenset({"operator"}), frozenset({"operator_160"})),
    Actor("chief", frozenset({"supervisor"}), frozenset({"operator_160", "branch_head:ALA"})),
    Actor("boris", frozenset({"operator"})),
    Actor("crm", frozenset({"crm", "operator"})),
    Actor("nobody", frozenset({"operator"}), frozenset({"elsewhere"})),
)


def pile(db: Database, seed: int, now: datetime, many: int = 60) -> None:
    """`many` cases about `now`, each with up to three tasks, everything about them drawn."""
    draw = random.Random(seed)
    made, processes = uuid4(), {key: uuid4() for key in PROCESSES}
    with db.transaction() as tx:
        tx.do(deployment.insert().values(id=made, created_at=now, actor="pile"))
        for key, id in processes.items():
            row = {"id": id, "deployment_id": made, "key": key, "version": 1, "name": key, "digest": key}
            empty = {"files": b"", "start_messages": [], "calls": [], "messages": {}, "created_at": now}
            tx.do(definition.insert().values(**row, **empty))
        tx.do(bundle.insert().values(id="pile", members={key: str(id) for key, id in processes.items()}))
        rows: list[dict[str, Any]] = []
        for number in range(many):
            key = draw.choice(PROCESSES)
            case = _case(draw, now, number, key, processes[key])
            tx.do(instance.insert().values(**case))
            rows += [_task(draw, now, case, wait) for wait in range(draw.randrange(4))]
        tasks.add(tx, rows)
        tx.send()
        for row in rows:
            if draw.random() < 0.15:
                state = draw.choice(("completed", "cancelled"))
                tx.do(task.update().where(task.c.id == row["id"]).values(state=state, completed_at=now))


def _moment(draw: random.Random, now: datetime) -> datetime:
    """Some before, some soon, some at the same time as others, one now and then exactly now."""
    return now + timedelta(minutes=draw.choice((-90, -10, -1, 0, 1, 5, 5, 30, 59, 60, 61, 600)))


def _case(draw: random.Random, now: datetime, number: int, key: str, definition_id: UUID) -> dict[str, Any]:
    status = draw.choice(("active", "active", "active", "suspended", "completed"))
    variables = {
        "branch": draw.choice(BRANCHES),
        "breached": draw.choice((True, False, None)),
        "due_at": draw.choice((to_text(_moment(draw, now)), None, "завтра")),
        "subscriber": {"id": f"SUB-{number}", "phone": f"+7 727 250 {number:04d}"},
    }
    return {
        "id": new_id(),
        "definition_id": definition_id,
        "definition_key": key,
        "version": 1,
        "bundle_id": "pile",
        "business_key": f"B-{number}",
        "source": "pile",
        "body_hash": "",
        "status": status,
        "started_by": draw.choice(("crm", "anna")),
        "variables": {name: value for name, value in variables.items() if draw.random() < 0.9},
        "snapshot": b"",
        "started_at": now,
        "ended_at": now if status == "completed" else None,
    }


def _task(draw: random.Random, now: datetime, case: dict[str, Any], wait: int) -> dict[str, Any]:
    assignee = draw.choice(PEOPLE)
    return {
        "id": new_id(),
        "instance_id": case["id"],
        "wait": wait,
        "definition_key": case["definition_key"],
        "process_key": case["definition_key"],
        "element_id": "look",
        "name": "Посмотреть",
        "form_key": None,
        "groups": draw.sample(GROUPS, draw.randrange(3)),
        "assignee": assignee,
        "state": "claimed" if assignee else "open",
        "priority": draw.choice((10, 50, 50, 80)),
        "business_key": case["business_key"],
        "variables": case["variables"],
        "created_at": now - timedelta(hours=1),
        "due_at": draw.choice((_moment(draw, now), _moment(draw, now), None)),
    }
