"""The migration that parts the history by months, with data in the tables: nothing is lost there or back."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from kt_flows.store import past, schema, tables
from kt_flows.store.db import Database
from kt_flows.store.ids import new_id
from support.postgres import fresh_database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def written(db: Database) -> dict[str, list[tuple[object, ...]]]:
    columns = {
        "instance": "id, source, business_key, status, variables",
        "task": "id, instance_id, state, variables",
        "comment": "id, task_id, at, text",
        "history": "instance_id, id, kind, detail",
    }
    with db.reading() as reading:
        return {
            name: [tuple(row) for row in reading.all(sa.text(f"select {asked} from {name} order by id"))]
            for name, asked in columns.items()
        }


def fill(db: Database) -> None:
    """Two cases with a task, a comment and some lines each; one is over."""
    of, by, nothing = new_id(), {"created_at": NOW}, {"start_messages": [], "calls": [], "messages": {}}
    with db.transaction() as tx:
        tx.do(tables.deployment.insert().values(id=of, actor="x", **by))
        version = {"deployment_id": of, "key": "p", "version": 1, "name": "p", "digest": "d", "files": b""}
        tx.do(tables.definition.insert().values(id=of, **version, **nothing, **by))
        tx.do(tables.bundle.insert().values(id="b", members={}))
        for status, ended in (("active", None), ("completed", NOW)):
            case, task = new_id(), new_id()
            key = {"definition_key": "p", "business_key": status}
            row = {"definition_id": of, "version": 1, "bundle_id": "b", "source": "crm", "body_hash": "h", **key}
            row |= {"status": status, "started_by": "x", "variables": {"of": status}, "snapshot": b""}
            tx.do(tables.instance.insert().values(id=case, started_at=NOW, ended_at=ended, **row))
            row = {
                "wait": 1,
                "process_key": "p",
                "element_id": "a",
                "name": "a",
                "groups": ["g"],
                "priority": 0,
                **key,
            }
            tx.do(
                tables.task.insert().values(id=task, instance_id=case, state="completed", variables={}, **row, **by)
            )
            tx.do(tables.comment.insert().values(id=new_id(), task_id=task, at=NOW, actor="anna", text="сказано"))
            for line in range(3):
                row = {"id": new_id(), "kind": "line", "actor": "x", "detail": {"n": line}}
                tx.do(tables.history.insert().values(instance_id=case, at=NOW, **row))


def test_there_and_back_with_cases() -> None:
    with fresh_database(migrated=False) as db:
        schema.migrate(db, "0003")
        fill(db)
        before = written(db)
        assert [len(rows) for rows in before.values()] == [2, 2, 2, 6]
        schema.migrate(db)
        assert schema.differences(db) == []
        assert written(db) == before
        schema.unmake(db, "0003")
        assert written(db) == before


def test_back_from_where_a_case_was_put_away() -> None:
    with fresh_database() as db:
        fill(db)
        before = written(db)
        with db.transaction() as tx:
            [row] = tx.all(sa.text("select id from instance where status = 'completed'"))
            past.put_away(tx, {row.id: None})
        assert [len(rows) for rows in written(db).values()] == [1, 1, 1, 6]
        schema.unmake(db, "0003")
        assert written(db) == before
