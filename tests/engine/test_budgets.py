"""A diagram that asks for more than a move may use is stopped; the page of limits tells the limits that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kt_flows.api import analysts, strict_json
from kt_flows.engine import (
    activities,
    budgets,
    calendar,
    calls,
    decision,
    expression,
    field,
    form,
    machine,
    marks,
    packages,
    reading,
    unary,
    values,
    xml,
    yaml_text,
)
from kt_flows.engine.spiff import case as cases
from kt_flows.errors import TooLarge
from support.cases import T0, Case, program, script, sub, task
from support.processes import chain, end, human, start

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "budgets.md"
LIMITS = {
    "elements that run in one move": budgets.STEPS,
    "processor time of one move": budgets.CPU_SECONDS,
    "sub-processes and calls inside each other": budgets.DEPTH,
    "tokens and open events of a case": budgets.TOKENS,
    "names of a task's groups and its assignee, each with 8 bytes more": budgets.WHOSE_BYTES,
    "the snapshot of a case with its variables": budgets.CASE_BYTES,
    "texts in one variable": values.MAX_BYTES,
    "one text": values.MAX_TEXT,
    "values in one variable": values.MAX_ITEMS,
    "levels in one variable": values.MAX_DEPTH,
    "instances of an activity": budgets.CHILDREN,
    "rounds of a standard loop": activities.MAX_ROUNDS,
    "calls of calls": calls.MAX_DEPTH,
    "how far away a timer may be": calendar.HORIZON.days,
    "elements and flows of a process": reading.MAX_NODES,
    "expressions of a process": marks.MAX_EXPRESSIONS,
    "an expression": expression.MAX_TEXT,
    "a text with expressions": expression.MAX_TEMPLATE,
    "rules of a table": decision.MAX_RULES,
    "decisions of a file": decision.MAX_DECISIONS,
    "values and bounds in the cells of a file of decisions": decision.MAX_TESTS,
    "a cell of a table": unary.MAX_CELL,
    "components of a form": form.MAX_COMPONENTS,
    "a field of a form": field.MAX_TEXT,
    "files of a deployment": packages.MAX_FILES,
    "a deployment unpacked": packages.MAX_BYTES,
    "a deployment as sent": analysts.MAX_DEPLOYMENT,
    "an XML file": xml.MAX_BYTES,
    "levels of an XML file": xml.MAX_DEPTH,
    "elements of an XML file": xml.MAX_ELEMENTS,
    "a YAML file": yaml_text.MAX_CHARACTERS,
    "the body of a request": strict_json.MAX_BYTES,
    "levels of a request": strict_json.MAX_DEPTH,
    "keys of an object in a request": strict_json.MAX_KEYS_IN_OBJECT,
}


def test_the_page_tells_every_limit_as_it_is() -> None:
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([\d,.]+)\b", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: float(number.replace(",", "")) for name, number in rows.items()} == LIMITS


def incidents(case: Case) -> list[tuple[str, str]]:
    return [(one.element_id, one.code) for one in case.step.incidents]


def test_a_move_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = iter([0.0, 0.1, 0.2, 2.5])
    monkeypatch.setattr(cases, "thread_time", lambda: next(spent))
    body = start() + script("a", "1", "n") + script("b", "2", "n") + end() + chain("start", "a", "b", "end")
    case = Case(program(body, variables={"n": "int"}))
    assert incidents(case) == [("b", "budget.cpu")]
    monkeypatch.undo()
    case.keep(machine.retry(case.program, case.step.state, case.step.incidents[0].wait, now=T0))
    assert case.over


def test_instances_of_instances() -> None:
    loop = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>200</bpmn:loopCardinality>"
    loop += "</bpmn:multiInstanceLoopCharacteristics>"
    inner = start("in") + task("a").replace("/>", f">{loop}</bpmn:userTask>") + end("out") + chain("in", "a", "out")
    case = Case(program(start() + sub("s", loop + inner) + end() + chain("start", "s", "end")))
    assert len(case.step.tasks) <= budgets.TOKENS
    assert {code for _, code in incidents(case)} <= {"budget.tokens", "budget.steps"}
    assert case.step.incidents


def test_scopes_inside_each_other() -> None:
    body = task("a")
    first, last = "a", "a"
    for level in range(budgets.DEPTH + 2):
        inner = (
            start(f"in{level}") + body + end(f"out{level}") + chain(f"in{level}", first) + chain(last, f"out{level}")
        )
        body, first, last = sub(f"s{level}", inner), f"s{level}", f"s{level}"
    case = Case(program(start() + body + end() + chain("start", first, "end")))
    assert [code for _, code in incidents(case)] == ["budget.depth"]


def test_a_case_that_grows_too_large_does_not_move() -> None:
    body = start() + task("a") + script("b", "log + log", "log") + end() + chain("start", "a", "b", "end")
    made = program(body, variables={"log": "list", **{f"v{number}": "string" for number in range(10)}})
    texts = {f"v{number}": "ы" * 50_000 for number in range(10)}
    case = Case(made, log=["x" * 40_000])
    wait = case.step.tasks[0].wait
    with pytest.raises(TooLarge, match="v0"):
        machine.complete(made, case.step.state, wait, texts, now=T0)
    assert machine.look(made, case.step.state, now=T0).tasks[0].wait == wait, "nothing is half done"


def test_a_variable_that_grows_too_large_is_an_incident_at_its_element() -> None:
    body = start() + script("b", "log + log", "log") + end() + chain("start", "b", "end")
    case = Case(program(body, variables={"log": "list"}), log=["x" * 90_000, "y" * 90_000])
    assert incidents(case) == [("b", "expression.failed")]


@pytest.mark.parametrize(("groups", "fits"), [(["г" * 596], True), (["г" * 597], False), (["a"] * 134, False)])
def test_a_task_has_no_more_groups_than_an_index_row_has_room_for(groups: list[str], fits: bool) -> None:
    body = start() + human("a", ",".join(groups)) + end() + chain("start", "a", "end")
    case = Case(program(body))
    assert [one.code for one in case.step.incidents] == ([] if fits else ["budget.groups"])
