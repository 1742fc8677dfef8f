"""Deployments: versions for what changed, nothing for what did not, all or nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kt_flows.errors import DiagramError
from kt_flows.runtime import complete, deploy, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE, Actor
from kt_flows.store import definitions
from support.processes import chain, end, human, package
from support.processes import start as start_event

CRM = Actor("crm", frozenset({"crm"}))
ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line"}))


def fresh(*tasks: str, key: str = "fresh") -> dict[str, bytes]:
    nodes = "".join(human(id, "line") for id in tasks)
    return package(key, start_event() + nodes + end() + chain("start", *tasks, "end"))


def test_many_equal_deployments_make_one_version(rt: Runtime) -> None:
    files = fresh("look")
    barrier = threading.Barrier(6)

    def one(_: int) -> deploy.Deployed:
        barrier.wait()
        return deploy.deploy(rt, SERVICE, files)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(6)))
    assert [answer.created for answer in answers].count(True) == 1
    assert {view.version for answer in answers for view in answer.definitions} == {1}


def test_running_cases_finish_on_the_old_version(rt: Runtime) -> None:
    deploy.deploy(rt, SERVICE, fresh("one"))
    old = start.start(rt, CRM, definition_key="fresh", variables={}).instance
    [view] = deploy.deploy(rt, SERVICE, fresh("one", "two")).definitions
    assert view.version == 2
    new = start.start(rt, CRM, definition_key="fresh", variables={}).instance
    asked = start.start(rt, CRM, definition_key="fresh", version=1, variables={}).instance
    assert (old.version, new.version, asked.version) == (1, 2, 1)
    states = []
    for case in (old, new, asked):
        [wait] = case.waits
        assert wait.task_id is not None
        states.append(complete.complete(rt, ANNA, wait.task_id, {}).state)
    assert states == ["completed", "active", "completed"]


def test_one_fault_deploys_nothing(rt: Runtime) -> None:
    faulty = {"bad/process.bpmn": b"<not xml", "bad/process.yaml": b"key: bad"}
    with pytest.raises(DiagramError):
        deploy.deploy(rt, SERVICE, {**fresh("one"), **faulty})
    with rt.reading() as reading:
        assert definitions.version(reading, "fresh", None) is None


def test_a_dry_run_says_what_would_be(rt: Runtime) -> None:
    would = deploy.deploy(rt, SERVICE, fresh("one"), dry_run=True)
    assert ([view.version for view in would.definitions], would.created, would.id) == ([1], False, None)
    with rt.reading() as reading:
        assert definitions.version(reading, "fresh", None) is None
