"""Any table under any hit policy answers what a reading of DMN in plain Python says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kt_flows.engine.decision import Decision, DecisionError, read_decisions
from kt_flows.engine.table import AGGREGATIONS, HIT_POLICIES
from support.dmn import dmn, table

NUMBERS = st.none() | st.integers(0, 4)
TEXTS = st.none() | st.sampled_from(["k", "l", "m"])
VALUES = ["first", "second", "third"]
Meaning = Callable[[Any], bool]


def said(value: Any) -> str:
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


def one_of(values: list[Any]) -> Meaning:
    return lambda value: value in values


def above(bound: Any) -> Meaning:
    return lambda value: value is not None and value > bound


def between(low: Any, high: Any) -> Meaning:
    return lambda value: value is not None and low <= value < high


@st.composite
def cells(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[str, Meaning]:
    """A cell's text, and what it takes."""
    kind = draw(st.sampled_from(["-", "list", "not", ">", "interval"]))
    some = draw(st.lists(values, min_size=1, max_size=3))
    sized = [value for value in some if value is not None]
    if kind == "-" or (kind in (">", "interval") and not sized):
        return "-", lambda value: True
    if kind == ">":
        return f"> {said(sized[0])}", above(sized[0])
    if kind == "interval":
        return f"[{said(min(sized))}..{said(max(sized))})", between(min(sized), max(sized))
    listed = ", ".join(said(value) for value in some)
    if kind == "not":
        return f"not({listed})", lambda value: value not in some
    return listed, one_of(some)


@st.composite
def rules(draw: st.DrawFn) -> tuple[tuple[str, Meaning], tuple[str, Meaning], str | None, int]:
    return draw(cells(NUMBERS)), draw(cells(TEXTS)), draw(st.sampled_from(VALUES)), draw(st.integers(0, 3))


def expected(policy: str, aggregation: str | None, hits: list[tuple[str, int]]) -> Any:
    """The answer as DMN 1.3 has it (clause 8.2.11); an exception's class where there is none."""
    if aggregation:
        numbers = [number for _, number in hits]
        if aggregation == "COUNT":
            return [len(numbers)]
        by = {"SUM": sum, "MIN": min, "MAX": max}[aggregation]
        return [by(numbers) if numbers else None]
    if policy == "UNIQUE":
        return hits if len(hits) < 2 else DecisionError
    if policy == "FIRST":
        return hits[:1]
    if policy == "ANY":
        return hits[:1] if len(set(hits)) < 2 else DecisionError
    if policy in ("PRIORITY", "OUTPUT ORDER"):
        ordered = sorted(hits, key=lambda hit: VALUES.index(hit[0]))
        return ordered[:1] if policy == "PRIORITY" else ordered
    return hits


def read(policy: str, aggregation: str | None, rows: list[Any]) -> Decision:
    outputs = [("n", "integer")] if aggregation else [("word", "string"), ("n", "integer")]
    texts = [[a[0], b[0], *([] if aggregation else [f'"{word}"']), str(n)] for a, b, word, n in rows]
    more = f'aggregation="{aggregation}"' if aggregation else ""
    text = table([("a", "integer"), ("b", "string")], outputs, texts, policy, more=more)
    listed = "".join(f'"{value}", ' for value in VALUES).rstrip(", ")
    values = f'name="word" typeRef="string"><outputValues><text>{listed}</text></outputValues></output>'
    text = text.replace('name="word" typeRef="string" />', values)
    return next(iter(read_decisions(dmn(text), "t.dmn", {"a": "int", "b": "string"}).values()))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*((policy, None) for policy in HIT_POLICIES), *(("COLLECT", one) for one in AGGREGATIONS)]),
    st.lists(rules(), min_size=1, max_size=5),
    st.lists(st.tuples(NUMBERS, TEXTS), min_size=1, max_size=5),
)
def test_any_table_answers_what_python_says(
    policy: tuple[str, str | None], rows: list[Any], asked: list[tuple[int | None, str | None]]
) -> None:
    decision = read(*policy, rows)
    for a, b in asked:
        hits = [(word, n) for (_, takes_a), (_, takes_b), word, n in rows if takes_a(a) and takes_b(b)]
        should = expected(*policy, hits)
        try:
            outcome = decision.decide({"a": a, "b": b})
        except DecisionError:
            assert should is DecisionError
            continue
        answers = [tuple(one.values()) if len(one) > 1 else one["n"] for one in outcome.results]
        assert answers == should
