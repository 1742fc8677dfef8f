"""A runtime on a database of its own, a sandbox for the outside, a clock that stands, and small processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kt_flows.clock import FixedClock
from kt_flows.connectors.outgoing import Outgoing
from kt_flows.connectors.systems import Systems
from kt_flows.engine.packages import read_path
from kt_flows.jobs.handlers import Handlers
from kt_flows.jobs.hands import LEASE
from kt_flows.jobs.worker import Worker
from kt_flows.runtime import start as starting
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.deploy import deploy
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.security import SERVICE, Actor
from kt_flows.settings import Settings
from kt_flows.store import history, instances, jobs
from kt_flows.store.jobs import JobView
from kt_flows.store.tables import instance, job, mail_in
from support.outside import T0
from support.postgres import fresh_database
from support.processes import boundary, catch, chain, end, human, package, service, start, timer

CRM = Actor("crm", frozenset({"crm"}))

LINE = package(
    "line",
    start()
    + service("call", "line.test", {"subscriber_id": "${subscriber_id}"}, outputs={"broadband_ok": "${broadband_ok}"})
    + human("read", "line")
    + end()
    + chain("start", "call", "read", "end"),
    variables={"subscriber_id": "string", "broadband_ok": "bool"},
)

POLITE = {
    name.replace("line/", "polite/", 1): data.replace(b'id="line"', b'id="polite"')
    .replace(b"key: line", b"key: polite")
    .replace(
        b"<bpmn:extensionElements>",
        b"<bpmn:extensionElements><camunda:failedJobRetryTimeCycle>R2/PT5M</camunda:failedJobRetryTimeCycle>",
    )
    for name, data in LINE.items()
}

REQUEST = package(
    "request",
    start()
    + service("issue", "token.issue", {}, outputs={"token": "${token}"})
    + catch("answer", "msg_reply")
    + human("read", "line")
    + end()
    + chain("start", "issue", "answer", "read", "end"),
    variables={"token": "string", "answer_text": "string", "received_at": "timestamp", "answered_by": "string"},
    messages={
        "msg_reply": {
            "correlation": ["token"],
            "payload": {"answer_text": "string", "received_at": "timestamp", "answered_by": "string"},
        }
    },
)

LATE = package(
    "late",
    start()
    + human("look", "line")
    + boundary("over", "look", timer("over", "timeDuration", "PT1H"))
    + human("chief", "chiefs")
    + end()
    + end("late_end")
    + chain("start", "look", "end")
    + chain("over", "chief", "late_end"),
)


@dataclass
class Site:
    """All that a worker works with, and a few looks at what came of it."""

    rt: Runtime
    sandbox: Sandbox
    clock: FixedClock
    handlers: Handlers

    def worker(self, **sizes: int) -> Worker:
        return Worker(self.rt, self.handlers, **sizes)

    def begin(self, key: str, **variables: Any) -> UUID:
        return starting.start(self.rt, CRM, definition_key=key, variables=variables).instance.id

    def look(self, id: UUID) -> instances.InstanceView:
        with self.rt.reading() as reading:
            return instances.one(reading, id)

    def elements(self, id: UUID) -> list[str | None]:
        return [wait.element_id for wait in self.look(id).waits]

    def job(self, id: UUID) -> jobs.JobView:
        """The case's one outside job, whatever became of it."""
        with self.rt.reading() as reading:
            query = sa.select(job.c.id).where(job.c.instance_id == id, job.c.kind != jobs.TIMER)
            found = jobs.one(reading, reading.value(query.order_by(job.c.created_at.desc()).limit(1)))
        assert found is not None
        return found

    def claim(self) -> jobs.JobView:
        """Takes the one due outside job, as a worker that dies with it would."""
        with self.rt.db.transaction() as tx:
            [claimed] = jobs.lease(tx, not_kinds=(jobs.TIMER,), now=self.clock.now(), lease_for=LEASE, limit=1)
        return claimed

    def lines(self, id: UUID) -> list[str]:
        with self.rt.reading() as reading:
            return [line.kind for line in history.page(reading, id, after=None, limit=99)[0]]

    def mails(self) -> list[Any]:
        with self.rt.reading() as reading:
            return list(reading.all(sa.select(mail_in).order_by(mail_in.c.id)))

    def cases(self, key: str) -> int:
        with self.rt.reading() as reading:
            query = sa.select(sa.func.count()).select_from(instance).where(instance.c.definition_key == key)
            return int(reading.value(query))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = FixedClock(T0)
    with Sandbox(tmp_path, clock) as sandbox, fresh_database(size=24) as db:
        settings = Settings(mode="sandbox", secret="a-secret-of-the-tests-that-is-long", **sandbox.settings())
        rt = Runtime(db, clock, settings)
        unsorted = read_path(settings.diagrams / "unsorted_mail")
        deploy(rt, SERVICE, {**LINE, **POLITE, **REQUEST, **LATE})
        deploy(rt, SERVICE, unsorted)
        systems = Systems(settings, clock)
        try:
            yield Site(rt, sandbox, clock, Handlers(rt, systems, Outgoing(settings, clock)))
        finally:
            systems.close()


def eventually(true: Callable[[], bool], within: float = 10.0) -> None:
    """Looks again and again, until the deadline."""
    end, pause = time.monotonic() + within, threading.Event()
    while not true():
        assert time.monotonic() < end, "it did not come true"
        pause.wait(0.01)


class Slow(Handlers):
    """Holds every outside call of a kind until it is let go."""

    begun: threading.Event
    over: threading.Event
    kind = ""

    def run(self, job: JobView) -> Mapping[str, Any]:
        if not job.kind.startswith(self.kind):
            return super().run(job)
        self.begun.set()
        assert self.over.wait(20)
        return super().run(job)


@pytest.fixture
def slow(site: Site) -> Iterator[Slow]:
    handlers = Slow(site.rt, site.handlers.systems, site.handlers.outgoing)
    object.__setattr__(handlers, "begun", threading.Event())
    object.__setattr__(handlers, "over", threading.Event())
    yield handlers
    handlers.over.set()
