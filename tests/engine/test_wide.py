"""Diagrams within the budgets that are as wide as can be: the gate looks through each in time."""

from __future__ import annotations

import time

import pytest

from kt_flows.engine.check import check_packages
from support.cases import gateway, script, sub, task
from support.processes import boundary, chain, end, flow, package, start, timer

FORK = start() + gateway("parallel", "s") + gateway("parallel", "j") + end() + flow("start", "s") + flow("j", "end")
THROWN = '<bpmn:intermediateThrowEvent id="{}"><bpmn:compensateEventDefinition/></bpmn:intermediateThrowEvent>'


def one_variable_in_every_branch() -> str:
    return FORK + "".join(script(f"a{n}", str(n % 2), "x") + chain("s", f"a{n}", "j") for n in range(480))


def one_value_in_every_branch() -> str:
    return FORK + "".join(script(f"a{n}", "1", "x") + chain("s", f"a{n}", "j") for n in range(480))


def a_choice_in_every_branch() -> str:
    def branch(n: int) -> str:
        ways = flow("s", f"g{n}") + flow(f"g{n}", f"a{n}", "${x == 1}") + flow(f"g{n}", f"b{n}")
        return gateway("exclusive", f"g{n}", f"g{n}_to_b{n}") + end(f"a{n}") + end(f"b{n}") + ways

    return start() + gateway("parallel", "s") + flow("start", "s") + "".join(branch(n) for n in range(300))


def events_at_one_edge() -> str:
    edges = "".join(
        boundary(f"b{n}", "a", timer(f"b{n}", "timeDuration", "PT1H"), interrupting=False)
        + end(f"e{n}")
        + flow(f"b{n}", f"e{n}")
        for n in range(480)
    )
    return start() + task("a") + end() + chain("start", "a", "end") + edges


def compensations_of_nothing() -> str:
    names = [f"t{n}" for n in range(900)]
    return start() + "".join(THROWN.format(name) for name in names) + end() + chain("start", *names, "end")


def inclusive_gateways() -> str:
    def step(n: int) -> str:
        after = f"g{n + 1}" if n < 299 else "end"
        aside = flow(f"g{n}", after, "${x == 1}") if n < 299 else ""
        return gateway("inclusive", f"g{n}", f"g{n}_to_a{n}") + task(f"a{n}") + chain(f"g{n}", f"a{n}", after) + aside

    return start() + "".join(step(n) for n in range(300)) + end() + flow("start", "g0")


def sub_processes_of_scripts() -> str:
    def inside(n: int) -> str:
        names = [f"x{n}_{m}" for m in range(24)]
        scripts = "".join(script(name, "x + 1" if n else "1", "x") for name in names)
        return sub(f"a{n}", start(f"i{n}") + scripts + end(f"o{n}") + chain(f"i{n}", *names, f"o{n}"))

    return FORK + "".join(inside(n) + chain("s", f"a{n}", "j") for n in range(30))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (one_variable_in_every_branch, {"concurrent-write"}),
        (one_value_in_every_branch, set()),
        (a_choice_in_every_branch, set()),
        (events_at_one_edge, set()),
        (compensations_of_nothing, {"compensation"}),
        (inclusive_gateways, set()),
        (sub_processes_of_scripts, set()),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_wide_diagram_is_looked_through_in_time(body: object, told: set[str]) -> None:
    assert callable(body)
    files = package("p", body(), variables={"x": "int"})
    begun = time.process_time()
    _, found = check_packages(files)
    assert time.process_time() - begun < 1
    assert {one.rule for one in found} - {"labels"} == told
