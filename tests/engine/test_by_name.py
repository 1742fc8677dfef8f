"""Every name of BPMN 2.0.2 and of Camunda 7 stands on the page, and is treated as the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kt_flows.engine import allowed
from kt_flows.engine.check import check_packages
from kt_flows.engine.instead import INSTEAD
from kt_flows.errors import Finding
from support.processes import end, flow, human, package, start

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "elements-by-name.md"
LISTED = Path(__file__).parents[1] / "data" / "names"
"""The names of the standard's schema and of Camunda's, one on a line, apart from what we do with them."""


def rows(section: str) -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    assert len({name for name, _, _ in found}) == len(found)
    assert all(note for _, verdict, note in found if verdict == "refused")
    return {name: verdict for name, verdict, _ in found}


ELEMENTS, ATTRIBUTES = rows("BPMN's elements"), rows("BPMN's attributes")
CAMUNDA_ATTRIBUTES, CAMUNDA_ELEMENTS = rows("Camunda 7's attributes"), rows("Camunda 7's elements")
ALL = {
    "bpmn-elements": ELEMENTS,
    "bpmn-attributes": ATTRIBUTES,
    "camunda-attributes": CAMUNDA_ATTRIBUTES,
    "camunda-elements": CAMUNDA_ELEMENTS,
}


@pytest.mark.parametrize("names", ALL)
def test_every_name_has_a_row_and_no_other(names: str) -> None:
    assert set(ALL[names]) == set((LISTED / f"{names}.txt").read_text().split())
    assert set(ALL[names].values()) <= {"runs", "drawn", "refused"}


def test_what_is_refused_says_a_way_out() -> None:
    refused = {name for table in ALL.values() for name, verdict in table.items() if verdict == "refused"}
    assert set(INSTEAD) == refused


def findings(body: str, top: str = "") -> list[Finding]:
    files = package("p", start() + body + end() + flow("start", "work") + flow("work", "end"))
    files["p/process.bpmn"] = files["p/process.bpmn"].replace(b"<bpmn:process", top.encode() + b"<bpmn:process", 1)
    return check_packages(files)[1]


def work(inner: str = "", attributes: str = "", tag: str = "userTask") -> str:
    groups = 'camunda:candidateGroups="w"' if tag == "userTask" else ""
    return f'<bpmn:{tag} id="work" {groups} {attributes}>{inner}</bpmn:{tag}>'


def told(found: list[Finding], rule: str, name: str) -> bool:
    return any(one.rule == rule and name in one.message and one.hint == INSTEAD[name] for one in found)


def named(table: dict[str, str], *verdicts: str) -> list[str]:
    return sorted(name for name, verdict in table.items() if verdict in verdicts)


@pytest.mark.parametrize("name", named(ELEMENTS, "refused"))
def test_an_element_is_refused_wherever_it_stands(name: str) -> None:
    specimen = f'<bpmn:{name} id="specimen"/>'
    assert told(findings(human("work", "w"), top=specimen), "element", name), "at the top of the file"
    assert told(findings(human("work", "w") + specimen), "element", name), "in the process"
    assert told(findings(work(specimen)), "element", name), "in a task"
    event = f'<bpmn:intermediateThrowEvent id="work">{specimen}</bpmn:intermediateThrowEvent>'
    assert told(findings(event), "element", name), "in an event"
    several = f'<bpmn:multiInstanceLoopCharacteristics id="m">{specimen}</bpmn:multiInstanceLoopCharacteristics>'
    assert told(findings(work(several)), "element", name), "in a repetition"


def read_elements() -> set[str]:
    """Every element that some reader knows."""
    inner = {"script", "loopCardinality", "completionCondition", "loopCondition", "condition", "conditionExpression"}
    inner |= {"timeDate", "timeDuration", "timeCycle", "lane", "flowNodeRef", "childLaneSet", "definitions"}
    known = {*allowed.NODES, *allowed.EVENTS, *allowed.LOOPED, *allowed.TOP, *inner}
    return (known | {"sequenceFlow", "extensionElements", "laneSet", "association"}) - {"BPMNDiagram"}


def test_what_runs_is_what_the_readers_know() -> None:
    runs = read_elements() - {"collaboration", "category"}
    assert set(named(ELEMENTS, "runs")) == runs
    assert allowed.DRAWN | {"collaboration", "category"} <= set(named(ELEMENTS, "drawn")) | {"laneSet", "association"}


DRAWN = {
    "category": '<bpmn:category id="c"><bpmn:categoryValue id="v" value="one"/></bpmn:category>',
    "collaboration": '<bpmn:collaboration id="c"><bpmn:participant id="pool" processRef="p">'
    '<bpmn:participantMultiplicity id="m"/></bpmn:participant><bpmn:participant id="crm"/>'
    '<bpmn:messageFlow id="f" sourceRef="crm" targetRef="start"/>'
    '<bpmn:messageFlowAssociation id="a"/></bpmn:collaboration>',
}


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_at_the_top_changes_nothing(name: str) -> None:
    assert not [one for one in findings(human("work", "w"), top=DRAWN[name]) if one.severity == "error"]


def test_what_is_drawn_in_the_process_changes_nothing() -> None:
    drawn = '<bpmn:textAnnotation id="n"><bpmn:text>so</bpmn:text></bpmn:textAnnotation><bpmn:group id="g"/>'
    drawn += '<bpmn:association id="a" sourceRef="work" targetRef="n"/>'
    noted = work("<bpmn:documentation>why</bpmn:documentation><bpmn:incoming>start_to_work</bpmn:incoming>")
    assert not [one for one in findings(noted + drawn) if one.severity == "error"]


def hosts() -> Iterator[tuple[str, str, str]]:
    """Each attribute with an element that does not know it: refused there, on whatever list it stands."""
    for prefix, table, at in (("", ATTRIBUTES, 0), ("camunda:", CAMUNDA_ATTRIBUTES, 1)):
        for name in table:
            for tag, lists in allowed.NODES.items():
                if name not in lists[at] | {"id", "name"}:
                    yield prefix, name, tag
                    break


@pytest.mark.parametrize(("prefix", "name", "tag"), list(hosts()))
def test_an_attribute_is_refused_where_it_means_nothing(prefix: str, name: str, tag: str) -> None:
    table = CAMUNDA_ATTRIBUTES if prefix else ATTRIBUTES
    found = findings(work("", f'{prefix}{name}="x"', tag))
    assert any(one.rule == "attribute" and f"{name}=" in one.message for one in found)
    if table[name] == "refused":
        assert told(found, "attribute", name)


def test_attributes_that_run_are_those_of_the_lists() -> None:
    plain = set().union(*(one[0] for one in allowed.NODES.values()), *(one[1] for one in allowed.EVENTS.values()))
    plain |= allowed.DEFINITIONS | {"id", "name", "isExecutable", "processType", "isClosed", "sourceRef", "targetRef"}
    plain |= {"isSequential", "testBefore", "loopMaximum", "language", "errorCode", "escalationCode"}
    assert set(named(ATTRIBUTES, "runs", "drawn")) == plain
    extended = set().union(*(one[1] for one in allowed.NODES.values()), *(one[2] for one in allowed.EVENTS.values()))
    extended |= {"collection", "elementVariable", "historyTimeToLive", "versionTag"}
    assert set(named(CAMUNDA_ATTRIBUTES, "runs", "drawn")) == extended


@pytest.mark.parametrize("name", named(CAMUNDA_ELEMENTS, "refused"))
def test_an_extension_is_refused(name: str) -> None:
    assert told(
        findings(work(f"<bpmn:extensionElements><camunda:{name}/></bpmn:extensionElements>")), "extension", name
    )


def test_extensions_that_run_are_those_of_the_lists() -> None:
    known = set().union(*(one[2] for one in allowed.NODES.values()))
    assert set(named(CAMUNDA_ELEMENTS, "runs")) == known | {"inputParameter", "outputParameter"}
