"""Any form takes what keeps its rules as it is, and names the one field that does not."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kt_flows.engine.form import read_form
from kt_flows.errors import InvalidValues
from support.forms import checkbox, choice, group, number, schema, text

Kind = tuple[dict[str, Any], list[Any], list[tuple[Any, str]]]
"""A component without its key, values that keep its rules, and values that do not with what is said of them."""


def component(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name not in ("key", "label")}


DATE = {"type": "datetime", "subtype": "date", "validate": {"required": True}}
KINDS: list[Kind] = [
    (component(text("a", required=True)), ["x", "да  "], [("", "required"), (5, "type"), ("a\x00", "type")]),
    (component(text("a", minLength=2, maxLength=3)), ["xy", "xyz"], [("x", "min_length"), ("xyzw", "max_length")]),
    (component(text("a", pattern="^[A-Z]+$")), ["ALA"], [("ala", "pattern")]),
    (component(text("a", validationType="email")), ["a@b.kz"], [("a@", "email")]),
    (component(text("a", validationType="phone")), ["+77011234567"], [("8701", "phone")]),
    ({"type": "textarea"}, ["a\nb"], [([], "")]),
    (component(number("a", min=0, max=5)), [0.0, 2.5, 5.0], [(-1, "min"), (6, "max"), ("1", "type"), (True, "type")]),
    (component(number("a", decimalDigits=0, increment=2)), [0, 4], [(1.5, "decimal_digits"), (3, "increment")]),
    (component(checkbox("a", required=True)), [True], [(False, "required"), ("yes", "type")]),
    (component(choice("radio", "a", "x", "y")), ["x", "y"], [("z", "option"), (["x"], "option")]),
    (component(choice("select", "a", 1, 2, required=True)), [1, 2], [(3, "option"), (None, "required")]),
    (component(choice("checklist", "a", "x", "y")), [["x"], ["y", "x"]], [(["z"], "option"), (["x", "x"], "option")]),
    (component(choice("taglist", "a", "x", required=True)), [["x"]], [([], "required"), ("x", "type")]),
    (DATE, ["2026-03-02"], [("2026-02-30", "type"), ("", "required")]),
    ({"type": "datetime", "subtype": "time"}, ["10:00"], [("25:00", "type")]),
]


@st.composite
def forms(draw: st.DrawFn, depth: int = 0) -> tuple[list[dict[str, Any]], dict[str, Any], list[Any]]:
    """Components, a submission that keeps every rule, and of each field its path with a value that does not."""
    made: list[dict[str, Any]] = []
    values: dict[str, Any] = {}
    wrong: list[Any] = []
    for place in range(draw(st.integers(1, 4))):
        key = f"f{place}"
        what = draw(st.sampled_from(["field", "field", "field", "group", "rows"] if depth < 2 else ["field"]))
        if what == "field":
            shape, right, broken = draw(st.sampled_from(KINDS))
            made.append({**shape, "key": key, "label": key})
            values[key] = draw(st.sampled_from(right))
            wrong += [((key,), bad, code) for bad, code in broken if code]
            continue
        inner, below, faults = draw(forms(depth + 1))
        if what == "group":
            made.append(group(key, *inner))
            values[key] = below
            wrong += [((key, *path), bad, code) for path, bad, code in faults]
        else:
            rows = draw(st.integers(1, 3))
            made.append(group(key, *inner, kind="dynamiclist"))
            values[key] = [deepcopy(below) for _ in range(rows)]
            row = draw(st.integers(0, rows - 1))
            wrong += [((key, row, *path), bad, code) for path, bad, code in faults]
    return made, values, wrong


def dotted(path: tuple[Any, ...]) -> str:
    def parts() -> Iterator[str]:
        for part in path:
            yield f"[{part}]" if isinstance(part, int) else f".{part}"

    return "".join(parts()).removeprefix(".")


@settings(max_examples=200, deadline=None)
@given(forms(), st.data())
def test_a_form_takes_what_is_right_and_names_what_is_wrong(
    drawn: tuple[list[dict[str, Any]], dict[str, Any], list[Any]], data: st.DataObject
) -> None:
    components, values, wrong = drawn
    form = read_form(schema(*components), "forms/f.form")
    assert form.check(values) == values
    if not wrong:
        return
    path, bad, code = data.draw(st.sampled_from(wrong))
    broken: Any = deepcopy(values)
    at = broken
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = bad
    with pytest.raises(InvalidValues) as caught:
        form.check(broken)
    assert [(one.field, one.code) for one in caught.value.errors] == [(dotted(path), code)]


@settings(max_examples=100, deadline=None)
@given(forms(), st.data())
def test_what_is_hidden_is_never_kept(
    drawn: tuple[list[dict[str, Any]], dict[str, Any], list[Any]], data: st.DataObject
) -> None:
    components, values, wrong = drawn
    hidden = data.draw(st.sampled_from(components))
    hidden["conditional"] = {"hide": '=secret = "yes"'}
    name = hidden.get("path") or hidden["key"]
    form = read_form(schema(*components, text("secret")), "forms/f.form")
    kept = form.check({**values, "secret": "yes"})
    assert name not in kept
    assert kept == {key: value for key, value in {**values, "secret": "yes"}.items() if key != name}
    for path, bad, _ in wrong:
        if path == (name,):
            assert form.check({**values, "secret": "yes", name: bad}) == kept
