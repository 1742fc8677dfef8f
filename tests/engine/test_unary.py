"""Input cells: what CEL answers on them is what an independent reading of S-FEEL says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kt_flows.engine.expression import SyntaxProblem, compile_expression
from kt_flows.engine.unary import INPUT, read_cell


def matches(text: str, word: str, value: Any, **variables: Any) -> bool:
    """The cell's answer as a table gets it: from CEL."""
    cell = read_cell(text, word)
    if cell.any:
        return True
    expression = compile_expression(cell.cel(), {INPUT: word, "limit": "int", "other": "string"}, "bool")
    answer = expression.evaluate({**variables, INPUT: value})
    if cell.literal and word not in ("timestamp", "duration"):
        assert cell.holds(value) is answer, "the analysis must judge as the run does"
    return bool(answer)


@pytest.mark.parametrize(
    ("cell", "word", "yes", "no"),
    [
        ("-", "string", ["a", None], []),
        ("", "int", [1, None], []),
        ('"ott"', "string", ["ott"], ["idtv", "", None]),
        ('"ott","idtv"', "string", ["ott", "idtv"], ["x", None]),
        ('not("ott", "idtv")', "string", ["x", None], ["ott", "idtv"]),
        ('"a,b"', "string", ["a,b"], ["a", "b"]),
        (r'"a\"b\\"', "string", ['a"b\\'], ["a"]),
        ('"Алматы"', "string", ["Алматы"], ["алматы"]),
        ("true", "bool", [True], [False, None]),
        ("not(true)", "bool", [False, None], [True]),
        ("null", "string", [None], ["", "null"]),
        ("not(null)", "int", [0, 5], [None]),
        ("null, 5", "int", [None, 5], [0]),
        ("5", "int", [5], [4, None]),
        ("-5", "int", [-5], [5, None]),
        ("< 5", "int", [4], [5, None]),
        (">= 5", "double", [5.0, 5.5], [4.9, None]),
        ("5", "double", [5.0], [5.1]),
        ("[1..3]", "int", [1, 2, 3], [0, 4, None]),
        ("]1..3[", "int", [2], [1, 3]),
        ("(1..3)", "int", [2], [1, 3]),
        ("(1..3], 7, [9..9]", "int", [2, 3, 7, 9], [1, 8]),
        ("[1..3), (5..7], >100", "int", [1, 2, 6, 7, 101], [3, 5, 100]),
        ("not([1..3], > 7)", "int", [0, 4, 7, None], [1, 3, 8]),
        ("[1.5..2.5]", "double", [1.5, 2.0], [1.4]),
        ('["a".."c"]', "string", ["a", "bz", "c"], ["ca", None]),
        (
            '>= date and time("2026-03-02T10:00:00+05:00")',
            "timestamp",
            ["2026-03-02T05:00:00Z", "2026-03-02T10:00:01+05:00"],
            ["2026-03-02T04:59:59Z", None],
        ),
        ('"2026-03-02T10:00:00+05:00"', "timestamp", ["2026-03-02T05:00:00Z"], ["2026-03-02T10:00:00Z"]),
        ('< duration("P1D")', "duration", ["PT23H59M59.5S", "-PT1H"], ["PT24H", None]),
        ('[duration("PT1.5S")..duration("PT1H")]', "duration", ["PT1.5S"], ["PT1.4S"]),
        ("(1 + 2)", "int", [3], [2]),
        ("limit", "int", [3], [2]),
        ("< limit * 2", "int", [5], [6, None]),
        ("[limit..limit + 2)", "int", [3, 4], [2, 5]),
        ('other, "z"', "string", ["o", "z"], ["x"]),
        ('[size("]")..size("..")]', "int", [1, 2], [0, 3]),
    ],
)
def test_a_cell_takes_what_it_says(cell: str, word: str, yes: list[Any], no: list[Any]) -> None:
    for value in yes:
        assert matches(cell, word, value, limit=3, other="o"), value
    for value in no:
        assert not matches(cell, word, value, limit=3, other="o"), value


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ('"a",', "string"),
        (',"a"', "string"),
        ("[3..1]", "int"),
        ("1.5", "int"),
        ("< null", "int"),
        ("[null..5]", "int"),
        ("< true", "bool"),
        ("not(1), not(2)", "int"),
        ("(1", "int"),
        ("1)", "int"),
        ("1) || (true", "int"),
        ('"x"', "timestamp"),
        ('"P1M"', "duration"),
        ('duration("24h")', "duration"),
        ('date and time("2026-03-02T10:00:00")', "timestamp"),
        ('"' + "x" * 1_001 + '"', "string"),
        ('"\\q"', "string"),
        ("not()", "int"),
    ],
)
def test_a_cell_that_says_nothing_is_refused(cell: str, word: str) -> None:
    with pytest.raises(SyntaxProblem):
        read_cell(cell, word)


@pytest.mark.parametrize(("cell", "word"), [('"a"', "int"), ("5", "string"), ("true", "string"), ("misspelt", "int")])
def test_a_cell_of_another_type_does_not_compile(cell: str, word: str) -> None:
    with pytest.raises(SyntaxProblem):
        compile_expression(read_cell(cell, word).cel(), {INPUT: word}, "bool")


NUMBERS = st.integers(-6, 6)


@st.composite
def cell_tests(draw: st.DrawFn) -> tuple[str, Any]:
    """A test's text, and what it means, said in Python beside it."""
    kind = draw(st.sampled_from(["equal", "null", "<", "<=", ">", ">=", "interval"]))
    one = draw(NUMBERS)
    if kind == "equal":
        return str(one), lambda value: value == one
    if kind == "null":
        return "null", lambda value: value is None
    if kind == "interval":
        two = draw(st.integers(one, 6))
        begin, end = draw(st.sampled_from("[](")), draw(st.sampled_from("])["))

        def within(value: int | None) -> bool:
            if value is None:
                return False
            return (one <= value if begin == "[" else one < value) and (value <= two if end == "]" else value < two)

        return f"{begin}{one}..{two}{end}", within
    compare = {
        "<": lambda value: value is not None and value < one,
        "<=": lambda value: value is not None and value <= one,
        ">": lambda value: value is not None and value > one,
        ">=": lambda value: value is not None and value >= one,
    }[kind]
    return f"{kind} {one}", compare


@settings(max_examples=300, deadline=None)
@given(st.lists(cell_tests(), min_size=1, max_size=4), st.booleans(), st.none() | st.integers(-8, 8))
def test_any_list_of_tests_means_what_python_says(parts: list[tuple[str, Any]], no: bool, value: int | None) -> None:
    text = ", ".join(said for said, _ in parts)
    expected = any(meant(value) for _, meant in parts)
    assert matches(f"not({text})" if no else text, "int", value) is (expected is not no)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6), min_size=1, max_size=4))
def test_any_text_can_be_listed(texts: list[str]) -> None:
    cell = ",".join(
        '"' + "".join(c if c.isalnum() or c in ",.[] " else f"\\U{ord(c):08x}" for c in t) + '"' for t in texts
    )
    for text in texts:
        assert matches(cell, "string", text)
    assert matches(cell, "string", texts[0] + "~") is (texts[0] + "~" in texts)
