"""Folders on a disk, for the command line and CI: checked, and their scenarios tried."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import Definition
from kt_flows.engine.packages import read_path, split_packages
from kt_flows.errors import DiagramError, Finding
from kt_flows.scenarios.play import run_scenario
from kt_flows.scenarios.reading import read_scenario
from kt_flows.scenarios.result import ScenarioResult
from kt_flows.scenarios.story import Scenario


def load_scenarios(files: Mapping[str, bytes]) -> tuple[Scenario, ...]:
    """The scenarios among a process folder's files, in order of their names.

    Raises DiagramError with the findings of all of them.
    """
    found: list[Scenario] = []
    findings: list[Finding] = []
    for name in sorted(files):
        if not name.startswith("scenarios/"):
            continue
        try:
            if not name.endswith(".yaml") or name.count("/") > 1:
                raise DiagramError([Finding("error", "scenario", name, "сценарий — это scenarios/<имя>.yaml")])
            found.append(read_scenario(files[name], name))
        except DiagramError as error:
            findings += error.findings
    if findings:
        raise DiagramError(findings)
    return tuple(found)


def check_path(path: Path, strict: bool = False) -> list[Finding]:
    """Findings in a process folder, a folder of them or a .zip, scenarios included; errors first.

    A single folder is checked together with its siblings, which it may call; only its own findings are answered.
    `strict` makes errors of warnings: what we ship has neither.
    """
    files = read_path(path)
    own, siblings = set(_homes(files)), _with_siblings(path, files)
    _, findings = check_packages(siblings)
    findings = [finding for finding in findings if _home(finding.file, siblings) in own]
    for folder, inside in split_packages(files).items():
        try:
            load_scenarios(inside)
        except DiagramError as error:
            findings += [
                dataclasses.replace(finding, file=finding.file if folder == "." else f"{folder}/{finding.file}")
                for finding in error.findings
            ]
    if strict:
        findings = [dataclasses.replace(finding, severity="error") for finding in findings]
    return sorted(findings, key=lambda one: (one.severity, one.file, one.line or 0, one.rule))


def try_path(path: Path, only: str | None = None) -> Iterator[ScenarioResult]:
    """Plays the scenarios in a process folder, a folder of them or a .zip; `only` the one of that name.

    Raises DiagramError where a folder has errors or a process that it calls is not there.  What is wrong in another
    folder beside it is not its concern.
    """
    files = read_path(path)
    packages = split_packages(files)
    siblings = _with_siblings(path, files)
    known, findings = check_packages(siblings)
    errors = [one for one in findings if one.severity == "error" and _home(one.file, siblings) in packages]
    if errors:
        raise DiagramError(errors)
    by_files: dict[str, Definition] = {one.key: one for one in known}
    for _, inside in sorted(packages.items()):
        definition = next((one for one in known if one.files == inside), None)
        if definition is None:
            continue
        for scenario in load_scenarios(inside):
            if only in (None, scenario.scenario):
                yield run_scenario(definition, by_files, scenario)


def _homes(files: Mapping[str, bytes]) -> list[str]:
    return list(split_packages(files))


def _home(file: str, files: Mapping[str, bytes]) -> str | None:
    return max((home for home in _homes(files) if home == "." or file.startswith(f"{home}/")), key=len, default=None)


def _with_siblings(path: Path, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, and where the path is one process folder, those of the folders beside it that are processes."""
    root = path.resolve()
    if path.is_file() or not any(root.glob("*.bpmn")):
        return dict(files)
    found = dict(files)
    for sibling in sorted(root.parent.iterdir()):
        if sibling != root and sibling.is_dir() and any(sibling.glob("*.bpmn")):
            found |= read_path(sibling)
    return found
