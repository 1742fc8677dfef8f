"""What one case leaves in the database, and ten million of them a day played through minute by minute.

The costs of a cycle are those that `service.py` measured (processor time of the service and of PostgreSQL); rows and
bytes are measured here.  The day has an operator's shape: most calls between nine and twenty, few at night.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import psycopg
import sqlalchemy as sa
from service import HERE, prepared

from kt_flows.clock import SystemClock
from kt_flows.engine.packages import read_path
from kt_flows.runtime import complete, deploy, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor
from kt_flows.settings import Settings
from kt_flows.store.db import Database
from kt_flows.store.embedded import EmbeddedPostgres

BENCH = Actor("bench", frozenset({"admin"}), frozenset({"bench"}), admin=True)
CASES = 2_000
TABLES = ("instance", "task", "job", "history", "event", "idempotency")
SERVICE_MS, DATABASE_MS = 6.9, 1.8
"""Processor time of a cycle (start, list, complete), from `service.py`."""
BUSY = 0.6
"""Of a core, at most: above that waiting grows faster than work."""
CYCLES_A_CASE = 5
"""A case of the instruction is some five such cycles: a start, tasks, mails, timers."""


def left_behind() -> dict[str, tuple[float, float]]:
    """Rows and bytes (with indexes) of one whole case, by table."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres").start()
        try:
            with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute(b"create database scale")
            address = sa.make_url(postgres.url).set(database="scale").render_as_string(False)
            prepared(address)
            db = Database(address, size=2)
            runtime = Runtime(db, SystemClock(), Settings(mode="production"))
            deploy.deploy(runtime, BENCH, read_path(HERE / "order"))
            for number in range(CASES):
                started = start.start(
                    runtime, BENCH, definition_key="order", business_key=f"B-{number}", variables={"amount": 150}
                )
                [wait] = started.instance.waits
                assert wait.task_id is not None
                complete.complete(runtime, BENCH, wait.task_id, {})
            found = {}
            with db.glance() as reading:
                for name in TABLES:
                    rows = reading.value(sa.text(f"select count(*) from {name}"))
                    size = reading.value(sa.text(f"select pg_total_relation_size('{name}')"))
                    found[name] = (rows / CASES, size / CASES)
            db.close()
            return found
        finally:
            postgres.stop()


def arrivals(a_day: float) -> list[float]:
    """Cases in each minute of a day: a hill from nine to twenty, a tenth of it at night."""
    shape = [0.1 + max(0.0, math.sin(math.pi * (minute / 60 - 7.5) / 14)) for minute in range(1_440)]
    return [a_day * part / sum(shape) for part in shape]


def played(a_day: float, service_cores: int, database_cores: int) -> tuple[float, float, float]:
    """The busiest minute's share of the cores (service, database), and the longest that a request waits, seconds."""
    a_minute = 60_000 * BUSY
    busiest_service = busiest_database = waiting = longest = 0.0
    for cases in arrivals(a_day):
        cycles = cases * CYCLES_A_CASE
        service, database = cycles * SERVICE_MS / service_cores, cycles * DATABASE_MS / database_cores
        busiest_service = max(busiest_service, service / 60_000)
        busiest_database = max(busiest_database, database / 60_000)
        waiting = max(0.0, waiting + max(service, database) - a_minute)
        longest = max(longest, waiting / a_minute * 60)
    return busiest_service, busiest_database, longest


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=float, default=10_000_000)
    a_day = asked.parse_args().cases
    print("| table | rows a case | bytes a case |\n|---|---|---|")
    found = left_behind()
    for name, (rows, size) in found.items():
        print(f"| {name} | {rows:.1f} | {size:,.0f} |")
    total = sum(size for _, size in found.values()) * CYCLES_A_CASE / 2
    peak = max(arrivals(a_day)) / 60
    print(f"\n{a_day:,.0f} cases a day: {a_day / 86_400:.0f} a second, {peak:.0f} in the busiest minute; "
          f"{total * a_day / 1e9:,.0f} GB a day")  # fmt: skip
    print("\n| service cores | database cores | busiest minute: service | database | longest wait |")
    print("|---|---|---|---|---|")
    for service_cores, database_cores in ((1, 1), (8, 2), (16, 4), (16, 8), (24, 8)):
        service, database, longest = played(a_day, service_cores, database_cores)
        print(f"| {service_cores} | {database_cores} | {service:.0%} | {database:.0%} | {longest:,.0f} s |")


if __name__ == "__main__":
    main()
