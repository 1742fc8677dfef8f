"""Every component, property and rule of form-js stands on the page, and is treated as the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kt_flows.engine.field import TYPES
from kt_flows.engine.form import read_form
from kt_flows.engine.form_names import DRAWN, DRAWN_PROPERTIES, INSTEAD, LISTS, READ, RULES
from kt_flows.errors import DiagramError, Finding
from support.forms import schema

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "forms-by-name.md"
LISTED = Path(__file__).parents[1] / "data" / "names"
ALWAYS = {"id", "key", "type", "label", "conditional", "properties"}


def rows(section: str) -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    assert len({name for name, _, _ in found}) == len(found)
    assert all(note for _, verdict, note in found if verdict == "refused")
    return {name: verdict for name, verdict, _ in found}


COMPONENTS, PROPERTIES, TOLD = rows("Components"), rows("Properties"), rows("Rules of validate")


def named(of: dict[str, str], *verdicts: str) -> set[str]:
    return {name for name, verdict in of.items() if verdict in verdicts}


@pytest.mark.parametrize(
    ("names", "of"), [("form-components", COMPONENTS), ("form-properties", PROPERTIES), ("form-rules", TOLD)]
)
def test_every_name_has_a_row_and_no_other(names: str, of: dict[str, str]) -> None:
    assert set(of) == set((LISTED / f"{names}.txt").read_text().split())
    assert set(of.values()) <= {"runs", "drawn", "refused"}


def test_what_runs_or_is_drawn_is_what_the_reader_knows() -> None:
    assert named(COMPONENTS, "runs") == {*TYPES, *LISTS, "expression"}
    assert named(COMPONENTS, "drawn") == set(DRAWN)
    assert named(PROPERTIES, "runs") == frozenset[str]().union(*READ.values()) | ALWAYS
    assert named(PROPERTIES, "drawn") == DRAWN_PROPERTIES
    assert named(COMPONENTS, "refused") | named(PROPERTIES, "refused") == set(INSTEAD)
    assert named(TOLD, "runs") == set(TOLD) == RULES


def findings(component: dict[str, Any]) -> list[Finding]:
    try:
        read_form(schema(component), "forms/f.form", {"some": "list"})
    except DiagramError as error:
        return list(error.findings)
    return []


MORE: dict[str, dict[str, Any]] = {
    "datetime": {"subtype": "date"},
    "expression": {"expression": "=1"},
    **{kind: {"values": [{"value": "x", "label": "x"}]} for kind in ("radio", "select", "checklist", "taglist")},
    "group": {"components": []},
    "dynamiclist": {"components": [], "path": "rows"},
}


def plain(kind: str) -> dict[str, Any]:
    keyed = {"key": "a"} if kind in TYPES or kind == "expression" else {}
    return {"type": kind, "id": "it", **keyed, **MORE.get(kind, {})}


@pytest.mark.parametrize("kind", sorted(COMPONENTS))
def test_a_component_is_treated_as_told(kind: str) -> None:
    found = findings(plain(kind))
    if COMPONENTS[kind] == "refused":
        assert [(one.rule, one.element_id, one.hint) for one in found] == [("form", "it", INSTEAD[kind])]
    else:
        assert found == []


KINDS = sorted(named(COMPONENTS, "runs", "drawn"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*sorted(PROPERTIES), "neverHeardOf"])
def test_a_property_is_treated_as_told(kind: str, name: str) -> None:
    """Where it is read it may be wrong in itself, never unknown; elsewhere it is unknown, whatever it says."""
    value = [plain("text")] if name == "components" else "x"
    found = findings({**plain(kind), name: plain(kind).get(name, value)})
    unknown = [one for one in found if one.message == f"свойство {name} у {kind} не поддержано"]
    if name in READ.get(kind, frozenset()) | ALWAYS:
        assert unknown == []
    elif PROPERTIES.get(name) == "drawn":
        assert found == []
    else:
        assert [one.hint for one in unknown] == [INSTEAD.get(name, "Уберите его")]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_runs_where_the_browser_has_it(kind: str, name: str) -> None:
    values = {"required": True, "pattern": "x", "patternErrorMessage": "x", "validationType": "email"}
    found = findings({**plain(kind), "validate": {name: values.get(name, 1)}})
    has = name == "required" or kind in (("number",) if name in ("min", "max") else ("textfield", "textarea"))
    assert [one.message for one in found] == ([] if has else [f"правило {name} для {kind} не поддержано"])
