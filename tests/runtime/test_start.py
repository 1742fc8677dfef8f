"""Starts: once however often they are asked for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kt_flows.errors import Conflict, InvalidValues, NotFound
from kt_flows.runtime import start
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor
from kt_flows.store import instances

CRM = Actor("crm", frozenset({"crm"}))
AT_ONCE = 32


def race(rt: Runtime, **more: Any) -> list[start.Started]:
    barrier = threading.Barrier(AT_ONCE)

    def one(_: int) -> start.Started:
        barrier.wait()
        return start.start(rt, CRM, definition_key="desk", variables={"branch": "ALA"}, **more)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


@pytest.mark.acceptance("13")
@pytest.mark.parametrize(
    "key",
    [
        {"source": "siebel", "business_key": "SR-1"},
        {"idempotency_key": "k-1"},
        {"source": "siebel", "business_key": "SR-1", "idempotency_key": "k-1"},
    ],
)
def test_equal_starts_make_one_case(rt: Runtime, key: dict[str, str]) -> None:
    answers = race(rt, **key)
    assert [answer.created for answer in answers].count(True) == 1
    assert len({answer.instance.id for answer in answers}) == 1
    with rt.reading() as reading:
        found, _ = instances.page(
            reading,
            CRM,
            definition_key=None,
            state=None,
            business_key=None,
            started_after=None,
            variables={"branch": "ALA"},
            after=None,
            limit=50,
        )
    assert len(found) == 1


def test_different_idempotency_keys_of_one_business_key_find_the_same_case(rt: Runtime) -> None:
    def one(key: str) -> start.Started:
        return start.start(
            rt,
            CRM,
            definition_key="desk",
            variables={},
            source="siebel",
            business_key="SR-9",
            idempotency_key=key,
        )

    first, second, again = one("a"), one("b"), one("b")
    assert (first.created, second.created, again.created) == (True, False, False)
    assert first.instance.id == second.instance.id == again.instance.id


@pytest.mark.acceptance("14")
def test_the_same_key_with_another_body_is_a_conflict(rt: Runtime) -> None:
    start.start(rt, CRM, definition_key="desk", variables={}, idempotency_key="k")
    with pytest.raises(Conflict):
        start.start(rt, CRM, definition_key="desk", variables={"branch": "AST"}, idempotency_key="k")
    with pytest.raises(Conflict):
        start.start(rt, CRM, definition_key="ask", variables={}, idempotency_key="k")


def test_refused_starts_leave_nothing_and_free_their_key(rt: Runtime) -> None:
    with pytest.raises(InvalidValues):
        start.start(rt, CRM, definition_key="desk", variables={"nonsense": 1}, idempotency_key="k")
    with pytest.raises(NotFound):
        start.start(rt, CRM, definition_key="no_such", variables={})
    assert start.start(rt, CRM, definition_key="desk", variables={}, idempotency_key="k").created
