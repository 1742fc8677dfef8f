"""Branches that go at the same time and write one variable are told at deployment; what is written last stands."""

from __future__ import annotations

from typing import Any

import pytest

from kt_flows.engine.check import check_packages
from support.cases import Case, gateway, program, script, sub, task
from support.processes import boundary, chain, end, flow, human, message, package, start

NUMBERS = {"n": "int", "log": "list", "items": "list"}
AND = gateway("parallel", "s") + gateway("parallel", "j")
SPLIT = start() + AND + end() + flow("start", "s") + flow("j", "end")


def warned(body: str, **declared: Any) -> list[tuple[str | None, str]]:
    files = package("p", body, **({"variables": NUMBERS, "messages": {"m": {"payload": {"n": "int"}}}} | declared))
    _, findings = check_packages(files)
    assert not [one for one in findings if one.severity == "error"], findings
    return [(one.element_id, one.message.split()[0]) for one in findings if one.rule == "concurrent-write"]


CHOICE = SPLIT.replace("parallelGateway", "exclusiveGateway").replace('id="s"', 'id="s" default="s_to_a"')
CONDITION = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${n == 1}</bpmn:conditionExpression>'
ON_CONDITION = (flow("s", "b"), flow("s", "b").replace("></", f">{CONDITION}</"))


def branches(left: str, right: str, split: str = SPLIT) -> str:
    return split + left + right + chain("s", "a", "j") + chain("s", "b", "j")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (branches(script("a", "1", "n"), script("b", "2", "n")), [("b", "n")]),
        (branches(script("a", "1", "n"), script("b", "1", "n")), []),
        (branches(script("a", "n + 1", "n"), script("b", "n + 2", "n")), []),
        (branches(script("a", "[1]", "log"), script("b", "log + [2]", "log")), []),
        (branches(script("a", "1", "n"), script("b", "[1]", "log")), []),
        (
            branches(
                script("a", "1", "n"),
                sub("b", start("in") + script("c", "2", "n") + end("out") + chain("in", "c", "out")),
            ),
            [("c", "n")],
        ),
        (branches(script("a", "1", "n"), script("b", "2", "n"), CHOICE).replace(*ON_CONDITION), []),
    ],
)  # fmt: skip
def test_branches_of_a_split(body: str, found: list[tuple[str, str]]) -> None:
    assert warned(body) == found


def test_what_comes_after_the_join_is_alone() -> None:
    body = start() + AND + script("a", "1", "n") + task("b") + script("c", "2", "n") + end()
    assert warned(body + chain("start", "s", "a", "j", "c", "end") + chain("s", "b", "j")) == []


@pytest.mark.parametrize(("interrupting", "found"), [(False, [("edge", "n")]), (True, [])])
def test_an_event_at_the_edge(interrupting: bool, found: list[tuple[str, str]]) -> None:
    body = start() + task("a") + script("b", "1", "n") + end() + end("x") + chain("start", "a", "b", "end")
    body += boundary("edge", "a", message("m", "edge"), interrupting=interrupting) + flow("edge", "x")
    assert warned(body) == found


@pytest.mark.parametrize(("interrupting", "found"), [("false", 1), ("true", 0)])
def test_an_event_sub_process(interrupting: str, found: int) -> None:
    begins = start("heard", message("m", "heard"), f'isInterrupting="{interrupting}"')
    inside = sub("s", begins + end("x") + flow("heard", "x"), 'triggeredByEvent="true"')
    assert len(warned(start() + script("a", "1", "n") + end() + chain("start", "a", "end") + inside)) == found


@pytest.mark.parametrize(("sequential", "found"), [("false", [("a", "n")]), ("true", [])])
def test_instances_side_by_side(sequential: str, found: list[tuple[str, str]]) -> None:
    loop = f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}" camunda:collection="items"/>'
    body = start() + script("a", "1", "n").replace("<bpmn:script>", f"{loop}<bpmn:script>") + end()
    assert warned(body + chain("start", "a", "end")) == found


def test_a_process_may_say_that_it_is_meant() -> None:
    body = branches(script("a", "1", "n"), script("b", "2", "n"))
    files = package("p", body, variables=NUMBERS)
    files["p/process.yaml"] = files["p/process.yaml"].replace(b"  n:\n", b"  n:\n    concurrent: last\n")
    assert not [one for one in check_packages(files)[1] if one.rule == "concurrent-write"]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_what_is_written_last_stands(order: str) -> None:
    def ask(id: str) -> str:
        return human(id, "w")

    left, right = ask("a") + script("x", "1", "n"), ask("b") + script("y", "2", "n")
    body = SPLIT + left + right + chain("s", "a", "x", "j") + chain("s", "b", "y", "j")
    case = Case(program(body, variables=NUMBERS))
    for name in order:
        case.done(name)
    assert case.step.variables["n"] == {"a": 1, "b": 2}[order[-1]]
