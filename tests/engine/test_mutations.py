"""Shipped diagrams broken at random: each is refused with findings or runs; none breaks the gate."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import Definition
from kt_flows.engine.packages import read_path
from kt_flows.engine.program import link

BPMN = Path(__file__).resolve().parents[2] / "bpmn"
ROUNDS = 12


@functools.cache
def shipped() -> dict[str, bytes]:
    return read_path(BPMN)


def diagrams() -> list[str]:
    return sorted(name for name in shipped() if name.endswith("/process.bpmn"))


def remove(chance: random.Random, items: list[Any]) -> None:
    item = chance.choice(items)
    if item.getparent() is not None:
        item.getparent().remove(item)


def forget(chance: random.Random, items: list[Any]) -> None:
    item = chance.choice([one for one in items if one.attrib])
    del item.attrib[chance.choice(sorted(item.attrib))]


def swap(chance: random.Random, items: list[Any]) -> None:
    one, two = (chance.choice([item for item in items if item.attrib]) for _ in range(2))
    one.set(chance.choice(sorted(one.attrib)), chance.choice(sorted(two.attrib.values())))


def rename(chance: random.Random, items: list[Any]) -> None:
    chance.choice(items).tag = chance.choice(items).tag


def move(chance: random.Random, items: list[Any]) -> None:
    item, target = chance.choice(items), chance.choice(items)
    if item not in target.iterancestors() and item is not target:
        target.append(item)


def retype(chance: random.Random, items: list[Any]) -> None:
    item = chance.choice([one for one in items if one.text and one.text.strip()])
    item.text = chance.choice(["", "${", "${null}", "${1}", "x", "PT1H", "${now}", "R/PT1S", "${due_at == null}"])


WAYS: list[Callable[[random.Random, list[Any]], None]] = [remove, forget, swap, rename, move, retype]


@pytest.mark.parametrize("name", diagrams())
def test_a_broken_diagram_is_told_or_runs(name: str) -> None:
    chance = random.Random(name)
    home = name.split("/")[0]
    own = {file: data for file, data in shipped().items() if file.startswith(f"{home}/")}
    known = others()
    for number in range(ROUNDS):
        root = etree.fromstring(shipped()[name])
        process = next(item for item in root if etree.QName(item).localname == "process")
        for _ in range(chance.choice([1, 1, 2, 5])):
            items = [item for item in process.iter() if isinstance(item.tag, str) and item is not process]
            chance.choice(WAYS)(chance, items)
        definitions, findings = check_packages({**own, name: etree.tostring(root)}, known)
        errors = [finding for finding in findings if finding.severity == "error"]
        assert all(finding.file and finding.message and finding.rule for finding in findings)
        if not errors:
            (definition,) = definitions
            link(definition, known)
        assert definitions or errors, number


@functools.cache
def others() -> dict[str, Definition]:
    return {one.key: one for one in check_packages(shipped())[0]}
