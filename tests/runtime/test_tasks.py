"""Tasks: one winner, groups, claims, drafts, the form."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from kt_flows.errors import Conflict, Forbidden, InvalidValues
from kt_flows.runtime import assign, claim, comment, complete, draft, next_task, release, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor
from kt_flows.store import history, instances, tasks

ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line"}))
BORIS = Actor("boris", frozenset({"operator"}), frozenset({"line"}))
OLGA = Actor("olga", frozenset({"operator"}), frozenset({"billing"}))
CRM = Actor("crm", frozenset({"crm"}))
AT_ONCE = 32


def many(call: Callable[[int], Any]) -> list[Any]:
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> Any:
        barrier.wait()
        try:
            return call(number)
        except (Conflict, Forbidden) as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def begin(rt: Runtime, **more: Any) -> instances.InstanceView:
    return start.start(rt, CRM, definition_key="desk", variables={"due_at": "2026-03-03T09:00:00Z"}, **more).instance


def task_of(case: instances.InstanceView) -> UUID:
    return next(wait.task_id for wait in case.waits if wait.task_id is not None)


def test_the_case_says_what_it_waits_for_without_another_question(rt: Runtime) -> None:
    case = begin(rt, business_key="SR-1")
    assert [(wait.kind, wait.element_id, wait.groups) for wait in case.waits] == [("task", "look", ("line",))]
    after = complete.complete(rt, ANNA, task_of(case), {"ok": True})
    assert {(wait.kind, wait.element_id) for wait in after.waits} == {("task", "again"), ("timer", "late")}
    assert after.variables["ok"] is True
    over = complete.complete(rt, ANNA, task_of(after), {})
    assert (over.state, over.waits) == ("completed", ())
    assert over.ended_at is not None


def test_one_of_many_completions_wins(rt: Runtime) -> None:
    case = begin(rt)
    task = task_of(case)
    answers = many(lambda _: complete.complete(rt, ANNA, task, {"ok": True}))
    assert Counter(type(answer) for answer in answers) == {instances.InstanceView: 1, Conflict: AT_ONCE - 1}
    with rt.reading() as reading:
        kinds = Counter(
            (line.element_id, line.kind) for line in history.page(reading, case.id, after=None, limit=99)[0]
        )
    assert kinds["look", "completed"] == 1
    assert kinds["again", "entered"] == 1


def test_one_of_many_claims_wins(rt: Runtime) -> None:
    task = task_of(begin(rt))
    actors = [Actor(f"a{number}", frozenset({"operator"}), frozenset({"line"})) for number in range(AT_ONCE)]
    answers = many(lambda number: claim.claim(rt, actors[number], task))
    won = [answer for answer in answers if isinstance(answer, tasks.TaskView)]
    assert len(won) == 1
    with rt.reading() as reading:
        view = tasks.visible(reading, ANNA, task)
    assert view is not None
    assert view.assignee == won[0].assignee


def test_many_ask_for_the_next_task_and_each_gets_another(rt: Runtime) -> None:
    cases = [begin(rt) for _ in range(AT_ONCE)]
    actors = [Actor(f"a{number}", frozenset({"operator"}), frozenset({"line"})) for number in range(AT_ONCE)]
    given = many(lambda number: next_task.next_task(rt, actors[number]))
    assert len({view.id for view in given if view is not None}) == len(cases)
    assert next_task.next_task(rt, ANNA) is None


def test_another_group_sees_nothing_and_a_starter_may_not_do_it(rt: Runtime) -> None:
    case = begin(rt)
    with rt.reading() as reading:
        assert tasks.visible(reading, OLGA, task_of(case)) is None
    with pytest.raises(Forbidden):
        complete.complete(rt, OLGA, task_of(case), {"ok": True})
    assert next_task.next_task(rt, OLGA) is None


def test_anothers_claim_is_respected_until_it_is_given_back(rt: Runtime) -> None:
    task = task_of(begin(rt))
    assert claim.claim(rt, ANNA, task).state == "claimed"
    assert claim.claim(rt, ANNA, task).assignee == "anna"
    for verb in (claim.claim, release.release):
        with pytest.raises(Conflict):
            verb(rt, BORIS, task)
    with pytest.raises(Conflict):
        complete.complete(rt, BORIS, task, {"ok": True})
    assert release.release(rt, ANNA, task).state == "open"
    assert assign.assign(rt, ANNA, task, "boris").assignee == "boris"
    complete.complete(rt, BORIS, task, {"ok": True})


def test_what_the_form_refuses_leaves_the_task_open_with_its_draft(rt: Runtime) -> None:
    task = task_of(begin(rt))
    draft.save(rt, ANNA, task, {"ok": "half"})
    with pytest.raises(InvalidValues) as refused:
        complete.complete(rt, ANNA, task, {"ok": "yes", "surprise": 1})
    assert {error.field for error in refused.value.errors} == {"ok", "surprise"}
    with rt.reading() as reading:
        view = tasks.visible(reading, ANNA, task)
        assert view is not None
        assert (view.state, view.draft) == ("open", {"ok": "half"})
        forms = rt.programs.definition(reading, tasks.definition_of(reading, view)).forms
        assert b'"look"' in forms[view.form_key or ""].schema


def test_comments_stay(rt: Runtime) -> None:
    task = task_of(begin(rt))
    comment.add(rt, ANNA, task, "позвонил")
    with rt.reading() as reading:
        assert [(line.actor, line.text) for line in tasks.comments(reading, task)] == [("anna", "позвонил")]
