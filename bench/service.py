"""Workload W over HTTP: ours, a bare insert and the naive service side by side in one run, interleaved.

One cycle: start a case, find its task in the list, complete it (start, user task, exclusive gateway, script, end);
the state is durable after each.  Ours has authentication, history and the worker on; the others have none of it.  The
bare endpoint inserts and commits one row, three times a cycle.  All on one PostgreSQL with its defaults (fsync on).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import sqlalchemy as sa
from wire import Wire

from kt_flows.clock import SystemClock
from kt_flows.engine.packages import read_path
from kt_flows.runtime import deploy, keys
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor
from kt_flows.settings import Settings
from kt_flows.store import schema
from kt_flows.store.db import Database
from kt_flows.store.embedded import EmbeddedPostgres

HERE = Path(__file__).resolve().parent
SECONDS, ROUNDS = 4.0, 5
SHAPES = ((1, 1), (8, 1), (8, 2))
"""Clients and server processes."""
Cycle = Callable[[Wire, str], None]


@dataclass
class Target:
    """One kind of service: its processes by port, and what a cycle is there."""

    name: str
    ports: list[int]
    processes: list[psutil.Process]
    cycle: Cycle
    token: str | None = None
    rates: dict[tuple[int, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[tuple[int, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    waits: dict[tuple[int, int], list[float]] = field(default_factory=lambda: defaultdict(list))


def ours(wire: Wire, key: str) -> None:
    case = wire.ask(
        "POST", "/v1/instances", {"definitionKey": "order", "businessKey": key, "variables": {"amount": 150}}
    )
    [task] = wire.ask("GET", f"/v1/tasks?group=bench&businessKey={key}")["items"]
    done = wire.ask("POST", f"/v1/tasks/{task['id']}/complete", {"values": {}})
    assert (case["id"], done["state"], done["variables"]["total"]) == (done["id"], "completed", 300)


def naive(wire: Wire, key: str) -> None:
    id = wire.ask("POST", "/instances", {"amount": 150})["id"]
    [task] = wire.ask("GET", f"/instances/{id}/tasks")
    assert wire.ask("POST", f"/instances/{id}/tasks/{task['id']}/complete", {})["status"] == "completed"


def bare(wire: Wire, key: str) -> None:
    for _ in range(3):
        wire.ask("POST", "/rows", {"amount": 150})


def measure(target: Target, clients: int, servers: int) -> None:
    """Some seconds of cycles by so many clients; keeps rate, the server's CPU per cycle, and each cycle's time."""
    over = threading.Event()
    counts, waits = [0] * clients, [[] for _ in range(clients)]

    def client(number: int) -> None:
        wire = Wire(target.ports[number % servers], target.token)
        while not over.is_set():
            begun = time.perf_counter()
            target.cycle(wire, f"{target.name}-{clients}-{servers}-{number}-{begun}")
            waits[number].append(time.perf_counter() - begun)
            counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    before, begun = _cpu(target.processes[:servers]), time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    over.set()
    for thread in threads:
        thread.join()
    shape, cycles = (clients, servers), sum(counts)
    target.rates[shape].append(cycles / (time.perf_counter() - begun))
    target.cpu[shape].append((_cpu(target.processes[:servers]) - before) / cycles * 1_000)
    target.waits[shape] += [wait for one in waits for wait in one]


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(process.cpu_times().user + process.cpu_times().system for process in processes)


@contextmanager
def servers(
    command: Callable[[int], list[str]], environment: dict[str, str], ready: str
) -> Iterator[tuple[list[int], list[psutil.Process]]]:
    with ExitStack() as stack:
        ports, started = [], []
        for _ in range(max(many for _, many in SHAPES)):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                ports.append(probe.getsockname()[1])
            process = subprocess.Popen(command(ports[-1]), env=environment, cwd=HERE, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            started.append(psutil.Process(process.pid))
            _until_up(ports[-1], process)
        yield ports, started


def _until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < end, "a server did not come up"  # noqa: PT018
            time.sleep(0.1)


def prepared(address: str) -> str:
    """Our schema, the process and a key for all that W does; the key's token."""
    db = Database(address, size=2)
    schema.migrate(db)
    rt = Runtime(db, SystemClock(), Settings(mode="production"))
    deploy.deploy(rt, Actor("bench", admin=True), read_path(HERE / "order"))
    token = keys.create(db, SystemClock(), name="bench", roles=["admin"], groups=["bench"])
    db.close()
    return token


