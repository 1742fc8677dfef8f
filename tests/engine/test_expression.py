"""What an analyst may write between `${` and `}`, what is refused at deployment, and what fails at the element."""

from __future__ import annotations

import builtins
import contextlib
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kt_flows.engine.expression import (
    MAX_TEXT,
    ExpressionError,
    SyntaxProblem,
    compile_expression,
    compile_template,
)

TYPES = {
    "name": "string",
    "attempts": "int",
    "share": "double",
    "broadband_ok": "bool",
    "appeal_at": "timestamp",
    "allowed": "duration",
    "answer": "map",
    "groups": "list(string)",
    "anything": "any",
}


def run(text: str, types: dict[str, str] | None = None, **values: Any) -> Any:
    return compile_expression(text, TYPES if types is None else types).evaluate(values)


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("attempts + 1", {"attempts": 2}, 3),
        ("share * 2.0", {"share": 5}, 10.0),
        ('name + "!"', {"name": "Алматы"}, "Алматы!"),
        ("size(name)", {"name": "Алматы"}, 6),
        ('appeal_at + duration("24h")', {"appeal_at": "2026-03-02T10:00:00+05:00"}, "2026-03-03T05:00:00Z"),
        ("appeal_at + allowed", {"appeal_at": "2026-03-02T05:00:00Z", "allowed": "PT24H"}, "2026-03-03T05:00:00Z"),
        ("now - appeal_at", {"now": "2026-03-02T05:00:00Z", "appeal_at": "2026-03-02T05:00:01.5Z"}, "-PT1.5S"),
        ("appeal_at == null", {}, True),
        ("name == null && attempts == null && broadband_ok == null", {}, True),
        ("broadband_ok == true", {}, False),
        ("answer.received_at", {"answer": {"received_at": "2026-03-02T05:00:00Z"}}, "2026-03-02T05:00:00Z"),
        ("timestamp(answer.at) <= appeal_at", {"answer": {"at": "2026-03-02T05:00:00Z"}, "appeal_at": None}, None),
        ('answer[?"missing"].orValue("нет")', {"answer": {}}, "нет"),
        ("groups.map(g, g.upperAscii())", {"groups": ["a", "b"]}, ["A", "B"]),
        ('groups.join(", ")', {"groups": ["a", "b"]}, "a, b"),
        ('name.replace(" ", "").replace("-", "")', {"name": "8 727-250"}, "8727250"),
        (
            '{"due_at": appeal_at, "n": 1}',
            {"appeal_at": "2026-03-02T05:00:00Z"},
            {"due_at": "2026-03-02T05:00:00Z", "n": 1},
        ),
        ("business_key", {"business_key": "A-1"}, "A-1"),
        ("instance_id", {"instance_id": "i"}, "i"),
        ('civilDayEnd(appeal_at, 3, "Asia/Almaty")', {"appeal_at": "2026-03-06T13:30:00Z"}, "2026-03-09T19:00:00Z"),
        ('addMonths(appeal_at, 1, "Asia/Almaty")', {"appeal_at": "2026-01-31T05:00:00Z"}, "2026-02-28T05:00:00Z"),
        ('localText(appeal_at, "Asia/Almaty")', {"appeal_at": "2026-03-02T05:00:00Z"}, "02.03.2026 10:00"),
    ],
)
def test_an_expression_gives_json(text: str, values: dict[str, Any], result: Any) -> None:
    if result is None:
        with pytest.raises(ExpressionError):
            run(text, **values)
    else:
        assert run(text, **values) == result


