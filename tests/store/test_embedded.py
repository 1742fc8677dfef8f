"""A PostgreSQL of our own: made once, shared, back after a kill, gone with its last user."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kt_flows.store import embedded
from kt_flows.store.db import Database, retried
from kt_flows.store.embedded import EmbeddedPostgres, NoPostgres, find_binaries


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


def test_a_user_that_is_killed_leaves_the_server_to_the_next(home: Path) -> None:
    first = _other_process(home)
    server = postmaster(home)
    first.send_signal(signal.SIGKILL)
    first.wait(20)
    postgres = EmbeddedPostgres(home).start()
    assert postmaster(home).pid == server.pid
    assert ask(postgres.url) == 42
    assert postgres.stop()


def test_an_ordinary_account_can_run_it(home: Path) -> None:
    ordinary = pwd.getpwuid(os.geteuid())
    if os.geteuid() == 0 and all(parent.stat().st_mode & 0o001 for parent in find_binaries().parents):
        ordinary = pwd.getpwnam("nobody")
        os.chmod(home, 0o777)
    process = _other_process(home, ordinary)
    assert postmaster(home).uids().real == ordinary.pw_uid
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert not (home / "data" / "postmaster.pid").exists()


def test_without_binaries_it_says_which_setting_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "WHEELS", ())
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    with pytest.raises(NoPostgres, match="KT_FLOWS_DATABASE_URL"):
        find_binaries()


def test_the_database_goes_on_under_load_when_its_server_is_killed(home: Path) -> None:
    postgres = EmbeddedPostgres(home).start()
    db = Database(postgres.url, revive=postgres.revive)
    with db.transaction() as tx:
        tx.do(sa.text("create table count (number bigint primary key)"))
    stop, written, faults = threading.Event(), [], Counter[str]()

    @retried
    def write(number: int) -> None:
        with db.transaction() as tx:
            tx.do(sa.text(f"insert into count values ({number})"))

    def load(at: int) -> None:
        number = at
        while not stop.is_set():
            number += 8
            try:
                write(number)
                written.append(number)
            except DBAPIError as error:  # not answered: a caller would ask again under the same key
                faults[type(error).__name__] += 1

    try:
        with ThreadPoolExecutor(8) as pool:
            running = [pool.submit(load, at) for at in range(8)]
            for _ in range(3):
                so_far = len(written)
                wait_for(lambda so_far=so_far: len(written) > so_far + 40)
                postmaster(home).send_signal(signal.SIGKILL)
            so_far = len(written)
            wait_for(lambda: len(written) > so_far + 40)
            stop.set()
            for one in running:
                one.result(60)
        with db.reading() as reading:
            there = {row.number for row in reading.all(sa.text("select number from count"))}
        assert set(written) <= there, "what was answered stays"
        assert len(there) - len(set(written)) <= sum(faults.values())
    finally:
        stop.set()
        db.close()
        assert postgres.stop()


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def _other_process(home: Path, account: pwd.struct_passwd | None = None) -> psutil.Popen:
    """Another process that uses the server, from now until it is told to leave."""
    # The interpreter itself may lie where only root can read it, so the account is changed when all is loaded.
    drop = f"os.setgroups([]); os.setgid({account.pw_gid}); os.setuid({account.pw_uid}); " if account else ""
    script = (
        "import os, sys, signal; from pathlib import Path; from kt_flows.store.embedded import EmbeddedPostgres; "
        f"signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); {drop if os.geteuid() == 0 else ''}"
        "p = EmbeddedPostgres(Path(sys.argv[1])).start(); print('up', flush=True); "
        "signal.sigwait([signal.SIGTERM]); p.stop()"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    process = psutil.Popen(
        [sys.executable, "-c", script, str(home)],
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, "HOME": str(home)},
    )
    with process.stdout:
        assert process.stdout.readline() == b"up\n"
    return process


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
