"""Every name of DMN 1.3 stands on the page, and is treated as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kt_flows.engine.decision import read_decisions
from kt_flows.engine.decision_names import ATTRIBUTES, DRAWN, DRAWN_ATTRIBUTES, DRAWN_CAMUNDA, INSIDE, INSTEAD
from kt_flows.errors import DiagramError, Finding
from support.dmn import dmn, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "dmn-by-name.md"
LISTED = Path(__file__).parents[1] / "data" / "names"
NOTES = {"runs", "drawn", "refused"}
TABLE = table([("a", "integer")], [("n", "integer")], [["-", "1"]])
REQUIRING = TABLE.replace(
    "<decisionTable",
    '<informationRequirement id="q"><requiredInput href="#x"/></informationRequirement><decisionTable',
)


def rows(section: str) -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([\w:]+)` \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    assert len({name for name, _, _ in found}) == len(found)
    assert all(note for _, verdict, note in found if verdict == "refused")
    return {name: verdict for name, verdict, _ in found}


ELEMENTS, TOLD = rows("DMN's elements"), rows("DMN's attributes")


def named(of: dict[str, str], *verdicts: str) -> set[str]:
    return {name for name, verdict in of.items() if verdict in verdicts}


@pytest.mark.parametrize(("names", "of"), [("dmn-elements", ELEMENTS), ("dmn-attributes", TOLD)])
def test_every_name_has_a_row_and_no_other(names: str, of: dict[str, str]) -> None:
    assert set(of) == set((LISTED / f"{names}.txt").read_text().split())
    assert set(of.values()) <= NOTES


def test_what_runs_or_is_drawn_is_what_the_reader_knows() -> None:
    assert named(ELEMENTS, "runs") - {"description"} == set(INSIDE)
    assert named(ELEMENTS, "drawn") | {"description"} == DRAWN
    plain = {name for name in named(TOLD, "runs", "drawn") if ":" not in name}
    assert plain == frozenset[str]().union(*ATTRIBUTES.values()) | DRAWN_ATTRIBUTES
    assert {name.partition(":")[2] for name in named(TOLD, "drawn") if ":" in name} == DRAWN_CAMUNDA
    assert named(ELEMENTS, "refused") | {"inputVariable"} == set(INSTEAD)


def findings(text: str) -> list[Finding]:
    try:
        read_decisions(
            dmn(text).replace(b"<definitions ", b'<definitions xmlns:camunda="http://camunda.org/schema/1.0/dmn" '),
            "t.dmn",
            {"a": "int"},
        )
    except DiagramError as error:
        return list(error.findings)
    return []


def inside(holder: str, specimen: str) -> str:
    """A file's decisions with something more in one element."""
    if holder == "definitions":
        return specimen + TABLE
    if holder == "informationRequirement":
        return REQUIRING.replace("<requiredInput", f"{specimen}<requiredInput")
    if holder == "output":
        return TABLE.replace(' typeRef="integer" />', f' typeRef="integer">{specimen}</output>')
    return re.sub(rf"(<{holder}(?: [^>]*)?>)", rf"\1{specimen}", TABLE, count=1)


HOLDERS = sorted(set(INSIDE) - {"requiredDecision", "inputValues", "outputValues", "annotationEntry", "text"})


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("name", [*sorted(named(ELEMENTS, "refused")), "neverHeardOf"])
def test_an_element_is_refused_wherever_it_stands(name: str, holder: str) -> None:
    found = [one for one in findings(inside(holder, f"<{name}/>")) if f"элемент {name} " in one.message]
    assert found, findings(inside(holder, f"<{name}/>"))
    assert found[0].rule == "dmn"
    assert found[0].hint == INSTEAD.get(name, "Уберите его")


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_what_is_drawn_changes_nothing(name: str) -> None:
    specimen = f'<{name}><anything foo="1">${{1}}</anything></{name}>'
    stands = [holder for holder in HOLDERS if name in INSIDE[holder]]
    assert stands or name in {"requiredInput"}
    for holder in stands:
        assert findings(inside(holder, specimen)) == [], holder


@pytest.mark.parametrize("name", sorted(TOLD))
def test_an_attribute_is_treated_as_told(name: str) -> None:
    if TOLD[name] == "drawn":
        for holder in ("decisionTable", "input", "rule", "inputEntry"):
            assert findings(re.sub(rf"<{holder}([ >])", rf'<{holder} {name}="x"\1', TABLE, count=1)) == []
    elif TOLD[name] == "refused":
        [found] = findings(TABLE.replace("<input ", f'<input {name}="x" '))
        assert found.message.startswith(f"{name.rpartition(':')[2]} ")
        assert found.hint == INSTEAD.get(name.rpartition(":")[2], "Уберите его")
    elif name not in DRAWN_ATTRIBUTES:
        found = findings(TABLE.replace("<rule ", f'<rule {name}="x" '))
        assert [one.message for one in found if one.message.startswith(f"{name} ")], "only where it is read"


@pytest.mark.parametrize("name", ["foo", "camunda:foo"])
def test_an_attribute_that_nobody_knows_is_refused(name: str) -> None:
    [found] = findings(TABLE.replace("<decisionTable ", f'<decisionTable {name}="1" '))
    assert "foo" in found.message


def test_a_drawing_programs_own_attributes_are_left_alone() -> None:
    drawn = TABLE.replace("<input ", '<input xmlns:biodi="http://bpmn.io/schema/dmn/biodi/2.0" biodi:width="192" ')
    assert findings(drawn) == []
