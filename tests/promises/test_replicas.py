"""Two replicas and one task, again and again: one effect each.  RACES says how often; the suite takes a hundred."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from support.crew import VALUES
from support.site import Site, running_site
from support.walk import SUBSCRIBER

RACES = int(os.environ.get("RACES", "100"))
LANES = 4
"""Races that go on side by side."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("replicas"), serve=2, work=0) as found:
        yield found


def test_of_two_replicas_that_complete_one_task_one_wins(site: Site) -> None:
    answers: Counter[tuple[int, ...]] = Counter()
    faults: list[str] = []

    def races(lane: int) -> None:
        left, right = (
            httpx.Client(base_url=address, headers={"Authorization": f"Bearer {site.tokens['admin']}"}, timeout=60)
            for address in site.addresses
        )
        with left, right:
            for number in range(lane, RACES, LANES):
                found = race(left, right, f"race-{number}")
                answers[found] += 1
                if found != (200, 409):
                    faults.append(f"race {number}: {found}")

    threads = [threading.Thread(target=races, args=(lane,)) for lane in range(LANES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert answers == {(200, 409): RACES}
    done = "select count(*) from history where kind = 'completed' and element_id = 'check_broadband'"
    assert site.rows(done) == [(RACES,)]


def race(left: httpx.Client, right: httpx.Client, key: str) -> tuple[int, ...]:
    """Both complete the same new task at the same moment; their statuses in order."""
    variables = {"subscriber": SUBSCRIBER, "service": "software_rental", "problem": "?"}
    body = {"definitionKey": "scheme1_call_160", "source": "race", "businessKey": key, "variables": variables}
    case = left.post("/v1/instances", json=body).json()
    [task] = [wait["taskId"] for wait in case["waits"] if wait["kind"] == "task"]
    barrier, seen = threading.Barrier(2), []

    def complete(client: httpx.Client) -> None:
        barrier.wait()
        answer = client.post(f"/v1/tasks/{task}/complete", json={"values": VALUES["check_broadband"]})
        seen.append(answer.status_code)

    other = threading.Thread(target=complete, args=(right,))
    other.start()
    complete(left)
    other.join()
    return tuple(sorted(seen))
