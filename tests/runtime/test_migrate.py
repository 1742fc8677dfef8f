"""Moving a running case to another version: what stands stays, what has no place is named."""

from __future__ import annotations

import pytest

from kt_flows.errors import Conflict, NotFound
from kt_flows.runtime import claim, complete, deploy, draft, operate, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE, Actor
from kt_flows.store import instances
from kt_flows.store.instances import InstanceView
from support.processes import chain, end, human, package
from support.processes import start as start_event

ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line"}))


def version(*tasks: str) -> dict[str, bytes]:
    nodes = "".join(human(id, "line") for id in tasks)
    return package("moving", start_event() + nodes + end() + chain("start", *tasks, "end"))


@pytest.fixture
def case(rt: Runtime) -> InstanceView:
    deploy.deploy(rt, SERVICE, version("one"))
    case = start.start(rt, SERVICE, definition_key="moving", variables={}).instance
    [wait] = case.waits
    assert wait.task_id is not None
    claim.claim(rt, ANNA, wait.task_id)
    draft.save(rt, ANNA, wait.task_id, {"half": "done"})
    return case


def test_a_case_goes_on_with_the_new_version_where_it_stood(rt: Runtime, case: InstanceView) -> None:
    deploy.deploy(rt, SERVICE, version("one", "two"))
    assert operate.migrate(rt, SERVICE, case.id, 2, dry_run=True).version == 1, "a dry run moves nothing"
    moved = operate.migrate(rt, SERVICE, case.id, 2)
    [wait] = moved.waits
    assert (moved.version, wait.element_id, wait.assignee, wait.task_id) == (2, "one", "anna", case.waits[0].task_id)
    assert wait.task_id is not None
    after = complete.complete(rt, ANNA, wait.task_id, {})
    assert [one.element_id for one in after.waits] == ["two"]


def test_what_has_no_place_is_named_and_nothing_moves(rt: Runtime, case: InstanceView) -> None:
    deploy.deploy(rt, SERVICE, version("other"))
    with pytest.raises(Conflict, match="one") as refused:
        operate.migrate(rt, SERVICE, case.id, 2)
    assert refused.value.code == "migration_misfit"
    with rt.reading() as reading:
        assert instances.one(reading, case.id).version == 1


def test_a_version_that_there_is_not(rt: Runtime, case: InstanceView) -> None:
    with pytest.raises(NotFound):
        operate.migrate(rt, SERVICE, case.id, 7)
