"""The schema's versions: bring a database up to this release, tell whether it is there."""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa
from alembic.command import downgrade as _downgrade
from alembic.command import upgrade as _upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from kt_flows.crash import reach
from kt_flows.errors import Broken
from kt_flows.store.db import Database
from kt_flows.store.months import PARTITION
from kt_flows.store.tables import metadata

_one_by_one = threading.Lock()  # Alembic keeps its context in globals


def folder() -> Path:
    """The migrations as they lie in the working copy, or as installed."""
    package = Path(__file__).resolve().parents[1]
    for place in (package.parents[1] / "migrations", package / "_migrations"):
        if (place / "env.py").is_file():
            return place
    raise Broken("The migrations were not installed.")


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The version that this release needs."""
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def current(db: Database) -> str | None:
    """The version that the database has; None for an empty one."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(db: Database) -> bool:
    return current(db) == newest()


def migrate(db: Database, to: str = "head") -> None:
    """Brings the schema up to this release, all or nothing; nothing when it is.

    Of two processes that migrate at once one fails on what the other has just made, and finds it done.
    """
    for last in (False, False, True):
        try:
            with _one_by_one, db.engine.begin() as connection:
                connection.execute(sa.text("set local statement_timeout = 0; set local lock_timeout = 0"))
                _upgrade(_config(connection), to)
                reach("migrate", "before")
            return reach("migrate", "after")
        except DBAPIError:
            if last:
                raise
    return None


def unmake(db: Database, to: str = "base") -> None:
    """Takes migrations back: for tests and for a release that must be undone."""
    with db.engine.begin() as connection:
        _downgrade(_config(connection), to)


def _not_a_month(name: str | None, kind: str, parents: object) -> bool:
    """Partitions come and go; the tables that they are of are compared."""
    return kind != "table" or PARTITION.fullmatch(name or "") is None


def differences(db: Database) -> list[object]:
    """What of `tables.py` the database does not have, or has besides; empty when the two agree."""
    from alembic.autogenerate import compare_metadata

    with db.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": False, "include_name": _not_a_month}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))
