"""Workload W for minutes by many clients on one process: every answer's status, and the memory as it goes."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from service import ours, targets
from wire import Refused, Wire

EVERY = 5.0
"""Seconds between two looks at the memory."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--clients", type=int, default=32)
    asked.add_argument("--minutes", type=float, default=5)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, targets(Path(folder)) as found:
        service, over, statuses = found[0], threading.Event(), Counter[int]()
        print(f"idle: {service.processes[0].memory_info().rss / 1e6:.0f} MB")
        waits: list[list[float]] = [[] for _ in range(given.clients)]

        def client(number: int) -> None:
            wire = Wire(service.ports[0], service.token)
            while not over.is_set():
                begun = time.perf_counter()
                try:
                    ours(wire, f"soak-{number}-{begun}")
                    statuses[200] += 3
                except Refused as error:
                    statuses[error.status] += 1
                waits[number].append(time.perf_counter() - begun)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(given.clients)]
        for thread in threads:
            thread.start()
        end, memory = time.monotonic() + given.minutes * 60, list[tuple[float, float]]()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(EVERY, left))
            memory.append((time.monotonic(), service.processes[0].memory_info().rss / 1e6))
        over.set()
        for thread in threads:
            thread.join()
    all_waits = sorted(wait for one in waits for wait in one)
    half = memory[len(memory) // 2 :]  # the first half warms caches and pools
    line = statistics.linear_regression([at for at, _ in half], [size for _, size in half])
    print(f"{given.clients} clients, {given.minutes} minutes: {len(all_waits)} cycles")
    print(f"answers by status: {dict(statuses)}")
    print(f"a cycle: p50 {_at(all_waits, 0.5):.0f} ms, p99 {_at(all_waits, 0.99):.0f} ms")
    print(
        f"memory: {memory[0][1]:.0f} MB at first, {memory[-1][1]:.0f} MB at last, {line.slope * 3600:.1f} MB an hour"
    )


def _at(waits: list[float], part: float) -> float:
    return waits[int(len(waits) * part)] * 1_000


if __name__ == "__main__":
    main()
