"""kill -9 of the service between any two moves, or in the middle of one: the case goes on, nothing twice."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from support.service import Service, running, until
from support.walk import SUBSCRIBER, Walk


def test_killed_after_every_move(tmp_path: Path) -> None:
    with running(tmp_path / "var") as site:
        walk = Walk(site, "killed")
        for move in walk.moves:
            move()
            site.restart()
        walk.finish()
        assert len(walk.request_mails()) == 1


@pytest.mark.parametrize("delay", [0.005, 0.02, 0.05])
def test_killed_in_the_middle_of_a_move(tmp_path: Path, delay: float) -> None:
    """The caller does what callers do: it asks again until it has an answer."""
    with running(tmp_path / "var") as site:
        walk = Walk(site, "cut")
        walk.start()
        for move in walk.moves[1:]:
            timer = threading.Timer(delay, lambda: site.process and site.process.kill())
            timer.start()
            with contextlib.suppress(httpx.TransportError, AssertionError):
                move()
            timer.join()
            site.restart()
            move()
        walk.finish()
        assert len(walk.request_mails()) == 1


def test_the_postmaster_killed_under_load(tmp_path: Path) -> None:
    """Nothing that was answered with success is lost, and the service serves again by itself."""
    with running(tmp_path / "var") as site:
        started: dict[str, str] = {}
        stop = threading.Event()

        def load(worker: int) -> None:
            count = 0
            with httpx.Client(
                base_url=site.base_url, headers={"Authorization": f"Bearer {site.token('crm')}"}, timeout=60
            ) as client:
                while not stop.is_set():
                    key = f"load-{worker}-{count}"
                    body = {
                        "definitionKey": "scheme1_call_160",
                        "source": "load",
                        "businessKey": key,
                        "variables": {"subscriber": SUBSCRIBER, "service": "software_rental", "problem": "?"},
                    }
                    answer = client.post("/v1/instances", json=body)
                    if answer.status_code == 503:
                        continue
                    assert answer.status_code in (200, 201), answer.text
                    started[key] = answer.json()["id"]
                    count += 1

        with ThreadPoolExecutor(4) as pool:
            loads = [pool.submit(load, worker) for worker in range(4)]
            for _ in range(3):
                before = len(started)
                until("cases starting", lambda before=before: len(started) > before + 5, within=60)
                postmaster(site).kill()
            before = len(started)
            until("cases starting again", lambda: len(started) > before + 5, within=60)
            stop.set()
            for one in loads:
                one.result()
        for key, id in started.items():
            assert site.instance(id)["businessKey"] == key


def postmaster(site: Service) -> psutil.Process:
    def look() -> psutil.Process | None:
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if line and line[0].endswith("postgres") and any(str(site.var) in part for part in line):
                return process
        return None

    return until("the postmaster", look)