def test_working_time_takes_a_calendar_that_is_a_constant() -> None:
    calendar = {"tz": "Asia/Almaty", "workdays": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "18:00"}
    text = 'workingTime(appeal_at, duration("4h"), calendar_kz)'
    values = {"appeal_at": "2026-03-06T12:00:00Z", "calendar_kz": calendar}
    assert run(text, {**TYPES, "calendar_kz": "map"}, **values) == "2026-03-09T07:00:00Z"


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("name", "string"),
        ("attempts + 1", "int"),
        ("share > 1.0", "bool"),
        ("appeal_at", "timestamp"),
        ("[1, 2]", "list"),
        ('{"a": 1}', "map"),
        ("null", "null"),
        ("answer.text", "any"),
        ("answer", "any"),
        ("groups", "any"),
        ('["a"]', "list(string)"),
    ],
)
def test_the_checker_tells_the_type(text: str, type_: str) -> None:
    assert compile_expression(text, TYPES).type == type_


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ('"Алматы" + misspelt', 12, "имя misspelt не объявлено"),
        ("1 +\n  mispelt", 7, "имя mispelt не объявлено"),
        ('attempts == "one"', 10, r"== не бывает для \(int, string\)"),
        ("attempts * share", 10, r"\* не бывает для"),
        ("name > 3", 6, "> не бывает для"),
        ("1 +", 4, "ошибка записи"),
        ("shout(name)", 6, "имя shout не объявлено"),
        ("5u", 0, "UINT"),
        ('b"x"', 0, "BYTES"),
        ("type(1)", 0, "TYPE"),
        ("optional.of(1)", 0, "optional"),
        ("", 0, "знаков"),
        ("1" * (MAX_TEXT + 1), 0, "знаков"),
        ("name.replace(name, name)", 5, "готовые тексты"),
        ('name.replace("", "a")', 5, "готовые тексты"),
        ('name.replace("a", "b" + name)', 5, "готовые тексты"),
        ("groups.join(name)", 7, "готовые тексты"),
        ('name.split("").join("a" + name)', 15, "готовые тексты"),
        (f'name.replace("a", "{"a" * 65}")', 0, "64"),
    ],
)
def test_a_mistake_is_named_with_its_column(text: str, column: int, said: str) -> None:
    with pytest.raises(SyntaxProblem, match=said) as caught:
        compile_expression(text, TYPES)
    assert caught.value.column == column


def test_a_condition_may_not_be_null() -> None:
    with pytest.raises(SyntaxProblem, match="напишите broadband_ok == true"):
        compile_expression("broadband_ok", TYPES, "bool")
    with pytest.raises(SyntaxProblem, match="напишите"):
        compile_expression("broadband_ok // so", TYPES, "bool")
    assert compile_expression("broadband_ok", TYPES, "bool?").evaluate({}) is None
    assert compile_expression("broadband_ok == true", TYPES, "bool").evaluate({}) is False
    with pytest.raises(ExpressionError, match="условие"):
        compile_expression("answer.ok", TYPES, "bool").evaluate({"answer": {"ok": "yes"}})


@pytest.mark.parametrize(
    ("text", "expects"), [("attempts", "string"), ("name", "int"), ("[1]", "map"), ("1.5", "int")]
)
def test_a_result_of_another_type_is_refused(text: str, expects: str) -> None:
    with pytest.raises(SyntaxProblem, match=f"а нужен {expects}"):
        compile_expression(text, TYPES, expects)


