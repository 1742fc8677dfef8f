"""What analysts may decide otherwise: one changed constant or row, no change of code, another behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kt_flows.engine.check import check_packages
from kt_flows.engine.packages import read_path
from kt_flows.errors import InvalidValues
from kt_flows.scenarios import ScenarioResult, read_scenario, run_scenario

BPMN = Path(__file__).resolve().parents[2] / "bpmn"
PROVIDER = "provider_resolution"


def variant(key: str, file: str, old: str, new: str, scenario: str, **steps: Any) -> ScenarioResult:
    """Plays a shipped scenario, its steps replaced, on a folder with one text changed."""
    files = read_path(BPMN)
    path = f"{key}/{file}"
    assert old.encode() in files[path]
    files = {**files, path: files[path].replace(old.encode(), new.encode())}
    definitions = {one.key: one for one in check_packages(files)[0]}
    assert key in definitions, "the changed folder is still sound"
    owner, _, name = scenario.partition("/")
    story = yaml.safe_load(read_path(BPMN)[f"{owner}/scenarios/{name}.yaml"].decode())
    story = {**story, **steps}
    data = yaml.safe_dump(story, allow_unicode=True).encode()
    return run_scenario(definitions[owner], definitions, read_scenario(data, f"{name}.yaml"))


@pytest.mark.acceptance("26")
def test_the_vendors_three_days_as_72_hours() -> None:
    result = variant(
        PROVIDER,
        "process.yaml",
        "value: civil",
        "value: hours72",
        f"{PROVIDER}/vendor_in_time",
        steps=[
            {"message": {"name": "msg_vendor_escalated", "payload": {"received_at": "2026-03-02T10:00:00Z"}}},
            {"expect": {"variables": {"due_at": "2026-03-05T09:00:00Z"}}},
        ],
    )
    assert result.passed, result.lines


@pytest.mark.acceptance("28")
def test_a_late_vendor_claim_may_switch_the_deadline() -> None:
    result = variant(
        PROVIDER,
        "process.yaml",
        "value: breach",
        "value: switch",
        f"{PROVIDER}/vendor_too_late",
        steps=[
            {"clock": "+25h"},
            {"message": {"name": "msg_vendor_escalated", "payload": {"received_at": "2026-03-03T06:00:00Z"}}},
            {"expect": {"variables": {"breached": False, "due_at": "2026-03-05T19:00:00Z"}}},
        ],
    )
    assert result.passed, result.lines


@pytest.mark.acceptance("11")
def test_compensation_for_scheme_1_is_a_row_not_code() -> None:
    old = (
        '<text>"none"</text>\n        </outputEntry>\n        <outputEntry id="dmn_compensation_policy_rule_1_out_2">'
    )
    result = variant(
        "compensation",
        "policy.dmn",
        old,
        old.replace("none", "confirm"),
        "compensation/scheme1_none",
        steps=[{"expect": {"tasks": ["approve_compensation"]}}],
    )
    assert result.passed, result.lines


def shipped(key: str) -> Any:
    return next(one for one in check_packages(read_path(BPMN))[0] if one.key == key)


@pytest.mark.acceptance("69")
@pytest.mark.parametrize(
    ("device_type", "os", "taken"),
    [
        ("web", "Windows", True),
        ("web", "Mac OS", True),
        ("web", "Linux", True),
        ("mobile", "iOS", True),
        ("mobile", "Android", True),
        ("smart_tv", None, True),
        ("fridge", None, False),
        ("web", "BeOS", False),
    ],
)
def test_devices_are_those_of_annex_3(device_type: str, os: str | None, taken: bool) -> None:
    form = shipped("ott_support").start_form
    values = {"subscriber_id": "S-1", "symptom": "slow", "device_type": device_type} | ({"os": os} if os else {})
    if taken:
        assert form.check(values)["device_type"] == device_type
    else:
        with pytest.raises(InvalidValues):
            form.check(values)


@pytest.mark.acceptance("67")
def test_no_ott_diagram_sends_an_engineer() -> None:
    """Annex 3, point 2: no visit for installation; subscriptions are made in the cabinet only."""
    for key in ("ott_support", "ott_incident", "ott_performance", "idtv_support"):
        definition = shipped(key)
        said = " ".join(f"{one.id} {one.name}" for one in definition.elements.values()).lower()
        for form in definition.forms.values():
            said += " ".join(str(value) for _, field in form.fields() for value in field.options or ()).lower()
        assert not any(word in said for word in ("visit", "выезд", "визит")), key
    help_text = shipped("idtv_support").files["forms/support_answer.form"].decode()
    assert "только через Личный кабинет Megaline/iD Net" in help_text


@pytest.mark.acceptance("65")
@pytest.mark.parametrize("symptom", ["no_start", "no_access", "licence", "slow", "data", "billing", "other"])
@pytest.mark.parametrize("internet_ok", [True, False])
def test_ott_takes_the_same_way_as_idtv(symptom: str, internet_ok: bool) -> None:
    definitions = {one.key: one for one in check_packages(read_path(BPMN))[0]}

    def way(key: str, **more: Any) -> list[str]:
        story = {
            "scenario": "way",
            "title": "путь",
            "start": {
                "at": "2026-03-02T10:00:00+05:00",
                "variables": {"subscriber_id": "S-1", "symptom": symptom, "internet_ok": internet_ok, **more},
            },
            "steps": [{"expect": {"visited": []}}],
        }
        data = yaml.safe_dump(story, allow_unicode=True).encode()
        result = run_scenario(definitions[key], definitions, read_scenario(data, "way.yaml"))
        return [
            line.element_id for line in result.trace if line.process_key == "idtv_support" and line.kind == "entered"
        ]

    assert way("ott_support") == way("idtv_support", service="idtv")
