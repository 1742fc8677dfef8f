"""A real PostgreSQL for tests: one server for a whole run and all its processes, a fresh database for each test.

With KT_FLOWS_TEST_DATABASE_URL the databases are made on that server.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import sqlalchemy as sa

from kt_flows.store import schema
from kt_flows.store.db import Database
from kt_flows.store.embedded import EmbeddedPostgres


@functools.cache
def server() -> str:
    """The address of a running server's `app` database."""
    given = os.environ.get("KT_FLOWS_TEST_DATABASE_URL")
    if given:
        return given
    home = Path(tempfile.gettempdir()) / f"kt-flows-tests-{os.getuid()}"
    postgres = EmbeddedPostgres(home).start()
    atexit.register(postgres.stop)
    return postgres.url


def _run(statement: str) -> None:
    address = sa.make_url(server()).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


@functools.cache
def _template() -> str:
    """A database with the schema in it, to be copied: cheaper than to migrate for every test."""
    name = f"template_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    _run(f'create database "{name}"')
    db = Database(address_of(name))
    schema.migrate(db)
    db.close()
    atexit.register(_drop, name)
    return name


def address_of(name: str) -> str:
    return sa.make_url(server()).set(database=name).render_as_string(hide_password=False)


def _drop(name: str) -> None:
    with contextlib.suppress(psycopg.Error):
        _run(f'drop database if exists "{name}" with (force)')


@contextlib.contextmanager
def fresh_address(*, migrated: bool = True) -> Iterator[str]:
    """The address of a database of one's own."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    _run(f'create database "{name}"' + (f' template "{_template()}"' if migrated else ""))
    try:
        yield address_of(name)
    finally:
        _drop(name)


@contextlib.contextmanager
def fresh_database(*, migrated: bool = True, size: int = 12) -> Iterator[Database]:
    with fresh_address(migrated=migrated) as address:
        db = Database(address, size=size)
        try:
            yield db
        finally:
            db.close()


@contextlib.contextmanager
def out_of_reach(db: Database) -> Iterator[None]:
    """Cuts all connections to a database of one's own, and lets nobody in until the end."""
    name = sa.make_url(db.url).database
    _run(f'alter database "{name}" with allow_connections false')
    try:
        _run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        yield
    finally:
        _run(f'alter database "{name}" with allow_connections true')
