"""`conditional.hide`: hidden here exactly when form-js hides it there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kt_flows.engine.expression import SyntaxProblem
from kt_flows.engine.hide import compile_hide

TYPES = {
    "service": "string",
    "agree": "bool",
    "n": "double",
    "tags": "list(string)",
    "subscriber": "map",
    "this": "map",
}
# What feelin 8.2.0 (in form-js-viewer 2.0.0) answers: `unaryTest(condition, context).value === true`, per context.
TABLE = json.loads((Path(__file__).parents[1] / "data" / "feelin.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("condition", TABLE["hidden"])
def test_a_condition_hides_when_form_js_does(condition: str) -> None:
    compiled = compile_hide(condition, TYPES)
    answers = [compiled.hides({**context, "this": context}) for context in TABLE["contexts"]]
    assert answers == TABLE["hidden"][condition]


@pytest.mark.parametrize(
    ("condition", "column", "said"),
    [
        ('service = "ott"', 1, "знака «=»"),
        ("=misspelt", 2, "неизвестно"),
        ('=misspelt.x = "a"', 2, "неизвестно"),
        ('=agree and misspelt = "a"', 12, "неизвестно"),
        ("=not agree", 2, "скобки"),
        ("=service = 5", None, "не сравнить"),
        ('=n = "5"', None, "не сравнить"),
        ("=agree = 1", None, "не сравнить"),
        ("=agree > 1", None, "по величине"),
        ("=service > null", None, "по величине"),
        ("=tags < tags", None, "по величине"),
        ('=service in ("a", 1)', None, "не сравнить"),
        ("=service in (1..3)", None, "по величине"),
        ("=service in n", None, "список"),
        ("=contains(n, 1)", 2, "берёт string"),
        ("=contains(service)", 2, "берёт значений: 2"),
        ("=starts with service", 2, "скобки"),
        ("=is empty(tags)", None, "не поддержана|лишнее|неизвестно"),
        ("=upper case(service)", None, "неизвестно"),
        ("=today()", 2, "не поддержана"),
        ("=service", 1, "ни да, ни нет"),
        ("=5", 1, "ни да, ни нет"),
        ("=n and agree", None, "связывает"),
        ("=n + 1 > 2", 4, "не поддержано"),
        ("=if agree then true else false", 2, "не поддержано"),
        ("=agree agree", 8, "лишнее"),
        ("=(agree", None, "нужно"),
        ("=agree)", None, "лишнее"),
        ("=", None, "не поддержано"),
        ("=agree =", None, "не поддержано"),
        ("=service.x = 1", 2, "без частей"),
        ("=" + "(" * 30 + "agree" + ")" * 30, None, "скобок"),
        ('=service = "a', None, "не поддержано"),
        ("=n in [1..3", None, "не закрыт"),
        ("=-agree", None, "число"),
    ],
)
def test_what_would_hide_a_field_by_mistake_is_refused(condition: str, column: int | None, said: str) -> None:
    with pytest.raises(SyntaxProblem, match=said) as caught:
        compile_hide(condition, TYPES)
    if column is not None:
        assert caught.value.column == column


@pytest.mark.parametrize(
    ("condition", "values", "hidden"),
    [
        ("=count", {"count": True}, True),
        ("=not(agree) or agree", {"agree": True}, True),
        ("=not(agree) and not(agree)", {"agree": False}, True),
        ("=(not(agree))", {"agree": None}, True),
        ('=service = "a)b"', {"service": "a)b"}, True),
        ('=not(service = "a)b")', {"service": "a)b"}, False),
        ('=parent.service = "ott"', {"parent": {"service": "ott"}}, True),
        ('=_parent_.service = "ott"', {"parent": {"service": "x"}}, False),
    ],
)
def test_more_conditions(condition: str, values: dict[str, Any], hidden: bool) -> None:
    types = {**TYPES, "count": "bool", "parent": "map"}
    assert compile_hide(condition, types).hides(values) is hidden
