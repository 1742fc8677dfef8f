"""What is not documented does not exist: settings, commands and problem codes have a heading each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import click

from kt_flows import errors
from kt_flows.api import problems
from kt_flows.cli import main
from kt_flows.engine.step import Trace
from kt_flows.jobs.handlers import MAIL_POLL
from kt_flows.runtime import periodic
from kt_flows.settings import PREFIX, Settings
from kt_flows.store import jobs
from kt_flows.topics import TOPICS

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


def test_every_job_kind_has_a_heading_and_no_other() -> None:
    ours = {jobs.TIMER, jobs.START_TIMER, jobs.INCIDENT, MAIL_POLL, *periodic.EVERY}
    assert headings("job-kinds.md") == set(TOPICS) | ours


def test_a_topic_s_section_names_what_it_takes_and_gives() -> None:
    page = (REFERENCE / "job-kinds.md").read_text(encoding="utf-8")
    sections = {part.partition("\n")[0].strip(): part for part in page.split("\n## ")[1:]}
    for topic in TOPICS.values():
        lines = re.sub(r"\n  ", " ", sections[topic.kind]).splitlines()
        said = {kind: rest for kind, _, rest in (line.removeprefix("- ").partition(": ") for line in lines)}
        for kind, fields in (("inputs", topic.inputs), ("outputs", topic.outputs)):
            told = ", ".join(f"`{name}`: {word}" for name, word in fields.items())
            assert said[kind] == (told or "none"), f"{topic.kind} {kind}"
        assert said["errors"] == (", ".join(f"`{code}`" for code in topic.errors) or "none"), topic.kind


def test_every_kind_of_history_is_told() -> None:
    told = set(re.findall(r"`([a-z.]+)`", "".join(
        row.split("|")[1] for row in (REFERENCE / "history.md").read_text(encoding="utf-8").splitlines()
        if row.startswith("| `")
    )))  # fmt: skip
    kinds = set(get_args(get_type_hints(Trace)["kind"])) | {"started", "changed", "attached", "stuck", "noted"}
    kinds |= {"suspended", "resumed", "migrated", "job.retried", "job.skipped", "job.cancelled", "commented"}
    kinds |= {"claimed", "released", "assigned"}
    kinds |= {"mail.received", "mail.automatic", "mail.late", "mail.bounced"}
    assert kinds <= told
