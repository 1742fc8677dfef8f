"""Many at once: one case, one winner."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.service import Service
from support.walk import SUBSCRIBER, Walk

AT_ONCE = 32


def all_at_once(service: Service, actor: str, call: Callable[[httpx.Client], httpx.Response]) -> list[httpx.Response]:
    barrier = threading.Barrier(AT_ONCE)
    token = service.token(actor)

    def one(_: int) -> httpx.Response:
        with httpx.Client(
            base_url=service.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60
        ) as client:
            barrier.wait()
            return call(client)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_equal_starts_make_one_case(service: Service) -> None:
    body = {
        "definitionKey": "scheme1_call_160",
        "source": "siebel",
        "businessKey": "SR-race",
        "variables": {"subscriber": SUBSCRIBER, "service": "software_rental", "problem": "?"},
    }
    answers = all_at_once(service, "crm", lambda client: client.post("/v1/instances", json=body))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_equal_starts_with_an_idempotency_key_make_one_case(service: Service) -> None:
    body = {
        "definitionKey": "scheme1_call_160",
        "variables": {"subscriber": SUBSCRIBER, "service": "software_rental", "problem": "?"},
    }
    headers = {"Idempotency-Key": "race-1"}
    answers = all_at_once(service, "crm", lambda client: client.post("/v1/instances", json=body, headers=headers))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.acceptance("70")
def test_one_of_many_completions_wins(service: Service) -> None:
    walk = Walk(service, "race-complete")
    walk.start()
    task = service.task(walk.id, "check_broadband", "operator_160")
    values = {"values": {"broadband_ok": True, "broadband_source": "subscriber_statement"}}
    answers = all_at_once(
        service, "operator_160", lambda client: client.post(f"/v1/tasks/{task['id']}/complete", json=values)
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: AT_ONCE - 1}
    assert [task["elementId"] for task in service.tasks(walk.id)] == ["register_appeal"]
