"""An analyst's morning, by commands alone, while cases run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from support.service import Service, until
from support.walk import Walk

BPMN = Path(__file__).resolve().parents[2] / "bpmn"


def kt_flows(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"KT_FLOWS_VAR_DIR": str(service.var), "KT_FLOWS_MODE": "sandbox"}
    return subprocess.run(
        [str(Path(sys.executable).with_name("kt-flows")), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def deadline_hours(service: Service, walk: Walk) -> float:
    def look() -> dict[str, str] | None:
        variables = service.instance(walk.id)["variables"]
        return variables if variables.get("due_at") else None

    seen = until("the deadline", look)
    return (datetime.fromisoformat(seen["due_at"]) - datetime.fromisoformat(seen["appeal_at"])).total_seconds() / 3600


def forwarded(service: Service, key: str) -> Walk:
    walk = Walk(service, key)
    walk.start()
    walk.check()
    walk.register()
    walk.provider_is_asked()
    return walk


@pytest.mark.acceptance("71")
def test_a_changed_deadline_and_text_reach_new_cases_only(service: Service, tmp_path: Path) -> None:
    old = forwarded(service, "before")
    assert deadline_hours(service, old) == 24
    copy = tmp_path / "bpmn"
    shutil.copytree(BPMN, copy)
    package = copy / "provider_resolution"
    table = next(path for path in package.glob("*.dmn") if "dmn_sla_profile" in path.read_text(encoding="utf-8"))
    edit(table, "<text>24</text>", "<text>12</text>")
    for scenario in (package / "scenarios").glob("*.yaml"):
        scenario.unlink()  # they tell of 24 hours
    mail = package / "mail" / "ask_provider.ru.txt"
    mail.write_text(mail.read_text(encoding="utf-8") + "\nНовая строка письма.\n", encoding="utf-8")

    checked = kt_flows(service, "check", str(package))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tried = kt_flows(service, "try", str(copy / "notify_subscriber"))
    assert tried.returncode == 0, tried.stdout + tried.stderr
    deployed = kt_flows(service, "deploy", str(package))
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr

    new = forwarded(service, "after")
    assert deadline_hours(service, new) == 12
    assert "Новая строка письма." in new.request_mails()[0]["text"]
    assert deadline_hours(service, old) == 24
    assert "Новая строка письма." not in old.request_mails()[0]["text"]
    old.answer()
    old.qualify()
    old.finish()


def test_a_broken_diagram_is_refused_with_file_element_and_line(service: Service, tmp_path: Path) -> None:
    copy = tmp_path / "bpmn"
    shutil.copytree(BPMN, copy)
    diagram = copy / "scheme1_call_160" / "process.bpmn"
    edit(diagram, "broadband_ok == ", "broadband_okay == ")
    line = next(
        number
        for number, text in enumerate(diagram.read_text(encoding="utf-8").splitlines(), 1)
        if "broadband_okay" in text
    )
    for command in ("check", "deploy"):
        refused = kt_flows(service, command, str(copy / "scheme1_call_160"))
        assert refused.returncode != 0
        said = refused.stdout + refused.stderr
        assert "process.bpmn" in said
        assert "broadband_okay" in said
        assert any(f":{near}" in said for near in range(line - 3, line + 1)), said
    versions = service.as_("analyst").get("/v1/definitions", params={"key": "scheme1_call_160"}).json()["items"]
    assert len(versions) == 1
