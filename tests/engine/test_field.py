"""One field's rules, value by value."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kt_flows.engine.field import MAX_TEXT, Field, Wrong, compile_pattern
from kt_flows.engine.form import read_form
from support.forms import checkbox, choice, number, schema, text


def read(component: dict[str, Any]) -> Field:
    ((_, found),) = read_form(schema(component), "forms/f.form").fields()
    return found


def wrong(field: Field, value: Any, now: datetime | None = None) -> str:
    with pytest.raises(Wrong) as caught:
        field.check(value, now)
    assert any("а" <= letter.lower() <= "я" for letter in str(caught.value)), "people read Russian"
    return caught.value.code


def moment(subtype: str, **more: Any) -> Field:
    return read({"type": "datetime", "key": "at", "subtype": subtype, **more})


@pytest.mark.parametrize(
    ("component", "empty"),
    [
        (text("a", required=True), ["", None, "   ", "\t"]),
        ({"type": "textarea", "key": "a", "validate": {"required": True}}, ["", None, "\n"]),
        (number("a", required=True), ["", None]),
        (checkbox("a", required=True), [False, None]),
        (choice("radio", "a", "x", required=True), ["", None]),
        (choice("select", "a", "x", required=True), ["", None]),
        (choice("checklist", "a", "x", required=True), [[], None]),
        (choice("taglist", "a", "x", required=True), [[], None]),
        ({"type": "datetime", "subtype": "date", "key": "a", "validate": {"required": True}}, ["", None]),
    ],
)
def test_required_refuses_what_is_empty(component: dict[str, Any], empty: list[Any]) -> None:
    for value in empty:
        assert wrong(read(component), value) == "required"
    free = read({**component, "validate": {}})
    for value in empty:
        assert free.check(value) is (False if value is False else None)


def test_zero_and_false_are_values() -> None:
    assert read(number("a", required=True)).check(0) == 0
    assert read(choice("radio", "a", True, False, required=True)).check(False) is False


def test_lengths_are_counted_without_the_spaces_around() -> None:
    field = read(text("a", minLength=2, maxLength=4))
    assert field.check("  абвг  ") == "  абвг  "
    assert wrong(field, " а ") == "min_length"
    assert wrong(field, "абвгд") == "max_length"
    assert wrong(read(text("a")), "x" * (MAX_TEXT + 1)) == "max_length"
    assert wrong(read(text("a")), " " * MAX_TEXT + "x") == "max_length"


@pytest.mark.parametrize("value", [5, True, ["a"], {"a": 1}, "a\x00b", "a\x1bb", "\ud800", "one\ntwo"])
def test_what_is_no_line_of_text_is_refused(value: Any) -> None:
    assert wrong(read(text("a")), value) == "type"


def test_a_text_area_takes_lines() -> None:
    assert read({"type": "textarea", "key": "a"}).check("одна\r\nдве\t") == "одна\r\nдве\t"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("^[A-Z]{3}$", ["ALA"], ["ALAX", "ala"]),
        ("[0-9]{2}", ["a12b"], ["a1b"]),
        (r"^\+7\d{10}$", ["+77011234567"], ["87011234567"]),
        ("^[А-Яа-яЁё]+$", ["Алматы"], ["Almaty"]),
        (r"^[\u0410-\u044f]+$", ["Алматы"], ["Almaty"]),
        (r"^a\/b$", ["a/b"], ["ab"]),
        (r"^\d+(\.\d+)?$", ["1", "1.5"], ["1."]),
        ("^(?:да|нет)$", ["да"], ["может"]),
        ('^"$', ['"'], ["'"]),
        (r"^\\$", ["\\"], ["/"]),
        (r"^\bслово", [], []),
    ],
)
def test_a_pattern_is_searched_for_as_the_browser_does(pattern: str, yes: list[str], no: list[str]) -> None:
    field = read(text("a", pattern=pattern))
    for value in yes:
        assert field.check(value) == value
    for value in no:
        assert wrong(field, value) == "pattern"
    assert field.check("") is None


def test_a_pattern_may_say_what_is_wrong() -> None:
    with pytest.raises(Wrong, match="Три буквы"):
        read(text("a", pattern="^[A-Z]{3}$", patternErrorMessage="Три буквы")).check("x")


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "a(?=b)",
        "(?<!a)b",
        r"(a)\1",
        r"\p{L}",
        r"\A",
        r"\z",
        "[[:alpha:]]",
        "(?i)a",
        "(?P<n>a)",
        "[^]",
        "a{1001}",
        "[]",
    ],
)
def test_a_pattern_that_re2_has_not_or_reads_otherwise_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="шаблон"):
        compile_pattern(pattern)


def test_a_pattern_takes_linear_time() -> None:
    field = read(text("a", pattern="^(a+)+$"))
    begin = time.perf_counter()
    assert wrong(field, "a" * (MAX_TEXT - 1) + "!") == "pattern"
    assert time.perf_counter() - begin < 1


def test_e_mail_and_phone() -> None:
    mail, phone = read(text("a", validationType="email")), read(text("a", validationType="phone"))
    for value in ("a@b.kz", "a.b+c@sub.idport.kz", "x@localhost"):
        assert mail.check(value) == value
    for value in (
        "a",
        "a@",
        "@b.kz",
        "a@b..kz",
        "a b@c.kz",
        "a@b.kz\tx",
        "a..b@c.kz",
        ".a@b.kz",
        "a@-b.kz",
        "и@б.кз",
        f"{'a' * 65}@b.kz",
    ):
        assert wrong(mail, value) == "email", value
    for value in ("+77011234567", "007011234567"):
        assert phone.check(value) == value
    for value in ("87011234567", "+7701", "+7 701 123 45 67", "x+77011234567", "+7701123456789012", "+٧٧٠١١٢٣٤٥٦٧"):
        assert wrong(phone, value) == "phone", value


def test_numbers() -> None:
    field = read(number("a", min=0, max=10, decimalDigits=2, increment="0.25"))
    for value in (0, 0.25, 10, 9.75, 1.0):
        assert field.check(value) == value
        assert isinstance(field.check(value), float)
    assert wrong(field, 0.125) == "decimal_digits"
    assert wrong(field, 0.3) == "increment"
    assert wrong(field, -0.25) == "min"
    assert wrong(field, 10.25) == "max"


def test_tenths_are_tenths() -> None:
    assert read(number("a", increment=0.1, decimalDigits=1)).check(0.3) == 0.3
    assert wrong(read(number("a", min=0.1)), 0.0999999999) == "min"


def test_a_number_without_decimals_is_whole() -> None:
    field = read(number("a", decimalDigits=0))
    assert field.word == "int"
    assert isinstance(field.check(5.0), int)
    assert wrong(field, 5.5) == "decimal_digits"


@pytest.mark.parametrize("value", [True, "5", float("nan"), [5], {}])
def test_what_is_no_number_is_refused(value: Any) -> None:
    assert wrong(read(number("a")), value) == "type"


@pytest.mark.parametrize("value", [1e300, -(10**16), 10**400, -(10**400), float("inf")])
def test_a_number_beyond_all_use_is_refused(value: Any) -> None:
    assert wrong(read(number("a", increment=3)), value) == "max"


def test_a_number_may_be_kept_as_text() -> None:
    field = read(number("a", serializeToString=True, max=100, decimalDigits=1))
    assert field.word == "string"
    assert field.check("99.5") == "99.5"
    assert wrong(field, "99.55") == "decimal_digits"
    assert wrong(field, "101") == "max"
    for value in (5, "x", "1_0", "Infinity", " 5", "1e9999", "9" * 41, "٣"):
        assert wrong(field, value) in ("type", "max"), value


def test_a_choice_is_one_of_its_options() -> None:
    field = read(choice("select", "a", "ott", "idtv"))
    assert field.check("ott") == "ott"
    for value in ("x", 5, True, ["ott"], {"a": 1}):
        assert wrong(field, value) == "option"
    flags = read(choice("radio", "a", True, False))
    assert flags.word == "bool"
    assert flags.check(True) is True
    assert wrong(flags, 1) == "option"
    assert wrong(flags, "true") == "option"


@pytest.mark.parametrize("kind", ["checklist", "taglist"])
def test_choices_are_each_among_the_options_and_once(kind: str) -> None:
    field = read(choice(kind, "a", "x", "y"))
    assert field.word == "list(string)"
    assert field.check(["y", "x"]) == ["y", "x"]
    assert wrong(field, ["x", "z"]) == "option"
    assert wrong(field, ["x", "x"]) == "option"
    assert wrong(field, ["x", "y"] * 10_000) == "option"
    assert wrong(field, "x") == "type"
    assert wrong(field, [["x"]]) == "option"


def test_dates_and_times() -> None:
    assert moment("datetime").word == "timestamp"
    assert moment("datetime").check("2026-03-02T10:00+05:00") == "2026-03-02T05:00:00Z"
    assert moment("date").check("2026-03-02") == "2026-03-02"
    assert moment("time").check("10:00") == "10:00"
    assert moment("time").check("10:00+05:00") == "10:00+05:00"
    for subtype, values in {
        "datetime": ["2026-03-02T10:00", "2026-03-02", "x", 5, "0001-01-01T00:00+05:00", "9" * 50],
        "date": ["2026-02-30", "2026-W10-1", "20260302", "2026-03-02T10:00", True],
        "time": ["25:00", "10", "T10:00", "10:00:00.5"],
    }.items():
        for value in values:
            assert wrong(moment(subtype), value) == "type", value


def test_a_passed_date_is_refused_once_it_has_passed_everywhere() -> None:
    for subtype, passed, today in (
        ("date", "2026-03-01", "2026-03-02"),
        ("datetime", "2026-03-01T23:00Z", "2026-03-02T00:00Z"),
    ):
        field = moment(subtype, disallowPassedDates=True)
        assert wrong(field, passed, datetime(2026, 3, 3, tzinfo=UTC)) == "past"
        assert field.check(today, datetime(2026, 3, 3, tzinfo=UTC))
        assert field.check(passed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    read(part)
    for part in (
        text("a", pattern="^a*$", minLength=1, validationType="email"),
        text("a", validationType="phone"),
        {"type": "textarea", "key": "a"},
        number("a", min=0, max=9, decimalDigits=2, increment=0.1),
        number("a", decimalDigits=0),
        number("a", serializeToString=True),
        checkbox("a"),
        choice("radio", "a", True, False, "x", 1.5),
        choice("checklist", "a", "x"),
        {"type": "datetime", "key": "a", "subtype": "datetime"},
        {"type": "datetime", "key": "a", "subtype": "date"},
        {"type": "datetime", "key": "a", "subtype": "time"},
    )
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FIELDS), JSON)
def test_no_value_whatever_raises_anything_else(field: Field, value: Any) -> None:
    try:
        kept = field.check(value, "2026-03-02T00:00:00Z")
    except Wrong:
        return
    assert field.check(kept) == kept, "what was kept once is kept again"
