"""Whole forms: paths, rows, hidden fields, and what is refused at deployment."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from kt_flows.engine.form import Form, read_form
from kt_flows.engine.manifest import read_manifest
from kt_flows.errors import DiagramError, InvalidValues
from support.forms import checkbox, choice, group, number, schema, text

CONTACT = (
    choice("radio", "preferred_channel", "email", "mobile", required=True),
    text("contact_email", hide='=preferred_channel != "email"', required=True, validationType="email"),
    text("contact_phone", hide='=preferred_channel != "mobile"', required=True, validationType="phone"),
)


def read(*components: dict[str, Any], types: dict[str, str] | None = None) -> Form:
    return read_form(schema(*components), "forms/f.form", types)


def errors(form: Form, values: dict[str, Any], context: dict[str, Any] | None = None) -> dict[str, str]:
    with pytest.raises(InvalidValues) as caught:
        form.check(values, context)
    return {error.field: error.code for error in caught.value.errors}


def test_a_form_takes_what_it_shows() -> None:
    form = read(*CONTACT, {"type": "text", "text": "Пояснение"}, {"type": "button", "action": "submit"})
    assert form.check({"preferred_channel": "email", "contact_email": "a@b.kz"}) == {
        "preferred_channel": "email",
        "contact_email": "a@b.kz",
    }
    assert next((path, field.label) for path, field in form.fields()) == ("preferred_channel", "preferred_channel")
    assert form.variables == dict.fromkeys(("preferred_channel", "contact_email", "contact_phone"), "string")


def test_every_field_at_fault_is_named_once() -> None:
    form = read(*CONTACT, number("n", min=1))
    assert errors(form, {"preferred_channel": "mobile", "contact_phone": "x", "n": 0, "more": 1, "again": 2}) == {
        "contact_phone": "phone",
        "n": "min",
        "more": "unknown",
        "again": "unknown",
    }
    assert errors(form, {}) == {"preferred_channel": "required"}


def test_a_hidden_field_is_dropped_and_asks_for_nothing() -> None:
    form = read(*CONTACT)
    values = {"preferred_channel": "mobile", "contact_phone": "+77011234567", "contact_email": "not even a mail"}
    assert form.check(values) == {"preferred_channel": "mobile", "contact_phone": "+77011234567"}
    assert errors(form, {"preferred_channel": "email"}) == {"contact_email": "required"}


def test_a_condition_reads_the_case_where_the_form_says_nothing() -> None:
    form = read(text("reason", hide="=late = false", required=True), types={"late": "bool"})
    assert form.check({}, {"late": False}) == {}
    assert errors(form, {}, {"late": True}) == {"reason": "required"}


def test_a_hidden_or_disabled_fields_value_decides_nothing() -> None:
    """Else a submission could hide a required field by sending a value that it was not asked for."""
    form = read(
        checkbox("asked"),
        text("a", hide="=asked != true"),
        text("b", hide='=a = "skip"', required=True),
        text("locked", disabled=True),
        text("c", hide='=locked = "skip"', required=True),
    )
    assert errors(form, {"asked": False, "a": "skip", "locked": "skip"}) == {"b": "required", "c": "required"}
    assert form.check({"asked": True, "a": "skip", "c": "x"}) == {"asked": True, "a": "skip", "c": "x"}
    assert form.check({"asked": False, "b": "x"}, {"locked": "skip"}) == {"asked": False, "b": "x"}


def test_fields_that_hide_each_other_come_to_an_end() -> None:
    form = read(text("a", hide='=b = "x"', required=True), text("b", hide='=a = "x"', required=True))
    assert isinstance(form.check({"a": "x", "b": "x"}), dict)


def test_disabled_fields_are_dropped_and_readonly_ones_kept() -> None:
    form = read(text("locked", disabled=True, required=True), text("shown", readonly=True, required=True))
    assert form.check({"locked": "x", "shown": "y"}) == {"shown": "y"}
    assert errors(form, {"locked": "x"}) == {"shown": "required"}


def test_an_empty_value_empties_the_variable_and_a_missing_one_leaves_it() -> None:
    form = read(text("a"), text("b"))
    assert form.check({"a": ""}) == {"a": None}


SUBSCRIBER = (
    group("subscriber", text("id", required=True), text("name")),
    group("", group("subscriber", text("contact.email", validationType="email"), hide="=anonymous = true")),
    checkbox("anonymous"),
)


def test_groups_share_a_path_and_keys_may_have_dots() -> None:
    form = read(*SUBSCRIBER)
    values = {"subscriber": {"id": "s", "contact": {"email": "a@b.kz"}}, "anonymous": False}
    assert form.check(values) == values
    assert form.check({**values, "anonymous": True}) == {"subscriber": {"id": "s"}, "anonymous": True}
    assert form.variables == {"subscriber": "map", "anonymous": "bool"}
    assert [path for path, _ in form.fields()] == [
        "subscriber.id",
        "subscriber.name",
        "subscriber.contact.email",
        "anonymous",
    ]


def test_a_group_at_fault_is_named_by_its_path() -> None:
    form = read(*SUBSCRIBER)
    assert errors(form, {"subscriber": {"contact": {"email": "x"}, "iin": "1"}}) == {
        "subscriber.id": "required",
        "subscriber.contact.email": "email",
        "subscriber.iin": "unknown",
    }
    assert errors(form, {"subscriber": "s"}) == {"subscriber": "type", "subscriber.id": "required"}
    assert errors(form, {"subscriber": {"id": "s", "contact": [1]}}) == {"subscriber.contact": "type"}
    assert errors(form, {}) == {"subscriber.id": "required"}


ROWS = (
    text("kind"),
    group(
        "calls",
        choice("select", "result", "reached", "no_answer", required=True),
        text("note", hide='=this.result = "reached"', required=True),
        text("extra", hide='=parent.kind != "long"', required=True),
        kind="dynamiclist",
    ),
)


def test_rows_are_checked_one_by_one() -> None:
    form = read(*ROWS)
    calls = [{"result": "reached", "note": "dropped"}, {"result": "no_answer", "note": "n"}]
    assert form.check({"kind": "short", "calls": calls})["calls"] == [{"result": "reached"}, calls[1]]
    assert errors(form, {"kind": "long", "calls": [{"result": "reached", "extra": "x"}, {"note": "n"}, 5]}) == {
        "calls[1].result": "required",
        "calls[1].extra": "required",
        "calls[2]": "type",
    }
    assert form.variables == {"kind": "string", "calls": "list"}
    assert ("calls[].note") in [path for path, _ in form.fields()]
    assert form.check({"calls": None}) == {"calls": []}
    assert errors(form, {"calls": {}}) == {"calls": "type"}
    assert errors(form, {"calls": [{}] * 501}) == {"calls": "type"}
    assert errors(form, {"calls": [{"result": "x", "more": 1}]}) == {
        "calls[0].result": "option",
        "calls[0].note": "required",
        "calls[0].more": "unknown",
    }


def test_rows_that_nobody_may_add_are_all_there() -> None:
    fixed = group("calls", text("note"), kind="dynamiclist") | {"allowAddRemove": False, "defaultRepetitions": 2}
    form = read(fixed)
    assert form.check({"calls": [{"note": "a"}, {}]}) == {"calls": [{"note": "a"}, {}]}
    for rows in (1, 3):
        assert errors(form, {"calls": [{}] * rows}) == {"calls": "rows"}
    assert read({**fixed, "allowAddRemove": True}).check({"calls": [{}] * 3}) == {"calls": [{}] * 3}


@pytest.mark.parametrize("said", [{"valuesKey": "branches"}, {"valuesExpression": "=branches"}])
def test_options_may_come_from_the_case(said: dict[str, str]) -> None:
    form = read({"type": "select", "key": "branch", **said}, types={"branches": "list"})
    assert form.variables == {"branch": "any"}
    for branches in (["ALA", "AST", 3], [{"value": "ALA", "label": "Алматы"}, {"value": 3}, {"no": 1}, None]):
        for chosen in ("ALA", 3):
            assert form.check({"branch": chosen}, {"branches": branches}) == {"branch": chosen}
        assert errors(form, {"branch": "XXX"}, {"branches": branches}) == {"branch": "option"}
    for none in ({}, {"branches": None}, {"branches": "ALA"}, {"branches": []}):
        assert errors(form, {"branch": "ALA"}, none) == {"branch": "option"}
        assert form.check({"branch": None}, none) == {"branch": None}


def test_options_of_a_row_may_come_from_the_form() -> None:
    tags = {"type": "taglist", "key": "some", "valuesExpression": "=parent.known.tags"}
    form = read(group("rows", tags, kind="dynamiclist"), types={"known": "map"})
    context = {"known": {"tags": ["a", "b"]}}
    assert form.check({"rows": [{"some": ["b", "a"]}]}, context) == {"rows": [{"some": ["b", "a"]}]}
    assert errors(form, {"rows": [{"some": ["c"]}, {"some": ["a", "a"]}]}, context) == {
        "rows[0].some": "option",
        "rows[1].some": "option",
    }


def test_bounds_may_be_computed() -> None:
    form = read(
        number("limit"),
        number("n", min="=limit", max="=case.most"),
        text("code", minLength="=string length(prefix)", maxLength="=5"),
        text("prefix"),
        types={"case": "map"},
    )
    context = {"case": {"most": 10}}
    assert form.check({"limit": 3, "n": 5, "code": "abc", "prefix": "ab"}, context)["n"] == 5
    assert errors(form, {"limit": 3, "n": 2, "code": "a", "prefix": "ab"}, context) == {
        "n": "min",
        "code": "min_length",
    }
    assert errors(form, {"n": 11, "code": "abcdef"}, context) == {"n": "max", "code": "max_length"}
    assert form.check({"n": 10**6, "code": "a"}) == {"n": 10**6, "code": "a"}, "a bound that is null is none"


def test_what_the_browser_computes_is_computed_again() -> None:
    form = read(
        checkbox("planned"),
        number("n"),
        {"type": "expression", "key": "late", "expression": "=planned = false and n > limit", "computeOn": "change"},
        {
            "type": "expression",
            "key": "length",
            "expression": "=string length(name)",
            "conditional": {"hide": "=n = 0"},
        },
        text("name"),
        types={"limit": "int"},
    )
    assert form.variables["late"] == "bool"
    assert form.variables["length"] == "double"
    values = {"planned": False, "n": 5, "name": "abc"}
    assert form.check({**values, "late": False, "length": "forged"}, {"limit": 3}) == {
        **values,
        "late": True,
        "length": 3.0,
    }
    assert form.check(values, {"limit": 7})["late"] is False
    assert "length" not in form.check({**values, "n": 0}, {"limit": 3})
    assert form.check({}, {}) == {"late": False, "length": None}, "as FEEL has it: null = false is false"


def test_a_day_that_is_over_is_over_by_the_clock_that_is_given() -> None:
    form = read({"type": "datetime", "key": "on", "subtype": "date", "disallowPassedDates": True})
    now = datetime(2026, 3, 3, tzinfo=UTC)
    assert form.check({"on": "2026-03-03"}, now=now) == {"on": "2026-03-03"}
    with pytest.raises(InvalidValues) as caught:
        form.check({"on": "2026-03-01"}, {"now": "2026-01-01T00:00:00Z"}, now)
    assert caught.value.errors[0].code == "past"


def test_no_more_than_a_hundred_errors_are_told() -> None:
    form = read(*ROWS)
    assert len(errors(form, {"calls": [{"x": 1}] * 500})) == 100


def test_a_components_properties_name_its_code_and_message() -> None:
    branch = choice("select", "branch", "ALA", required=True, properties={"errorCode": "err_bad_branch"})
    assert errors(read(branch), {"branch": "XXX"}) == {"branch": "err_bad_branch"}
    said = text("a", required=True, properties={"requiredMessage": "Назовите филиал"})
    with pytest.raises(InvalidValues) as caught:
        read(said).check({})
    assert caught.value.errors[0].message == "Назовите филиал"


def test_a_form_without_components_takes_nothing() -> None:
    assert read().check({}) == {}
    assert errors(read(), {"a": 1}) == {"a": "unknown"}


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        ({"type": "filepicker", "key": "a"}, "form"),
        ({"type": "expression", "key": "a", "expression": "=misspelt"}, "form-rule"),
        ({"type": "expression", "key": "a", "expression": "=1 + 1"}, "form-rule"),
        ({"type": "expression", "key": "a", "expression": "=a"}, "form-rule"),
        ({"type": "expression", "key": "a"}, "form-rule"),
        ({"type": "expression", "key": "a b", "expression": "=1"}, "form"),
        ({"type": "iframe", "url": "https://example.com"}, "form"),
        ({"type": "table", "dataSource": "=x"}, "form"),
        ({"type": "unheard_of"}, "form"),
        ({}, "form"),
        (text(""), "form"),
        (text("a b"), "form"),
        (text("имя"), "form"),
        (text("a..b"), "form"),
        (text("a", pattern="(?=x)"), "form"),
        (text("a", pattern=5), "form"),
        (text("a", minLength="=n"), "form-rule"),
        (text("a", minLength="5"), "form"),
        (text("a", maxLength=-1), "form"),
        (text("a", maxLength=20_001), "form"),
        (text("a", required="yes"), "form"),
        (text("a", min=1), "form"),
        (text("a", validationType="iin"), "form"),
        (text("a", disabled="=x"), "form"),
        (text("a", properties={"errorCode": 5}), "form"),
        (text("a", validate=[]), "form"),
        (number("a", min="5"), "form"),
        (number("a", maxLength=5), "form"),
        (number("a", decimalDigits=-1), "form"),
        (number("a", decimalDigits="2"), "form"),
        (number("a", increment=0), "form"),
        (number("a", increment="x"), "form"),
        (choice("select", "a"), "form"),
        (choice("select", "a", "x", "x"), "form"),
        (choice("select", "a", None), "form"),
        (choice("select", "a", ["x"]), "form"),
        (choice("select", "a", "x", valuesKey="a"), "form-rule"),
        ({"type": "select", "key": "a", "valuesExpression": "=x"}, "form-rule"),
        ({"type": "select", "key": "a", "valuesExpression": "=a", "valuesKey": "a"}, "form-rule"),
        ({"type": "select", "key": "a", "valuesExpression": "a"}, "form-rule"),
        ({"type": "select", "key": "a", "valuesExpression": "=1"}, "form-rule"),
        (text("a", minLength="=a"), "form-rule"),
        (text("a", maxLength="=count(a)"), "form-rule"),
        (text("a", maxLength="=1 + 1"), "form-rule"),
        (number("a", max="=max(a)"), "form-rule"),
        (text("a", required="=true"), "form"),
        (text("a", unheardOf="x"), "form"),
        (group("a", kind="dynamiclist") | {"defaultRepetitions": -1}, "form"),
        (group("a", kind="dynamiclist") | {"defaultRepetitions": "3"}, "form"),
        ({"type": "select", "key": "a", "values": "x"}, "form"),
        ({"type": "datetime", "key": "a"}, "form"),
        ({"type": "datetime", "key": "a", "subtype": "year"}, "form"),
        ({"type": "datetime", "key": "a", "subtype": "datetime", "timeSerializingFormat": "no_timezone"}, "form"),
        ({"type": "dynamiclist", "components": []}, "form"),
        ({"type": "group", "path": "a b", "components": []}, "form"),
        (text("a", hide="=misspelt = 1"), "form-hide"),
        (text("a", hide="not agree"), "form-hide"),
        (text("a", conditional={"hide": 5}), "form-hide"),
        (group("a", text("b"), hide="=misspelt"), "form-hide"),
    ],
)
def test_a_component_that_is_not_run_as_shown_is_refused(component: dict[str, Any], rule: str) -> None:
    with pytest.raises(DiagramError) as caught:
        read(component if component.get("type") in (None, "group", "dynamiclist") else {"id": "it", **component})
    assert {finding.rule for finding in caught.value.findings} == {rule}
    finding = caught.value.findings[0]
    assert (finding.severity, finding.file) == ("error", "forms/f.form")
    if component.get("type") not in (None, "group", "dynamiclist"):
        assert finding.element_id == "it"


@pytest.mark.parametrize(
    "components",
    [
        [text("a"), number("a")],
        [text("a"), group("a", text("b"))],
        [group("a", text("b")), group("a", text("b"))],
        [group("a", text("b")), group("a", text("c"), kind="dynamiclist")],
        [group("a", text("b"), text("b"), kind="dynamiclist")],
    ],
)
def test_two_components_under_one_name_are_refused(components: list[dict[str, Any]]) -> None:
    with pytest.raises(DiagramError) as caught:
        read(*components)
    assert "два компонента" in caught.value.findings[0].message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"{",
        b"\xff",
        b'{"type": "default", "id": "f", "components": {}}',
        schema(id="a/../b"),
        schema(schemaVersion=20),
        schema(schemaVersion=None),
        schema(schemaVersion=True),
        schema(components=["x"]),
        schema(components=[{"type": "group", "path": "a", "components": {}}]),
        schema(components=[{"type": "textfield", "key": "a", "validate": None, "conditional": "=x"}]),
        schema(*[text(f"a{n}") for n in range(301)]),
        orjson.dumps({"type": "other", "id": "f", "schemaVersion": 19, "components": []}),
    ],
)
def test_what_is_no_form_is_refused(data: bytes) -> None:
    with pytest.raises(DiagramError) as caught:
        read_form(data, "forms/f.form")
    assert caught.value.findings


@pytest.mark.parametrize(
    "components",
    [
        [text("a", **{f"p{n}": 1 for n in range(50_000)})],
        [text(f"a{n}", **{f"p{m}": "x" * 50 for m in range(50)}) for n in range(300)],
        [text(f"a{n}") for n in range(20_000)],
        [text("a", hide="=" + "not(" * 5_000)],
        [choice("select", "a", *range(100_000))],
        [choice("select", "a", *["x"] * 100_000)],
        [text("a", pattern="(a|" * 3_000)],
        [group(f"g{n}", text("b"), kind="dynamiclist") for n in range(300)],
    ],
)
def test_a_form_made_to_hurt_is_looked_through_in_time(components: list[dict[str, Any]]) -> None:
    data = schema(*components)
    begun = time.process_time()
    with contextlib.suppress(DiagramError):
        read_form(data, "forms/f.form")
    assert time.process_time() - begun < 1


def test_groups_within_groups_without_end_are_refused() -> None:
    deep = text("a")
    for _ in range(100):
        deep = group("", deep)
    with pytest.raises(DiagramError) as caught:
        read(deep)
    assert "уровней" in caught.value.findings[0].message


def test_a_finding_has_the_line_of_its_component() -> None:
    data = orjson.dumps(orjson.loads(schema(text("a"), text("b", hide="=misspelt"))), option=orjson.OPT_INDENT_2)
    with pytest.raises(DiagramError) as caught:
        read_form(data, "forms/f.form")
    (finding,) = caught.value.findings
    assert finding.element_id == "c_b"
    assert finding.line is not None
    assert '"c_b"' in data.decode().splitlines()[finding.line - 1]


SHIPPED = sorted((Path(__file__).parents[2] / "bpmn").glob("*/forms/*.form"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_the_shipped_forms_are_read_and_refuse_a_stranger(path: Path) -> None:
    types = read_manifest((path.parents[1] / "process.yaml").read_bytes()).types
    form = read_form(path.read_bytes(), path.name, types)
    assert form.id == path.stem
    assert errors(form, {"no_such_field": 1})["no_such_field"] == "unknown"
