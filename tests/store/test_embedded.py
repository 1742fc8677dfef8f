"""A PostgreSQL of our own: made once, shared, back after a kill, gone with its last user."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy as sa

from kt_flows.store.db import Database
from kt_flows.store.embedded import EmbeddedPostgres


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ktf-pg-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "data" / "postmaster.pid").read_text().split("\n")[0]))


def ask(url: str) -> int:
    db = Database(url, size=1)
    try:
        with db.reading() as reading:
            return int(reading.value(sa.text("select 41 + 1")))
    finally:
        db.close()


def test_two_users_share_it_and_the_last_one_stops_it(home: Path) -> None:
    first = EmbeddedPostgres(home).start()
    second = EmbeddedPostgres(home).start()
    server = postmaster(home)
    assert ask(first.url) == ask(second.url) == 42
    assert not first.stop()
    assert ask(second.url) == 42
    assert second.stop()
    assert not server.is_running()
    assert not second.stop()


def test_killed_it_comes_back_with_what_was_committed(home: Path) -> None:
    postgres = EmbeddedPostgres(home).start()
    db = Database(postgres.url, revive=postgres.revive)
    try:
        with db.transaction() as tx:
            tx.do(sa.text("create table kept as select 7 as number"))
        server = postmaster(home)
        server.send_signal(signal.SIGKILL)
        server.wait(20)
        psutil.wait_procs([one for one in psutil.process_iter() if str(home / "data") in _command(one)], 20)
        try:
            with db.reading() as reading:
                found = reading.value(sa.text("select number from kept"))
        except sa.exc.OperationalError:  # the broken line was found out only now; the next one is new
            with db.reading() as reading:
                found = reading.value(sa.text("select number from kept"))
        assert found == 7
    finally:
        db.close()
        assert postgres.stop()


def test_a_pid_file_that_names_a_stranger_is_not_believed(home: Path) -> None:
    EmbeddedPostgres(home).start().stop()
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}/data\n")
    postgres = EmbeddedPostgres(home).start()
    try:
        assert ask(postgres.url) == 42
    finally:
        assert postgres.stop()


def test_a_home_whose_path_is_too_long_for_a_socket(home: Path) -> None:
    deep = home / ("long-" * 12) / ("name-" * 12)
    postgres = EmbeddedPostgres(deep).start()
    try:
        with psycopg.connect(sa.make_url(postgres.url).set(drivername="postgresql").render_as_string()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        assert postgres.stop()


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
