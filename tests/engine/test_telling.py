"""Why a case went where it went: the trace has each condition with the values that it read."""

from __future__ import annotations

from typing import Any

from kt_flows.engine.spiff.telling import MAX_VALUE
from support.cases import Case, gateway, program, task
from support.processes import boundary, chain, end, flow, start

DECLARED: dict[str, Any] = {"variables": {"n": "int", "who": "map", "said": "string"}}


def taken(case: Case) -> list[dict[str, Any]]:
    return [dict(line.detail) for line in case.trace if line.kind == "taken"]


CHOICE = program(
    start()
    + gateway("exclusive", "choice", "choice_to_c")
    + end("a")
    + end("b")
    + end("c")
    + chain("start", "choice")
    + flow("choice", "a", "${n == 1}")
    + flow("choice", "b", "${n == 2 &amp;&amp; said != 'x'}")
    + flow("choice", "c"),
    **DECLARED,
)
A = {"flow": "choice_to_a", "condition": "n == 1"}
B = {"flow": "choice_to_b", "condition": "n == 2 && said != 'x'"}


def test_the_first_that_holds_and_those_before_it() -> None:
    assert taken(Case(CHOICE, n=1, said="y")) == [{**A, "values": {"n": 1}}]
    assert taken(Case(CHOICE, n=2, said="y", who={"not": "read"})) == [
        {**B, "values": {"n": 2, "said": "y"}, "refused": [{**A, "values": {"n": 2}}]}
    ]


def test_the_default_tells_all_that_did_not_hold() -> None:
    refused = [{**A, "values": {"n": 3}}, {**B, "values": {"n": 3, "said": None}}]
    assert taken(Case(CHOICE, n=3)) == [{"flow": "choice_to_c", "default": True, "refused": refused}]


def test_an_inclusive_gateway_tells_what_was_taken_and_what_was_not() -> None:
    case = Case(
        program(
            start()
            + gateway("inclusive", "some", "some_to_c")
            + "".join(end(id) for id in "abc")
            + chain("start", "some")
            + flow("some", "a", "${n &gt; 0}")
            + flow("some", "b", "${n &gt; 1}")
            + flow("some", "c"),
            **DECLARED,
        ),
        n=1,
    )
    told = {"flow": "some_to_a", "condition": "n > 0", "values": {"n": 1}}
    refused = [{"flow": "some_to_b", "condition": "n > 1", "values": {"n": 1}}]
    assert taken(case) == [{**told, "refused": refused}]


def test_a_way_without_a_choice_is_no_line() -> None:
    case = Case(program(start() + task("only") + end() + chain("start", "only", "end"), **DECLARED)).done("only")
    assert taken(case) == []


def test_a_long_value_is_told_by_its_beginning() -> None:
    body = start() + gateway("exclusive", "choice", "choice_to_b") + end("a") + end("b") + chain("start", "choice")
    body += flow("choice", "a", "${said.size() &gt; 1 &amp;&amp; size(who) == 1}") + flow("choice", "b")
    long = Case(program(body, **DECLARED), said="ж" * 5_000, who={"name": "ж" * 5_000})
    [values] = [one["values"] for one in taken(long)]
    assert values["said"] == "ж" * MAX_VALUE + "…"
    assert values["who"] == ('{"name":"' + "ж" * 5_000)[:MAX_VALUE] + "…"
    assert taken(Case(program(body, **DECLARED), said="да", who={"name": 1}))[0]["values"]["who"] == {"name": 1}


def test_a_conditional_event_tells_what_has_become_true() -> None:
    condition = (
        '<bpmn:conditionalEventDefinition id="c"><bpmn:condition xsi:type="bpmn:tFormalExpression">'
        "${n == 2}</bpmn:condition></bpmn:conditionalEventDefinition>"
    )
    body = start() + task("work") + boundary("two", "work", condition) + end() + end("other")
    case = Case(program(body + chain("start", "work", "end") + chain("two", "other"), **DECLARED), n=2)
    [line] = [line for line in case.trace if line.kind == "caught"]
    assert line.detail == {"condition": "n == 2", "values": {"n": 2}}
    [work] = [line.wait for line in case.trace if line.element_id == "work" and line.kind == "cancelled"]
    assert work > 0
