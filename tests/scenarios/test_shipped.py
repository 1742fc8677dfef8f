"""Every scenario beside the shipped diagrams passes, and the diagrams have not so much as a warning."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import Definition
from kt_flows.engine.packages import read_path
from kt_flows.scenarios import check_path, read_scenario, run_scenario

BPMN = Path(__file__).resolve().parents[2] / "bpmn"


@functools.cache
def shipped() -> dict[str, Definition]:
    definitions, _ = check_packages(read_path(BPMN))
    return {one.key: one for one in definitions}


def stories() -> list[Path]:
    return sorted(BPMN.glob("*/scenarios/*.yaml"))


@pytest.mark.parametrize("file", stories(), ids=lambda file: f"{file.parent.parent.name}/{file.stem}")
def test_scenario(file: Path) -> None:
    definitions = shipped()
    scenario = read_scenario(file.read_bytes(), f"scenarios/{file.name}")
    folder = file.parent.parent
    definition = next(one for one in definitions.values() if one.key == folder.name)
    result = run_scenario(definition, definitions, scenario)
    assert result.passed, "\n".join(result.lines)


def test_shipped_diagrams_have_no_findings() -> None:
    assert check_path(BPMN, strict=True) == []
