"""Process folders on a disk, as the command line sees them."""

from __future__ import annotations

from pathlib import Path

from kt_flows.scenarios import check_path, try_path
from support.processes import chain, end, package, start

AT = "2026-03-02T10:00:00+05:00"


def test_folders_on_a_disk(tmp_path: Path) -> None:
    inner = start() + end() + chain("start", "end")
    outer = start() + '<bpmn:callActivity id="c" calledElement="q"/>' + end() + chain("start", "c", "end")
    story = f"scenario: s\ntitle: s\nstart: {{at: {AT}}}\nsteps:\n  - expect: {{ended: end, visited: [c]}}\n"
    files = {**package("p", outer), **package("q", inner), "p/scenarios/s.yaml": story.encode()}
    files["broken/process.bpmn"] = b"<x/>"
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    # The process that it calls comes from the folder beside it; what is wrong elsewhere is not its concern.
    assert [(one.name, one.passed) for one in try_path(tmp_path / "p")] == [("p/s", True)]
    assert list(try_path(tmp_path / "p", "other")) == []
    assert [one.severity for one in check_path(tmp_path / "p") if one.severity == "error"] == []
    assert {one.file for one in check_path(tmp_path) if one.severity == "error"} == {"broken/process.bpmn"}
    assert {one.severity for one in check_path(tmp_path / "p", strict=True)} == {"error"}
    (tmp_path / "p" / "scenarios" / "t.yaml").write_text("scenario: t\n")
    assert {one.rule for one in check_path(tmp_path / "p") if one.severity == "error"} == {"scenario"}