def test_a_result_that_only_shows_its_type_at_run_time_is_looked_at_there() -> None:
    expression = compile_expression("answer.at", TYPES, "timestamp")
    assert expression.evaluate({"answer": {"at": "2026-03-02T10:00:00+05:00"}}) == "2026-03-02T05:00:00Z"
    with pytest.raises(ExpressionError, match="время"):
        expression.evaluate({"answer": {"at": "вчера"}})
    assert compile_expression("answer.n", TYPES, "double").evaluate({"answer": {"n": 5}}) == 5.0


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("attempts + 1", {}),
        ("name > 'a'", {}),
        ("answer.missing", {"answer": {}}),
        ("1 / attempts", {"attempts": 0}),
        ("attempts + 1", {"attempts": 2**63 - 1}),
        ("attempts", {"attempts": 2**70}),
        ("1.0 / share", {"share": 0.0}),
        ("share", {"share": math.nan}),
        ("anything", {"anything": {1: 2}}),
        ("anything", {"anything": object()}),
        ("anything", {"anything": b"x"}),
        ("{1: 2}", {}),
        ("name", {"name": "\ud800"}),
        ("appeal_at", {"appeal_at": "вчера"}),
        ("appeal_at", {"appeal_at": "0001-01-01T00:00:00+05:00"}),
        ("allowed", {"allowed": "P1M"}),
        ('civilDayEnd(appeal_at, 3, "Asia/Nowhere")', {"appeal_at": "2026-03-06T13:30:00Z"}),
        ('civilDayEnd(appeal_at, 3, "Asia/Almaty")', {"appeal_at": "9999-12-31T13:30:00Z"}),
        ('civilDayEnd(appeal_at, 3, "Asia/Almaty")', {}),
        ('workingTime(appeal_at, duration("1h"), {"tz": 1})', {"appeal_at": "2026-03-06T13:30:00Z"}),
        ("anything.map(a, anything.map(b, 1))", {"anything": [1] * 200}),
        ('name.split("").join("          ")', {"name": "a" * 20_000}),
    ],
)
def test_what_cannot_be_evaluated_is_an_expression_error(text: str, values: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as caught:
        run(text, **values)
    assert caught.value.code == "expression.failed"
    assert caught.value.message.startswith(text[:20])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('name + "attempts"', {"name"}),
        ("answer.name", {"answer"}),
        ("answer . name", {"answer"}),
        ("answer.?name.orValue(attempts)", {"answer", "attempts"}),
        ("size(name)", {"name"}),
        ('"""it"s attempts""" + name', {"name"}),
        (r"r'\d ' + name", {"name"}),
        ("name // attempts, isn't it\n + 'x'", {"name"}),
        ('"a\\"attempts" + name', {"name"}),
        ("{'attempts': share}", {"share"}),
        ("groups.all(g, g == name)", {"groups", "name"}),
        ("now", {"now"}),
        ("1e3 + double(0x1)", set()),
    ],
)
def test_only_the_variables_that_are_read_are_named(text: str, names: set[str]) -> None:
    assert compile_expression(text, TYPES).names == names


IDENTIFIERS = st.sampled_from(["a", "b", "c_1"])
LITERALS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@given(st.lists(st.tuples(IDENTIFIERS, LITERALS), min_size=1, max_size=5))
def test_names_are_found_beside_any_literal(parts: list[tuple[str, str]]) -> None:
    """Whatever stands in a text literal, the names around it are seen, and nothing in it is."""

    def literal(text: str) -> str:
        return '"' + "".join(f"\\U{ord(c):08x}" if not c.isalnum() else c for c in text) + ' a b c_1"'

    text = " + ".join(f"{name} + {literal(said)}" for name, said in parts)
    expression = compile_expression(text, dict.fromkeys(("a", "b", "c_1"), "string"))
    assert expression.names == {name for name, _ in parts}
    values = {name: name.upper() for name in expression.names}
    assert expression.evaluate(values) == "".join(f"{name.upper()}{said} a b c_1" for name, said in parts)


def test_many_threads_share_an_expression() -> None:
    expression = compile_expression("appeal_at == null ? name : name + string(attempts)", TYPES)

    def ask(number: int) -> bool:
        at = None if number % 2 else "2026-03-02T05:00:00Z"
        answer = expression.evaluate({"appeal_at": at, "name": "n", "attempts": number})
        return bool(answer == ("n" if at is None else f"n{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(2_000)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("anything", None),
        ("anything", [None, None, 1]),
        ("anything", {"a": None, "b": [None]}),
        ("anything == null", None),
        ("[null, {'a': null}]", None),
        ("anything.map(a, null)", [1, 2, 3]),
        ("anything + 1", None),
    ],
)
def test_nulls_are_given_back_without_losing_count_of_none(text: str, value: Any) -> None:
    """The library forgets to count them; uncounted, a few thousand would end the process."""
    expression = compile_expression(text, TYPES)
    rounds = 3_000
    kept = [None] * rounds * 4  # so that a failure is a figure here, and not the end of all tests
    before = sys.getrefcount(None)
    for _ in range(rounds):
        with contextlib.suppress(ExpressionError):
            expression.evaluate({"anything": value})
    assert abs(sys.getrefcount(None) - before) < rounds / 4
    del kept


