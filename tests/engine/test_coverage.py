"""Gaps and overlaps, against trying every value there is."""

from __future__ import annotations

import time
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kt_flows.engine.decision import Decision, read_decisions
from kt_flows.errors import Finding
from support.dmn import dmn, table

TYPES = {"a": "int", "b": "string", "c": "bool", "d": "double", "at": "timestamp", "left": "duration", "x": "any"}
WORDS = {
    "a": "integer",
    "b": "string",
    "c": "boolean",
    "d": "double",
    "at": "dateTime",
    "left": "duration",
    "x": "any",
}


def read(names: str, rows: list[list[str]], policy: str = "UNIQUE", data: str | None = None) -> Decision:
    columns = [(name, WORDS[name]) for name in names.split()]
    text = data or table(columns, [("n", "integer")], [[*row, "1"] for row in rows], policy)
    return next(iter(read_decisions(dmn(text), "t.dmn", TYPES).values()))


def said(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.element_id) for finding in findings]


CELLS = {
    "a": st.sampled_from(
        ["-", "1", "2, 4", "< 2", ">= 4", "[1..3]", "]1..3[", "not(2)", "not([2..3])", "null", "[2..9]"]
    ),
    "b": st.sampled_from(["-", '"k"', '"m"', '"k", "m"', 'not("k")', "null", '< "m"', '>= "k"', '["k".."m")']),
    "c": st.sampled_from(["-", "true", "false", "not(true)", "null", "true, false"]),
}
# Every value that these cells can tell apart.
DOMAINS: dict[str, list[Any]] = {
    "a": [*range(12), None],
    "b": ["", "j", "k", "l", "m", "n", None],
    "c": [True, False, None],
}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(CELLS["a"], CELLS["b"], CELLS["c"]), min_size=1, max_size=5))
def test_overlaps_and_gaps_are_those_that_trying_everything_finds(rows: list[tuple[str, str, str]]) -> None:
    decision = read("a b c", [list(row) for row in rows])
    taken: dict[int, set[tuple[Any, ...]]] = {}
    for number, rule in enumerate(decision.rules):
        columns = [[v for v in DOMAINS[n] if cell.holds(v)] for n, cell in zip("abc", rule.cells, strict=True)]
        taken[number] = set(product(*columns))
    overlaps = {
        (f"table_r{one + 1}", f"table_r{two + 1}") for one, two in combinations(taken, 2) if taken[one] & taken[two]
    }
    domains = [
        [v for v in DOMAINS[name] if v is not None or any("null" in row[index] for row in rows)]
        for index, name in enumerate("abc")
    ]
    gap = bool(set(product(*domains)) - set().union(*taken.values()))
    findings = decision.findings()
    told = {f.element_id for f in findings if f.rule == "dmn-overlap"}
    assert told == {two for _, two in overlaps}
    assert sum(f.rule == "dmn-overlap" for f in findings) == len(overlaps)
    assert any(f.rule == "dmn-gap" for f in findings) is gap


def test_an_overlap_names_both_rows_and_an_example() -> None:
    (finding,) = read(
        "a b", [["[1..5]", '"k"'], ["> 4", '"k", "m"'], ["-", 'not("k", "m")'], ["< 1", '"k"'], ["<= 4", '"m"']]
    ).findings()
    assert (finding.severity, finding.rule, finding.element_id, finding.line) == (
        "error",
        "dmn-overlap",
        "table_r2",
        14,
    )
    assert "строка 1 (table_r1) и строка 2 (table_r2)" in finding.message
    assert 'a = 5, b = "k"' in finding.message


def test_a_gap_is_a_warning_with_an_example() -> None:
    (finding,) = read("a c", [["< 10", "-"], [">= 10", "true"]], "FIRST").findings()
    assert (finding.severity, finding.rule, finding.element_id) == ("warning", "dmn-gap", "table")
    assert "a = 10, c = false" in finding.message


@pytest.mark.parametrize(
    ("names", "rows", "policy", "found"),
    [
        ("a", [["1"], ["not(1)"]], "UNIQUE", []),
        ("a", [["< 1"], [">= 1"]], "UNIQUE", []),
        ("a", [["< 1"], ["> 0"]], "UNIQUE", []),
        ("d", [["< 1"], ["> 0"]], "UNIQUE", [("dmn-overlap", "table_r2")]),
        ("d", [["< 1"], ["> 1"]], "UNIQUE", [("dmn-gap", "table")]),
        ("c", [["true"], ["false"]], "UNIQUE", []),
        ("c", [["true"], ["false"], ["null"]], "UNIQUE", []),
        ("c", [["null"], ["-"]], "UNIQUE", [("dmn-overlap", "table_r2")]),
        ("b", [['"k"']], "COLLECT", []),
        ("b", [['"k"']], "RULE ORDER", []),
        ("b", [['"k"'], ['"k"']], "FIRST", [("dmn-dead-row", "table_r2"), ("dmn-gap", "table")]),
        ("b c", [["-", "true"], ['"k"', "true"], ["-", "-"]], "FIRST", [("dmn-dead-row", "table_r2")]),
        ("at", [['< "2026-03-02T00:00:00Z"'], ['>= "2026-03-02T05:00:00+05:00"']], "UNIQUE", []),
        ("at", [['< "2026-03-02T00:00:00Z"'], ['> "2026-03-02T00:00:00Z"']], "UNIQUE", [("dmn-gap", "table")]),
        ("left", [['< "PT1H"'], ['[duration("PT1H")..duration("PT2H")]'], ['> "PT120M"']], "UNIQUE", []),
        ("x", [["1"], ['"1"'], ["true"], ['not(1, "1", true)']], "UNIQUE", []),
        ("x", [["< 1"], ['"a"']], "UNIQUE", []),
        ("a", [["a"], ["-"]], "UNIQUE", []),
        ("", [[], []], "UNIQUE", [("dmn-overlap", "table_r2")]),
        ("", [[]], "UNIQUE", []),
    ],
)
def test_findings_of_small_tables(
    names: str, rows: list[list[str]], policy: str, found: list[tuple[str, str]]
) -> None:
    assert said(read(names, rows, policy).findings()) == found


def test_input_values_bound_what_a_gap_can_be() -> None:
    text = table([("b", "string")], [("n", "integer")], [['"k"', "1"], ['"m"', "1"]])
    assert said(read("", [], data=text).findings()) == [("dmn-gap", "table")]
    bounded = text.replace("</inputExpression>", '</inputExpression><inputValues><text>"k","m"</text></inputValues>')
    assert read("", [], data=bounded).findings() == []


def test_a_large_table_is_judged_in_time() -> None:
    names = "a b d c at left"
    rows = [[str(n % 7), f'"{n % 11}"', f"> {n % 13}", "-", "-", "-"] for n in range(400)]
    decision = read(names, rows)
    begin = time.perf_counter()
    findings = decision.findings()
    assert time.perf_counter() - begin < 5
    assert sum(finding.rule == "dmn-overlap" for finding in findings) == 20
