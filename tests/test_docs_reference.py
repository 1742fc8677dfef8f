"""What is not documented does not exist: settings, commands and problem codes have a heading each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from kt_flows import errors
from kt_flows.api import problems
from kt_flows.cli import main
from kt_flows.settings import PREFIX, Settings

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"


def headings(file: str) -> set[str]:
    return set(re.findall(r"^#{2,3} (.+?)\s*$", (REFERENCE / file).read_text(encoding="utf-8"), re.MULTILINE))


def test_every_setting_has_a_heading_and_no_other() -> None:
    documented = {name for name in headings("settings.md") if name.startswith(PREFIX)}
    assert documented == {PREFIX + name.upper() for name in Settings.model_fields}


def commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def test_every_command_has_a_heading_and_no_other() -> None:
    assert headings("commands.md") == set(commands(main, "kt-flows"))


def test_every_problem_code_has_a_heading() -> None:
    known = {kind.code for kind in problems.STATUS} | {
        kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refused)
    }
    known -= {"error", "outside"}
    assert known <= headings("errors.md")