def test_nothing_reaches_eval_or_exec(monkeypatch: pytest.MonkeyPatch) -> None:
    def raiser(*_: Any, **__: Any) -> None:
        raise AssertionError("eval or exec was called")

    expression = compile_expression("name + 'x'", TYPES)
    monkeypatch.setattr(builtins, "eval", raiser)
    monkeypatch.setattr(builtins, "exec", raiser)
    assert expression.evaluate({"name": "y"}) == "yx"
    with pytest.raises(SyntaxProblem):
        compile_expression("__import__('os').system('true')", TYPES)


# ---- texts with expressions in them


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("${attempts}", {"attempts": 3}, 3),
        (" ${ attempts + 1 } ", {"attempts": 3}, 4),
        ("branch_specialist:${name}", {"name": "ALA"}, "branch_specialist:ALA"),
        ("${name} и ${attempts}, ${broadband_ok}", {"name": "a", "attempts": 3, "broadband_ok": True}, "a и 3, true"),
        ("без выражений", {}, "без выражений"),
        ("", {}, ""),
        ('${"}" + name}', {"name": "x"}, "}x"),
        ('${"${"}x', {}, "${x"),
        ("${{'a': {'b': 1}}}", {}, {"a": {"b": 1}}),
        ("${r'\\d}'}.", {}, "\\d}."),
        ("до ${appeal_at}", {"appeal_at": "2026-03-02T10:00:00+05:00"}, "до 2026-03-02T05:00:00Z"),
        ("$ {name} $5", {}, "$ {name} $5"),
    ],
)
def test_a_template_gives_a_value_or_a_text(text: str, values: dict[str, Any], result: Any) -> None:
    assert compile_template(text, TYPES).evaluate(values) == result


@pytest.mark.parametrize(
    ("text", "column"),
    [("за ${misspelt}", 6), ("${name", 1), ("a ${name} b ${1 +}", 18), ("x ${[1]}", 5), ("x" * 50_001, 0)],
)
def test_a_templates_mistake_has_its_column_in_the_whole_text(text: str, column: int) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        compile_template(text, TYPES)
    assert caught.value.column == column


@pytest.mark.parametrize("value", [None, ["a"], {"a": 1}])
def test_a_null_a_list_and_a_map_have_no_place_in_a_text(value: Any) -> None:
    with pytest.raises(ExpressionError, match="anything"):
        compile_template("за ${anything}", TYPES).evaluate({"anything": value})


def test_a_template_grows_no_further_than_a_variable_may() -> None:
    template = compile_template("${name}" * 20, TYPES)
    with pytest.raises(ExpressionError, match="длиннее"):
        template.evaluate({"name": "x" * 20_000})


def test_a_template_may_be_expected_to_be_of_a_type() -> None:
    assert compile_template("${broadband_ok}", TYPES, "bool").evaluate({}) is None
    assert compile_template("50", TYPES, "string").literal == "50"
    with pytest.raises(SyntaxProblem, match="нужен timestamp"):
        compile_template("${name}!", TYPES, "timestamp")
    with pytest.raises(SyntaxProblem, match="нужен int"):
        compile_template("${name}", TYPES, "int")


@pytest.mark.parametrize(
    "text",
    [
        'name.matches("(")',
        "name . matches ( r'(?=x)' )",
        'name.matches("a{1001}")',
        'name == "x" || name.matches("[")',
    ],
)
def test_a_pattern_that_re2_does_not_take_is_told_at_deployment(text: str) -> None:
    with pytest.raises(SyntaxProblem, match="RE2") as caught:
        compile_expression(text, {"name": "string"})
    assert caught.value.column > 1


@pytest.mark.parametrize("text", ['name.matches("^[А-Я]+$")', """name == '.matches("(")'""", "name.matches(name)"])
def test_other_patterns_are_taken(text: str) -> None:
    assert compile_expression(text, {"name": "string"}, "bool?").evaluate({"name": "АЯ"}) in (True, False)
