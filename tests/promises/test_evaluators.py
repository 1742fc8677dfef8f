"""Nothing of what analysts draw and callers send reaches Python's evaluators: everything runs without them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support import evaluators
from support.hostile import DEPLOYED, KEY, base
from support.service import Service
from support.walk import Walk

PROGRAM = [sys.executable, evaluators.__file__]
BPMN = Path(__file__).resolve().parents[2] / "bpmn"


def test_a_whole_case_and_hostile_deployments_without_evaluators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shipped processes are deployed at the start: diagrams, tables, forms, mails; then a case is walked."""
    told = tmp_path / "told"
    monkeypatch.setenv(evaluators.TOLD, str(told))
    service = Service(tmp_path / "var")
    service.program = PROGRAM
    try:
        service.start()
        walk = Walk(service, "without")
        for move in walk.moves:
            move()
        walk.finish()
        analyst = service.as_("analyst")
        for name, (make, _) in DEPLOYED.items():
            sent = [("files", (path, data)) for path, data in make().items()]
            assert analyst.post("/v1/deployments", files=sent).status_code == 422, name
        sound = [("files", (path, data)) for path, data in base().items()]
        assert analyst.post("/v1/deployments", files=sound).status_code == 201
        assert service.as_("crm").post("/v1/instances", json={"definitionKey": KEY}).status_code == 201
    finally:
        service.stop()
    assert told.read_text() == ""


def test_every_scenario_without_evaluators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    monkeypatch.setenv(evaluators.TOLD, str(told))
    tried = subprocess.run([*PROGRAM, "try", str(BPMN)], capture_output=True, text=True, check=False, timeout=120)
    assert tried.returncode == 0, tried.stdout[-2000:] + tried.stderr[-2000:]
    assert told.read_text() == ""
