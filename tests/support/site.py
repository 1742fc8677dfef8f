"""A production site: several `serve` and `work` processes, a database behind a line that can fail, an outside world.

The outside world (mail server, mailbox, Siebel, billing and the others) lives in the test's own process, so that it
remembers what it was asked whoever is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import httpx
import psycopg

from kt_flows.engine.packages import read_path
from kt_flows.runtime import deploy, keys
from kt_flows.runtime.context import Runtime
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.tokens import ACTORS
from kt_flows.security import Actor
from kt_flows.settings import Settings
from kt_flows.store import schema
from kt_flows.store.db import Database
from kt_flows.store.embedded import EmbeddedPostgres
from support.fault_proxy import FaultProxy, between
from support.service import free_port, until
from support.skewed import SKEW, SkewedClock
from support.warm import Warm, WarmProcess

Fall = Literal["fast", "immediate", "killed"]
PROGRAM = Path(__file__).with_name("skewed.py")
READY_WITHIN = 90.0
http = httpx.Client(verify=False, limits=httpx.Limits(max_keepalive_connections=0))
"""For single requests: a client of its own for each would read the machine's certificates each time."""


class Member:
    """One process of the site; started again after a kill under the same name and port."""

    def __init__(self, site: Site, name: str, *, port: int | None = None) -> None:
        self.site, self.name, self.port = site, name, port
        self.kills = 0
        self.process: subprocess.Popen[bytes] | WarmProcess | None = None
        self.options: tuple[str, ...] = ()
        """More of its command line."""

    @property
    def serves(self) -> bool:
        return self.port is not None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, **settings: str) -> Member:
        """Up, with these settings beside the site's own."""
        command = ("serve", "--port", str(self.port)) if self.serves else ("work",)
        log = self.site.folder / f"{self.name}.log"
        self.process = self.site.launch((*command, *self.options), log, settings)
        return self

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def kill_and_start(self) -> None:
        """SIGKILL, and up again as an init system does it; does not wait until it is ready."""
        self.kill()
        self.kills += 1
        self.start()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
                raise

    @property
    def ready(self) -> bool:
        if not self.serves:
            return self.alive
        with contextlib.suppress(httpx.TransportError):
            return http.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).status_code == 200
        return False

    def log(self) -> str:
        return (self.site.folder / f"{self.name}.log").read_text(encoding="utf-8", errors="replace")


