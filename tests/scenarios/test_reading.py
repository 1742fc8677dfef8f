"""A scenario's file: every slip of the pen is a finding with its line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kt_flows.errors import DiagramError
from kt_flows.scenarios import load_scenarios, read_scenario

WHOLE = """scenario: told
title: Рассказано
covers: ["1"]
clauses: ["5.4"]
start: {at: 2026-03-02T10:00:00+05:00, variables: {a: 1}}
jobs:
  case.find: {found: false}
  email.send: [{$fail: {code: mail.rejected, times: 2}}, {$hold: true}]
steps:
  - complete: ask
    by: staff
    values: {}
  - task: {element: ask, nth: 2}
  - refused: {complete: ask, values: {}, fields: [a]}
  - clock: +1d2h3m4s
  - clock: 2026-03-09T00:00:00+05:00
  - message: {name: m, payload: {}, buffered: true}
  - job: {topic: email.send, fail: {code: x}}
  - expect: {tasks: [], ended: [end, end_again]}
"""


def test_a_whole_one() -> None:
    scenario = read_scenario(WHOLE.encode(), "scenarios/told.yaml")
    assert scenario.start.at == datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert len(scenario.steps) == 8
    assert scenario.steps[3].clock == timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert scenario.steps[5].message.expected is False
    fail, hold = scenario.jobs["email.send"]
    assert fail.fail is not None
    assert (fail.fail.times, hold.hold) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("title: Рассказано", "titel: Рассказано", 2),
        ("title: Рассказано\n", "", None),
        ("scenario: told", "scenario: Told", 1),
        ("scenario: told", "scenario: other", 1),
        ("at: 2026-03-02T10:00:00+05:00", "at: 2026-03-02T10:00:00", 5),
        ("at: 2026-03-02T10:00:00+05:00", "at: 2026-03-02", 5),
        ("variables:", "vars:", 5),
        ("case.find: {found: false}", "case.found: {found: false}", 7),
        ("case.find: {found: false}", "case.find: {was_found: false}", 7),
        ("case.find: {found: false}", "case.find: {found: 5}", 7),
        ("case.find: {found: false}", "case.find: yes", 7),
        ("{$hold: true}", "{$hold: true, mail_id: x}", 8),
        ("{$hold: true}", "{$wait: true}", 8),
        ("times: 2", "times: 0", 8),
        ("    by: staff", "    as: staff", 11),
        ("  - task: {element: ask, nth: 2}", "  - task: {element: ask, nth: 0}", 13),
        ("fields: [a]", "fields: []", 14),
        ("+1d2h3m4s", "1h", 15),
        ("+1d2h3m4s", "+0h", 15),
        ("buffered: true", "bufered: true", 17),
        ("topic: email.send, fail", "topic: email.sent, fail", 18),
        ("expect: {tasks: []", "expect: {task: []", 19),
        ("expect: {tasks: []", "expects: {tasks: []", 19),
        ("expect: {tasks: []", "expect: {jobs: {mail.sent: 1}", 19),
        ("start: {", "start: {refused: {fields: [a]}, ", 9),
    ],
)
def test_slips_are_told_with_their_line(old: str, new: str, line: int | None) -> None:
    assert old in WHOLE
    with pytest.raises(DiagramError) as caught:
        read_scenario(WHOLE.replace(old, new).encode(), "scenarios/told.yaml")
    found = caught.value.findings
    assert {(one.rule, one.file, one.severity) for one in found} == {("scenario", "scenarios/told.yaml", "error")}
    assert line in {one.line for one in found}


@pytest.mark.parametrize("data", [b"", b"- a", b"x", b"scenario: [", b"\xff"])
def test_what_is_no_scenario(data: bytes) -> None:
    with pytest.raises(DiagramError):
        read_scenario(data, "scenarios/told.yaml")


def test_a_folder_tells_all_at_once() -> None:
    files = {
        "scenarios/told.yaml": WHOLE.encode(),
        "scenarios/b.yaml": b"x",
        "scenarios/c.yml": b"",
        "process.bpmn": b"",
    }
    with pytest.raises(DiagramError) as caught:
        load_scenarios(files)
    assert [one.file for one in caught.value.findings] == ["scenarios/b.yaml", "scenarios/c.yml"]
    assert [one.scenario for one in load_scenarios({"scenarios/told.yaml": WHOLE.encode()})] == ["told"]
