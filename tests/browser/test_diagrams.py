"""Every shipped diagram can be read where it is shown, without zooming in; tokens and their clocks are in sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from support.browser import Person, Sit
from support.service import Service, until
from support.workday import alarm, cabinet, call, registered, subscriber, waits_at

BPMN = Path(__file__).resolve().parents[2] / "bpmn"
KEYS = sorted(path.parent.name for path in BPMN.glob("*/process.yaml"))
LEAST = 10.5
"""Pixels of a letter's height box: below that a label cannot be read on an ordinary screen."""
LABELS = """
() => [...document.querySelectorAll(".djs-container text")].filter((one) => one.textContent.trim()).map((one) => {
  const turned = one.getScreenCTM();
  return [one.textContent, parseFloat(getComputedStyle(one).fontSize) * Math.hypot(turned.a, turned.b)];
})
"""
STARTS: dict[str, dict[str, Any]] = {
    "scheme1_call_160": {"subscriber": subscriber(1), "service": "software_rental", "problem": "?"},
    "scheme2_cabinet": {
        "request_id": "D-1",
        "branch": "ALA",
        "subscriber": subscriber(2),
        "service": "software_rental",
        "problem": "?",
    },
    "scheme3_call_165": {"subscriber": subscriber(4), "service": "software_rental", "problem": "?"},
    "ott_performance": {},
}


@pytest.fixture(scope="module")
def cases(service: Service) -> dict[str, str]:
    """Every shipped process by a case in whose view its diagram is."""
    found = {key: str(service.begin(key, variables)["id"]) for key, variables in STARTS.items()}
    found["ott_incident"] = alarm(service, "ott-edge-09/none")
    mail = {"mail_id": "1", "mail_from": "a@b.kz", "mail_subject": "?", "mail_text": "?"}
    found["unsorted_mail"] = str(service.begin("unsorted_mail", mail)["id"])
    for root in ("scheme1_call_160", "scheme2_cabinet", "scheme3_call_165"):
        answer = service.as_("admin").get(f"/v1/instances/{found[root]}/definitions")
        for one in answer.json()["items"]:
            found.setdefault(one["key"], found[root])
    assert set(found) == set(KEYS)
    return found


def labels(person: Person) -> list[tuple[str, float]]:
    person.page.wait_for_selector(".djs-container text")
    person.page.wait_for_timeout(300)  # it is fitted once it is drawn
    return [(text, round(size, 1)) for text, size in person.page.evaluate(LABELS)]


@pytest.mark.parametrize("key", KEYS)
def test_labels_are_large_enough_to_read(cases: dict[str, str], sit: Sit, key: str) -> None:
    chief = sit("admin").open(f"/cases/{cases[key]}?process={key}")
    assert [one for one in labels(chief) if one[1] < LEAST] == []


def case_of(service: Service, kind: str) -> tuple[str, str]:
    """A case, and the element where its token is to be seen."""
    if kind == "scheme 1":
        return call(service, 1), "check_broadband"
    if kind == "the provider":
        id = registered(service, 0)
        until("the provider's mail", lambda: waits_at(service, id, "wait_provider_answer"))
        return id, "wait_provider_answer"
    if kind == "scheme 2":
        return cabinet(service, 71), "branch_triage"
    return alarm(service, "ott-edge-10/none"), "gcust_diagnose"


@pytest.mark.parametrize("kind", ["scheme 1", "the provider", "scheme 2", "an incident"])
def test_tokens_are_in_sight_and_told_beside(service: Service, sit: Sit, kind: str) -> None:
    id, element = case_of(service, kind)
    chief = sit("admin").open(f"/cases/{id}")
    assert [one for one in labels(chief) if one[1] < LEAST] == []
    name = element_name(service, element)
    expect(
        chief.page.get_by_role("button", name=name).or_(chief.page.get_by_role("link", name=name)).first
    ).to_be_visible()
    chief.page.get_by_role("button", name=name).or_(chief.page.get_by_role("link", name=name)).first.click()
    shape = chief.page.locator(f".djs-container [data-element-id='{element}']").first
    expect(shape).to_be_in_viewport()


def element_name(service: Service, element: str) -> str:
    texts: dict[str, Any] = service.as_("admin").get("/v1/texts").json()["processes"]
    return next(str(one["elements"][element]["name"]["ru"]) for one in texts.values() if element in one["elements"])
