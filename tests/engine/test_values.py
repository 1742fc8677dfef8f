"""Which JSON values a declared type takes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kt_flows.engine.values import WORDS, as_json, check_value, fits

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_json_stays_itself(value: Any) -> None:
    assert as_json(value) == value
    assert check_value("any", value) == value


@given(st.sampled_from(WORDS), JSON)
def test_a_value_fits_or_is_refused_and_once_kept_fits_again(word: str, value: Any) -> None:
    try:
        kept = check_value(word, value)
    except ValueError:
        return
    assert check_value(word, kept) == kept


@pytest.mark.parametrize(
    ("word", "value", "kept"),
    [
        ("timestamp", "2026-03-02T10:00:00+05:00", "2026-03-02T05:00:00Z"),
        ("duration", "P1D", "PT86400S"),
        ("double", 5, 5.0),
        ("int", 5, 5),
        ("list(string)", ["a"], ["a"]),
        ("map", {"a": None}, {"a": None}),
        ("bool", None, None),
    ],
)
def test_a_value_is_kept_in_one_form(word: str, value: Any, kept: Any) -> None:
    assert check_value(word, value) == kept


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("string", 5),
        ("int", True),
        ("int", 5.0),
        ("int", "5"),
        ("int", 2**63),
        ("double", math.inf),
        ("double", True),
        ("bool", 1),
        ("timestamp", "2026-03-02T10:00:00"),
        ("timestamp", "0001-01-01T00:00:00+05:00"),
        ("timestamp", 5),
        ("duration", "P1M"),
        ("duration", 5),
        ("map", []),
        ("list", {}),
        ("list(string)", ["a", None]),
        ("any", {1: 2}),
        ("any", "\x00"),
        ("any", "\udc00"),
        ("any", "x" * 100_001),
        ("any", [[0] * 6_000, [0] * 6_000]),
        ("any", {"a": math.nan}),
        ("map", {"a": object()}),
    ],
)
def test_what_does_not_fit_is_refused_in_russian(word: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"[а-я]"):
        check_value(word, value)


def test_too_many_levels_are_refused() -> None:
    deep: Any = 1
    for _ in range(17):
        deep = [deep]
    with pytest.raises(ValueError, match="уровней"):
        as_json(deep)


@pytest.mark.parametrize(
    ("word", "wanted", "answer"),
    [
        ("int", "double", True),
        ("double", "int", False),
        ("string?", "string", True),
        ("null", "timestamp", True),
        ("any", "map", True),
        ("list", "list(string)", True),
        ("map", "list", False),
    ],
)
def test_types_fit_each_other(word: str, wanted: str, answer: bool) -> None:
    assert fits(word, wanted) is answer
