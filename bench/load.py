"""What grows: the task list with a million finished tasks, ten thousand timers in a second, claims among many.

Rows are filled in by SQL; what is measured goes through the real service.  Ratios are of the same run.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy as sa
from service import HERE, prepared, production, serve, servers
from wire import Wire

from kt_flows.clock import SystemClock, to_text
from kt_flows.engine.packages import read_path
from kt_flows.runtime import deploy, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor
from kt_flows.settings import Settings
from kt_flows.store import jobs
from kt_flows.store.db import Database
from kt_flows.store.embedded import EmbeddedPostgres

OPEN, FINISHED, FEW, TIMERS, WAITING = 100_000, 1_000_000, 1_000, 10_000, 100_000
BENCH = Actor("bench", admin=True)
PAGES = 200
SOME_CASE = """
    insert into instance (id, definition_id, definition_key, version, bundle_id, body_hash, status, started_by,
                          variables, snapshot, started_at)
    select gen_random_uuid(), d.id, d.key, d.version, b.id, '', %s, 'bench', '{}', '', now()
    from definition d, bundle b where d.key = 'order' limit 1 returning id
"""
TASKS = """
    insert into task (id, instance_id, wait, definition_key, process_key, element_id, name, groups, state, priority,
                      business_key, variables, created_at, due_at, completed_at)
    select gen_random_uuid(), %(case)s, n + %(after)s, 'order', 'order', 'approve', 'Approve ' || n,
           array['group_' || n %% 10], %(state)s, 50, 'B-' || n, '{"amount": 150}',
           now() - n * interval '1 second', now() + (n::bigint * 7919 %% 1000000) * interval '1 second',
           case when %(state)s = 'open' then null else now() end
    from generate_series(1, %(many)s) n
