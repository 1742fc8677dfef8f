"""The migrations and `tables.py` say the same, there and back, and two at once do no harm."""

from __future__ import annotations

import subprocess
import sys

import sqlalchemy as sa

from kt_flows.store import schema
from support.postgres import fresh_address, fresh_database


def test_migrated_is_what_the_tables_say() -> None:
    with fresh_database(migrated=False) as db:
        assert schema.current(db) is None
        assert not schema.is_current(db)
        schema.migrate(db)
        assert schema.is_current(db)
        assert schema.differences(db) == []
        schema.migrate(db)
        assert schema.is_current(db)


def test_there_and_back_leaves_nothing() -> None:
    with fresh_database(migrated=False) as db:
        schema.migrate(db)
        schema.unmake(db)
        assert set(sa.inspect(db.engine).get_table_names()) == {"alembic_version"}
        schema.migrate(db)
        assert schema.differences(db) == []


def test_processes_at_once_agree() -> None:
    migrate = (
        "import sys; from kt_flows.store import schema; from kt_flows.store.db import Database; "
        "db = Database(sys.argv[1], size=1); schema.migrate(db); sys.exit(not schema.is_current(db))"
    )
    with fresh_address(migrated=False) as address:
        running = [subprocess.Popen([sys.executable, "-c", migrate, address]) for _ in range(3)]
        assert [process.wait(60) for process in running] == [0, 0, 0]


def test_no_triggers_no_functions_of_our_own() -> None:
    with fresh_database() as db, db.reading() as reading:
        assert reading.value(sa.text("select count(*) from pg_trigger where not tgisinternal")) == 0
        ours = (
            "select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public'"
        )
        assert reading.value(sa.text(ours)) == 0


def test_every_foreign_key_has_an_index_to_delete_by_or_is_never_deleted() -> None:
    """Rows that refer are only ever found by their instance."""
    with fresh_database() as db:
        inspector = sa.inspect(db.engine)
        for table in ("task", "message_wait"):
            leading = {index["column_names"][0] for index in inspector.get_indexes(table)}
            leading.add(inspector.get_pk_constraint(table)["constrained_columns"][0])
            assert "instance_id" in leading, table
