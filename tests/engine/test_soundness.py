"""Joins that wait for ever and forks that never end are seen in the drawing."""

from __future__ import annotations

import pytest

from kt_flows.engine.check import check_packages
from support.cases import gateway, task
from support.processes import boundary, chain, end, flow, package, start, timer

AND, XOR, OR = "parallel", "exclusive", "inclusive"
YES = "${n == 1}"


def warned(body: str) -> list[tuple[str, str | None]]:
    _, findings = check_packages(package("p", body, variables={"n": "int"}))
    assert not [one for one in findings if one.severity == "error"], findings
    return [(one.rule, one.element_id) for one in findings if one.rule in ("deadlock", "endless-fork")]


def block(split: str, join: str, more: str = "") -> str:
    """Two tasks between a split and a join."""
    default = "" if split == AND else "s_to_a"
    body = start() + gateway(split, "s", default) + task("a") + task("b") + gateway(join, "j") + end()
    second = flow("s", "b", None if split == AND else YES)
    return body + chain("start", "s", "a", "j", "end") + second + flow("b", "j") + more


@pytest.mark.parametrize(
    ("split", "join", "found"),
    [
        (AND, AND, []),
        (XOR, XOR, []),
        (OR, OR, []),
        (AND, OR, []),
        (XOR, OR, []),
        (AND, XOR, []),
        (XOR, AND, [("deadlock", "j")]),
        (OR, AND, [("deadlock", "j")]),
    ],
)
def test_a_join_of_another_kind_than_its_split(split: str, join: str, found: list[tuple[str, str]]) -> None:
    assert warned(block(split, join)) == found


def test_a_deadline_that_leads_past_the_join() -> None:
    edge = boundary("late", "a", timer("late", "timeDuration", "PT1H")) + end("gone") + flow("late", "gone")
    assert warned(block(AND, AND, edge)) == [("deadlock", "j")]
    stop = '<bpmn:endEvent id="gone"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
    assert warned(block(AND, AND, edge.replace(end("gone"), stop))) == []
    aside = boundary("late", "a", timer("late", "timeDuration", "PT1H"), interrupting=False)
    assert warned(block(AND, AND, aside + end("gone") + flow("late", "gone"))) == []


def test_a_branch_that_leaves_early() -> None:
    body = (
        start() + gateway(AND, "s") + task("a") + task("b") + gateway(XOR, "x", "x_to_j") + gateway(AND, "j") + end()
    )
    body += end("early") + chain("start", "s", "a", "x", "j", "end") + flow("x", "early", YES) + chain("s", "b", "j")
    assert warned(body) == [("deadlock", "j")]


def test_a_fork_whose_every_branch_comes_round_again() -> None:
    body = start() + gateway(XOR, "m") + task("a") + gateway(AND, "s") + task("b") + gateway(XOR, "x", "x_to_end")
    body += end() + chain("start", "m", "a", "s", "b", "x", "end") + flow("s", "m") + flow("x", "m", YES)
    [(rule, _)] = warned(body)
    assert rule == "endless-fork"


def test_a_fork_in_a_loop_whose_branch_ends_is_allowed() -> None:
    body = start() + gateway(XOR, "m") + task("a") + gateway(AND, "s") + task("b") + end()
    assert warned(body + chain("start", "m", "a", "s", "b", "end") + flow("s", "m")) == []


def test_a_loop_around_a_fork_is_sound() -> None:
    body = start() + gateway(XOR, "m") + gateway(AND, "s") + task("a") + task("b") + gateway(AND, "j")
    body += gateway(XOR, "x", "x_to_end") + end() + chain("start", "m", "s", "a", "j", "x", "end")
    assert warned(body + chain("s", "b", "j") + flow("x", "m", YES)) == []
