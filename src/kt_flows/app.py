"""The composition root: settings become a running site.  The only place that builds, and that knows every room."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from kt_flows import crash, stopping, tracing
from kt_flows.api.application import Parts, create_api
from kt_flows.api.door import Door
from kt_flows.api.feed import Feed
from kt_flows.api.ops import Health, almaty_is_plus_five
from kt_flows.api.server import Server, listen
from kt_flows.api.tokens import AnyOf, ApiKeys, Bootstrap
from kt_flows.clock import Clock, ShiftedClock, SystemClock
from kt_flows.connectors.outgoing import Outgoing
from kt_flows.connectors.systems import Systems
from kt_flows.engine.packages import read_path
from kt_flows.errors import FlowsError
from kt_flows.jobs.handlers import MAIL_POLL, Handlers
from kt_flows.jobs.worker import Worker
from kt_flows.runtime import deploy as deploying
from kt_flows.runtime import doctor, periodic
from kt_flows.runtime import keys as key_verbs
from kt_flows.runtime.context import Runtime
from kt_flows.sandbox.clock import Advance, Work
from kt_flows.sandbox.routes import sandbox_router
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.tokens import write_tokens
from kt_flows.security import Actor, Authenticator
from kt_flows.settings import Settings, require_ready
from kt_flows.store import keys, schema
from kt_flows.store.db import Database
from kt_flows.store.embedded import EmbeddedPostgres
from kt_flows.store.events import EventSource
from kt_flows.web.pages import NotBuilt, pages

log = logging.getLogger(__name__)

Greeting = Callable[[str, Sequence[str], Mapping[str, str]], None]
COMMAND_LINE = Actor("command line", frozenset({"admin"}), admin=True)


class OldSchema(FlowsError):
    """The database's schema is not this release's: run `kt-flows migrate`."""

    code = "database.schema"


@contextlib.contextmanager
def database(settings: Settings, *, size: int = 12) -> Iterator[Database]:
    """The database that the settings name, or the embedded one of this machine; closed at the end.

    Whoever writes comes through here, so here the crash point of a drill is armed.
    """
    crash.arm(settings.crash_at)
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            embedded = EmbeddedPostgres(settings.var_dir / "postgres")
            stack.callback(embedded.stop)
            embedded.start()
            db = Database(embedded.url, size=size, revive=embedded.revive)
        else:
            db = Database(settings.database_url, size=size)
        stack.callback(db.close)
        yield db


@contextlib.contextmanager
def checked_database(settings: Settings, *, size: int = 12) -> Iterator[Database]:
    """The same with this release's schema; the sandbox brings it up, production says what to run."""
    with database(settings, size=size) as db:
        if settings.sandbox:
            schema.migrate(db)
        elif not schema.is_current(db):
            raise OldSchema
        yield db


