"""What is not documented does not exist: rules, elements, topics and keys of process.yaml stand in the reference."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from kt_flows.engine import manifest
from kt_flows.engine.allowed import EVENTS, LOOPED, NODES
from kt_flows.scenarios import story
from kt_flows.topics import TOPICS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
SAY = {"Finding", "say", "_refuse", "_finding", "findings_of"}


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def headings(name: str, level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+?)\s*$", page(name), re.MULTILINE)


def rules() -> Iterator[str]:
    """Every rule that the gate's sources speak of."""
    for folder in ("engine", "scenarios"):
        for file in (ROOT / "src" / "kt_flows" / folder).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = [*node.args, *(one.value for one in node.keywords if one.arg == "rule")]
                words = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                told = name in SAY and (name, folder) != ("say", "scenarios")
                yield from (word for word in words if told and re.fullmatch(r"[a-z]+(-[a-z]+)*", word))


def test_every_rule_has_a_heading_and_no_other() -> None:
    documented = headings("check-rules.md", 3)
    assert len(documented) == len(set(documented))
    assert set(documented) == set(rules()) - {"error", "warning"}


def test_every_element_and_topic_has_a_heading_and_no_other() -> None:
    known = set(NODES) | set(EVENTS) | set(LOOPED) | set(TOPICS) | {"sequenceFlow"}
    gone = set(headings("elements.md", 3)) - known
    # Events are told by what happens; where each may stand is a table.
    told_in_the_table = {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
    }
    assert gone == set()
    assert set(headings("elements.md", 3)) | told_in_the_table == known


@pytest.mark.parametrize("tag", NODES)
def test_every_attribute_is_told(tag: str) -> None:
    plain, extended, elements = NODES[tag]
    text = page("elements.md")
    for name in (plain | extended | elements) - {"gatewayDirection"}:
        assert re.search(rf"\b{name}\b", text) or name in ("inputOutput",), name


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.kind)
def test_every_topic_is_told_as_it_is(topic: object) -> None:
    text = page("elements.md").split(f"### {topic.kind}\n")[1].split("\n###")[0]  # type: ignore[attr-defined]
    for name, word in {**topic.inputs, **topic.outputs}.items():  # type: ignore[attr-defined]
        assert f"`{name}` {word}" in text
    for code in topic.errors:  # type: ignore[attr-defined]
        assert f"`{code}`" in text


def fields(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_every_key_of_process_yaml_is_told() -> None:
    text = page("process-yaml.md")
    assert set(headings("process-yaml.md", 2)) == fields(manifest.Manifest)
    for model in (manifest.Constant, manifest.Variable, manifest.Message, manifest.Facts):
        for name in fields(model):
            assert f"`{name}`" in text, name


def test_every_key_of_a_scenario_is_told() -> None:
    text = page("scenarios.md")
    told = (
        story.Scenario,
        story.Start,
        story.Expectations,
        story.Waits,
        story.Mail,
        story.MessageBody,
        story.JobBody,
    )
    for model in told:
        for name in fields(model) - {"file", "received"}:
            assert re.search(rf"`{name}`|\b{name}:", text), name
    assert set(headings("scenarios.md", 3)) == set(story.STEPS)