"""


@dataclass
class Site:
    address: str
    url: str
    token: str
    runtime: Runtime

    def sql(self, text: str, values: object = None) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(text.encode(), values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    postgres = EmbeddedPostgres(folder / "postgres").start()
    with ExitStack() as stack:
        stack.callback(postgres.stop)
        with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(b"create database load")
        address = sa.make_url(postgres.url).set(database="load").render_as_string(False)
        token = prepared(address)
        db = Database(address, size=4)
        stack.callback(db.close)
        runtime = Runtime(db, SystemClock(), Settings(mode="production"))
        deploy.deploy(runtime, BENCH, read_path(HERE / "waits"))
        # One case, so that its bundle is there.
        start.start(runtime, BENCH, definition_key="order", variables={"amount": 1})
        yield Site(address, address.replace("+psycopg", ""), token, runtime)


def told(name: str, figure: str) -> None:
    print(f"| {name} | {figure} |", flush=True)


def times(call: Callable[[], object], many: int) -> list[float]:
    found = []
    for _ in range(many):
        begun = time.perf_counter()
        call()
        found.append((time.perf_counter() - begun) * 1_000)
    return sorted(found)


def at(found: list[float], part: float) -> float:
    return found[int(len(found) * part)]


def task_list(here: Site) -> None:
    """A page of 50, filtered by group and sorted by due date, over HTTP: few tasks, then many."""
    with servers(serve, production(here.address), "/health/ready") as (ports, processes):
        told("`serve` idle", f"{processes[0].memory_info().rss / 1e6:.0f} MB")

        def page(wire: Wire) -> None:
            assert len(wire.ask("GET", "/v1/tasks?group=group_3&sort=dueAt&limit=50")["items"]) == 50

        medians = []
        for state, many in (("open", FEW), ("open", OPEN - FEW), ("completed", FINISHED)):
            [(case,)] = here.sql(SOME_CASE, ("active",))
            here.sql(TASKS, {"case": case, "after": 1, "state": state, "many": many})
            here.sql("vacuum analyze task")
            wire = Wire(ports[0], here.token)  # the one of before has been idle for too long
            times(partial(page, wire), 20)
            found = times(partial(page, wire), PAGES)
            medians.append(statistics.median(found))
            said = f"p50 {medians[-1]:.1f} ms, p95 {at(found, 0.95):.1f} ms"
            told(f"page of 50 after {many:,} more tasks, {state}", said)
        told("the page with all to the page with a thousand", f"{medians[-1] / medians[0]:.2f}")


def timers(here: Site) -> None:
    """Ten thousand due in the same second, one worker process; REST meanwhile; then a lone one."""
    kept = production(here.address)
    due = here.runtime.clock.now() + timedelta(seconds=TIMERS / 100)
    for _ in range(TIMERS):
        start.start(here.runtime, BENCH, definition_key="waits", variables={"at": to_text(due)})
    command = [sys.executable, "-m", "kt_flows.cli", "work"]
    with servers(lambda port: [*serve(port), "--no-jobs"], kept, "/health/ready") as (ports, _):
        worker = subprocess.Popen(command, env=kept, stderr=subprocess.DEVNULL)
        wire, waits, over = Wire(ports[0], here.token), list[float](), threading.Event()

        def rest() -> None:
            while not over.is_set():
                waits.extend(times(lambda: wire.ask("GET", "/v1/tasks?group=bench&limit=1"), 1))
                time.sleep(0.01)

        left = "select count(*) from instance where definition_key = 'waits' and status = 'active'"
        while here.runtime.clock.now() < due:
            time.sleep(0.05)
        watcher = threading.Thread(target=rest)
        watcher.start()
        while here.sql(left)[0][0] > 0:
            time.sleep(0.1)
        took = (here.runtime.clock.now() - due).total_seconds()
        over.set()
        watcher.join()
        fired = here.sql(
            "select count(*), count(distinct instance_id) from history "
            "where element_id = 'wait' and kind = 'completed'"
        )[0]
        told(
            f"{TIMERS:,} timers due in one second",
            f"all after {took:.1f} s; fired {fired[0]:,} on {fired[1]:,} cases",
        )
        told("REST meanwhile", f"p50 {at(sorted(waits), 0.5):.0f} ms, p99 {at(sorted(waits), 0.99):.0f} ms")
        lone = []
        for _ in range(20):
            # Further away than the second for which a worker of another process may sleep.
            moment = here.runtime.clock.now() + timedelta(seconds=1.5)
            case = start.start(here.runtime, BENCH, definition_key="waits", variables={"at": to_text(moment)})
            ended = None
            while ended is None:
                [(ended,)] = here.sql("select ended_at from instance where id = %s", (case.instance.id,))
                time.sleep(0.02)
            lone.append((ended - moment).total_seconds() * 1_000)  # type: ignore[operator]
        told("a lone timer after its time, 20 times", f"p50 {at(sorted(lone), 0.5):.0f} ms, most {max(lone):.0f} ms")
        worker.terminate()
        worker.wait(30)


def claims(here: Site) -> None:
    """What one claim costs with nothing else there, and among many timers that wait."""
    now = here.runtime.clock.now
    medians = []
    for many in (0, WAITING):
        here.sql(
            "insert into job (id, key, kind, payload, state, attempt, run_at, created_at) select gen_random_uuid(), "
            "'w' || n, 'timer', '{}', 'available', 0, now() + interval '1 day' + n * interval '1 second', now() "
            "from generate_series(1, %s) n",
            (many,),
        )
        here.sql("vacuum analyze job")

        def claim() -> None:
            with here.runtime.db.transaction() as tx:
                jobs.lease(tx, not_kinds=("timer",), now=now(), lease_for=timedelta(minutes=1), limit=10)

        times(claim, 50)
        medians.append(statistics.median(times(claim, 500)))
    told(
        f"a claim, and among {WAITING:,} timers",
        f"{medians[0]:.2f} ms, {medians[1]:.2f} ms ({medians[1] / medians[0]:.2f})",
    )


PARTS = {"claims": claims, "task_list": task_list, "timers": timers}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", help="all without one")
    parts = asked.parse_args().parts or list(PARTS)
    print("| what | figure |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as here:
        for name in parts:
            PARTS[name](here)


if __name__ == "__main__":
    main()