class Site:
    """One process of the service.  Parts are started by the methods; what was started ends in `stop`, last first."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.db = db
        self.clock: Clock = SystemClock()
        self.sandbox: Sandbox | None = None
        self.tokens: Mapping[str, str] = {}
        self.worker: Worker | None = None
        self._stack = contextlib.ExitStack()
        self._schema = schema.newest()
        if settings.sandbox:
            self.clock = self._shifted = ShiftedClock(self._offset())
            self.sandbox = Sandbox(settings.var_dir, self.clock)
            self.sandbox.start()
            self._stack.callback(self.sandbox.stop)
            settings = settings.model_copy(update=self.sandbox.settings())
        self.settings = settings
        self.runtime = Runtime(db, self.clock, settings)

    def deploy_diagrams(self) -> None:
        """The shipped processes, where they are new or changed: the sandbox does so at each start."""
        deployed = deploying.deploy(self.runtime, COMMAND_LINE, read_path(self.settings.diagrams))
        log.info("diagrams deployed", extra={"count": len(deployed.definitions)})

    def work(self) -> None:
        """Works jobs from here on."""
        systems = Systems(self.settings, self.clock)
        self._stack.callback(systems.close)
        handlers = Handlers(self.runtime, systems, Outgoing(self.settings, self.clock))
        self.worker = Worker(self.runtime, handlers)
        self.worker.start()
        self._stack.callback(self.worker.stop, self.settings.stop_seconds)
        if self.sandbox is not None:
            self.sandbox.nudge = self._mail_came

    def _mail_came(self) -> None:
        """The sandbox's mailbox says so itself; a real one is polled."""
        with contextlib.suppress(SQLAlchemyError):  # the poll comes by itself a little later
            periodic.nudge(self.runtime, MAIL_POLL)

    def serve(self, listener: socket.socket) -> None:
        """Answers requests on a bound socket from here on."""
        if self.settings.port == 0:
            self.settings = self.settings.model_copy(update={"port": listener.getsockname()[1]})
        settings = self.settings
        if settings.sandbox:
            self._write_tokens()
        feed = Feed(EventSource(self.db))
        self.runtime.on_commit.append(feed.wake)
        health = Health({"database": self._database_fault, "timezone": almaty_is_plus_five})
        parts = Parts(
            runtime=self.runtime,
            authenticate=self._authenticator(),
            feed=feed,
            health=health,
            base_url=settings.base_url,
            secret=settings.secret,
            threads=settings.request_threads,
            hosts=("127.0.0.1", "localhost", "::1") if settings.sandbox else (),
            more=[*self._sandbox_routes(), *self._pages()],
            open_description=settings.sandbox,
        )
        server = Server(create_api(parts), listener, stop_seconds=settings.stop_seconds)
        server.start()
        self._stack.callback(server.stop)
        self._stack.callback(feed.close)
        self._stack.callback(setattr, health, "stopping", True)

    def stop(self) -> None:
        """Lets requests finish, then jobs, then ends the outside world."""
        self._stack.close()

    def _write_tokens(self) -> None:
        """The sandbox's ready actors, before the first request can be answered."""
        api_keys = ApiKeys(self.db, self.clock)

        def create(name: str, roles: Sequence[str], groups: Sequence[str]) -> str:
            return key_verbs.create(self.db, self.clock, name=name, roles=roles, groups=groups, sandbox=True)

        self.tokens = write_tokens(
            self.settings.var_dir,
            self.settings.base_url,
            create=create,
            valid=lambda token: api_keys(token) is not None,
        )

    def addresses(self) -> list[str]:
        """What else listens, in words for a person."""
        if self.sandbox is None:
            return []
        systems = [f"{name:<10} {self.sandbox.url(name)}" for name in self.sandbox.emulators]
        return [f"{'mail out':<10} {self.sandbox.smtp_url}", f"{'mail in':<10} {self.sandbox.imap_url}", *systems]

    def _authenticator(self) -> Authenticator:
        ways: list[Authenticator] = [ApiKeys(self.db, self.clock)]
        if self.settings.bootstrap_token is not None:
            ways.append(Bootstrap(self.settings.bootstrap_token))
        return AnyOf(ways)

    def _offset(self) -> timedelta:
        with self.db.reading() as reading:
            return keys.clock_offset(reading)

    def _keep_offset(self, offset: timedelta) -> None:
        with self.db.transaction("sandbox.clock") as tx:
            keys.keep_clock_offset(tx, offset)

    def _sandbox_routes(self) -> list[APIRouter]:
        if self.sandbox is None:
            return []
        work: list[Work] = [self.sandbox.provider, *([self.worker] if self.worker is not None else [])]
        advance = Advance(self._shifted, self._keep_offset, work)
        return [sandbox_router(self.sandbox, advance, route_class=Door)]

    @staticmethod
    def _pages() -> list[APIRouter]:
        try:
            return [pages()]
        except NotBuilt as error:  # the API is worth serving alone
            log.warning(error.message)
            return []

    def _database_fault(self) -> str | None:
        try:
            return None if schema.current(self.db) == self._schema else "its schema is not this release's"
        except SQLAlchemyError as error:
            return f"does not answer ({type(error).__name__})"


def serve(settings: Settings, *, jobs: bool, greet: Greeting | None = None) -> None:
    """Runs until SIGTERM or Ctrl-C."""
    stop = stopping.asked()
    if settings.database_url is None:
        log.warning("KT_FLOWS_DATABASE_URL is not set: an embedded PostgreSQL serves this machine alone")
    require_ready(settings, keys_exist=True)  # what needs no database to be refused
    with (
        contextlib.closing(listen(settings.host, settings.port)) as listener,
        tracing.exported(version("kt-flows")),
        checked_database(settings) as db,
    ):
        with db.reading() as reading:
            exist = keys.any_live(reading, SystemClock().now())
        require_ready(settings, keys_exist=exist)
        site = Site(settings, db)
        try:
            if settings.sandbox:
                site.deploy_diagrams()
            if jobs:
                site.work()
            site.serve(listener)
            log.info("serving", extra={"address": site.settings.base_url})
            if greet is not None:
                greet(site.settings.base_url, site.addresses(), site.tokens)
            stopping.wait(stop)
        finally:
            site.stop()


def work(settings: Settings) -> None:
    """Works jobs until SIGTERM or Ctrl-C."""
    stop = stopping.asked()
    require_ready(settings, keys_exist=True)
    with tracing.exported(version("kt-flows")), checked_database(settings) as db:
        site = Site(settings, db)
        try:
            site.work()
            stopping.wait(stop)
        finally:
            site.stop()


def migrate(settings: Settings) -> None:
    with database(settings) as db:
        schema.migrate(db)


def deploy(settings: Settings, files: Mapping[str, bytes], *, dry_run: bool) -> deploying.Deployed:
    with checked_database(settings) as db:
        return deploying.deploy(Runtime(db, SystemClock(), settings), COMMAND_LINE, files, dry_run)


def examine(settings: Settings, *, fix: bool) -> Iterator[doctor.Complaint]:
    """What is wrong with a site's rows; with `fix` mended where that is safe."""
    with checked_database(settings, size=2) as db:
        yield from doctor.examine(Runtime(db, SystemClock(), settings), fix=fix)


def create_key(
    settings: Settings, *, name: str, roles: Sequence[str], groups: Sequence[str], days: int | None
) -> str:
    with checked_database(settings) as db:
        return key_verbs.create(
            db, SystemClock(), name=name, roles=roles, groups=groups, days=days, sandbox=settings.sandbox
        )


def list_keys(settings: Settings) -> Sequence[Row[Any]]:
    with checked_database(settings) as db, db.reading() as reading:
        return keys.every(reading)


def revoke_key(settings: Settings, id: str) -> None:
    with checked_database(settings) as db:
        key_verbs.revoke(db, SystemClock(), id)