def production(address: str) -> dict[str, str]:
    """The settings of a site on this database, with its outside systems away."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KT_FLOWS_")}
    return kept | {
        "KT_FLOWS_DATABASE_URL": address,
        "KT_FLOWS_SECRET": "a-secret-of-the-bench-that-is-long-enough",
        "KT_FLOWS_PROVIDERS": json.dumps({"default": "provider@bench.kz"}),
        "KT_FLOWS_MAIL_FROM": "desk@bench.kz",
        "KT_FLOWS_SMTP_URL": "smtp://127.0.0.1:9",
        "KT_FLOWS_IMAP_URL": "imap://a:b@127.0.0.1:9/INBOX",
        "KT_FLOWS_MAIL_POLL_SECONDS": "3600",
        "KT_FLOWS_LOG_LEVEL": "error",
    }


def serve(port: int) -> list[str]:
    return [sys.executable, "-m", "kt_flows.cli", "serve", "--port", str(port)]


@contextmanager
def targets(folder: Path) -> Iterator[list[Target]]:
    postgres = EmbeddedPostgres(folder / "postgres").start()
    with ExitStack() as stack:
        stack.callback(postgres.stop)
        addresses = {}
        with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
            for name in ("ours", "naive", "bare"):
                connection.execute(f"create database {name}".encode())
                addresses[name] = sa.make_url(postgres.url).set(database=name).render_as_string(False)
        token = prepared(addresses["ours"])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KT_FLOWS_")}
        up = servers(serve, production(addresses["ours"]), "/health/ready")
        ports, processes = stack.enter_context(up)
        made = [Target("ours", ports, processes, ours, token)]
        for name, cycle in (("bare", bare), ("naive", naive)):
            uvicorn = [
                sys.executable,
                "-m",
                "uvicorn",
                f"{name}:app",
                "--no-access-log",
                "--log-level",
                "error",
                "--port",
            ]
            up = servers(
                lambda port, uvicorn=uvicorn: [*uvicorn, str(port)], kept | {"BENCH_DATABASE": addresses[name]}, "/"
            )
            ports, processes = stack.enter_context(up)
            made.append(Target(name, ports, processes, cycle))
        yield made


def table(found: list[Target]) -> str:
    lines = [
        "| clients, processes | | cycles/s | p50 ms | p99 ms | server's CPU ms per cycle | ours to it |",
        "|---|---|---|---|---|---|---|",
    ]
    for shape in SHAPES:
        mine = statistics.median(found[0].rates[shape])
        for target in found:
            rate = statistics.median(target.rates[shape])
            waits = sorted(target.waits[shape])
            at = [waits[int(len(waits) * part)] * 1_000 for part in (0.5, 0.99)]
            cpu = statistics.median(target.cpu[shape])
            lines.append(
                f"| {shape[0]}, {shape[1]} | {target.name} | {rate:.0f} | {at[0]:.1f} | {at[1]:.1f} | {cpu:.1f} | "
                f"{mine / rate:.2f} |"
            )
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = asked.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, targets(Path(folder)) as found:
        for target in found:  # warm
            measure(target, 2, 1)
        for shape in SHAPES:
            for _ in range(rounds):
                for target in found:
                    measure(target, *shape)
        print(table(found))


if __name__ == "__main__":
    main()