class Site:
    """Made by `running_site`."""

    def __init__(
        self,
        folder: Path,
        postgres: EmbeddedPostgres,
        line: FaultProxy,
        *,
        serve: int,
        work: int,
        warm: Warm | None = None,
        direct: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._direct = direct
        self._warm = warm
        self._settings = settings or {}
        self.postgres = postgres
        self.line = line
        self._skew = folder / "clock"
        self.skew(0)
        self.clock = SkewedClock(self._skew)
        self.outside = Sandbox(folder, self.clock).start()
        self.db = Database(postgres.url, size=4)
        schema.migrate(self.db)
        settings = Settings(mode="production")
        analyst = Actor("drill", admin=True)
        deploy.deploy(Runtime(self.db, self.clock, settings), analyst, read_path(settings.diagrams))
        groups = sorted({group for actor in ACTORS.values() for group in actor.groups})
        self.tokens = {
            role: keys.create(self.db, self.clock, name=role, roles=[role], groups=groups)
            for role in ("crm", "operator", "admin")
        }
        self.members = [Member(self, f"serve{number}", port=free_port()) for number in range(serve)]
        self.members += [Member(self, f"work{number}") for number in range(work)]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KT_FLOWS_")}
        told: Mapping[str, Any] = {
            **self.outside.settings(),
            "mode": "production",
            "database_url": self.postgres.url if self._direct else self._over_the_line,
            "var_dir": str(self.folder / "members"),
            "secret": "a-secret-of-the-drill-that-is-long-enough",
            "mail_poll_seconds": "1",
            "stop_seconds": "10",
            "log_level": "warning",
            **self._settings,
        }
        as_text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
        return kept | {f"KT_FLOWS_{name.upper()}": value for name, value in as_text.items()} | {SKEW: str(self._skew)}

    def launch(
        self, command: Sequence[str], log: Path, settings: Mapping[str, str]
    ) -> subprocess.Popen[bytes] | WarmProcess:
        """Starts `kt-flows` on this site, from cold, or from a launcher that has read it already."""
        environment = self.environment() | {f"KT_FLOWS_{name.upper()}": value for name, value in settings.items()}
        if self._warm is not None:
            return self._warm.launch(command, environment, log)
        with open(log, "ab") as file:
            return subprocess.Popen(
                [sys.executable, "-P", str(PROGRAM), *command],  # -P: the folder of the program has an http.py
                env=environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def skew(self, seconds: float) -> None:
        """How wrong every clock of the site is from now on, in seconds."""
        self.skewed_by = seconds
        draft = self._skew.with_suffix(".new")
        draft.write_text(str(seconds))
        draft.replace(self._skew)

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{member.port}" for member in self.members if member.serves]

    def start(self) -> Site:
        for member in self.members:
            member.start()
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        for member in self.members:
            until(f"{member.name} ready", lambda member=member: member.ready, within=READY_WITHIN)

    def stop(self) -> None:
        self.line.mood = "pass"
        with contextlib.ExitStack() as stack:
            stack.callback(self.outside.stop)
            stack.callback(self.db.close)
            for member in self.members:
                stack.callback(member.stop)

    def database_falls(self, how: Fall) -> None:
        """The database server ends, its clients' lines with it, and is started again."""
        postmaster = self.postgres._postmaster()
        assert postmaster is not None, "the database server does not run"
        postmaster.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "killed": signal.SIGKILL}[how])
        postmaster.wait(60)
        self.postgres.revive()

    def keep_little_wal(self) -> None:
        """For a small disk: PostgreSQL's own idea is a gigabyte."""
        self.do("alter system set max_wal_size = '64MB'")
        self.do("select pg_reload_conf()")

    def a_ready_one(self, choose: random.Random) -> Member:
        """Any member that works, not one that is still coming up."""

        def look() -> Member | None:
            ready = [member for member in self.members if member.ready]
            return choose.choice(ready) if ready else None

        return until("a member that is ready", look, within=READY_WITHIN)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says, past the service and the line."""
        with psycopg.connect(self.postgres.url.replace("+psycopg", "")) as connection:
            return connection.execute(query.encode()).fetchall()

    @property
    def _over_the_line(self) -> str:
        return f"postgresql+psycopg://app@127.0.0.1:{self.line.port}/app"

    def do(self, statement: str) -> None:
        """Something done to the database behind the service's back."""
        with psycopg.connect(self.postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())

    def run(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """One `kt-flows` command on this site: how it ended, and what it said."""
        log = self.folder / "command.log"
        log.unlink(missing_ok=True)
        process = self.launch(arguments, log, settings)
        try:
            code = process.wait(300)
        finally:
            process.kill()
        return code, log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def running_site(
    folder: Path,
    *,
    serve: int = 2,
    work: int = 2,
    data: Path | None = None,
    warm: Warm | None = None,
    direct: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Site]:
    """A site that is up; `data` is where the database's files lie, where that matters.

    `settings` are more than a site has by itself; with `warm` its processes start from there; with `direct` no line
    that may fail lies between them and the database.
    """
    postgres = EmbeddedPostgres(data or folder / "postgres").start()
    try:
        host = postgres.url.partition("host=")[2].partition("&")[0]
        with between(f"{host}/.s.PGSQL.5432") as line:
            site = Site(folder, postgres, line, serve=serve, work=work, warm=warm, direct=direct, settings=settings)
            try:
                yield site.start()
            finally:
                site.stop()
    finally:
        postgres.stop()
