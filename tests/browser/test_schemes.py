"""The other schemes as the people of each group see them, from their own pages."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from support.browser import Person, Sit
from support.service import Service, until
from support.workday import alarm, cabinet, subscriber, waits_at


def work(person: Person, case: str, element: str, name: str) -> Person:
    """Opens a case's task by its address and takes it, where nobody has it yet."""
    task = person.service.task(case, element, person.name)["id"]
    person.open(f"/tasks/{task}")
    expect(person.page.get_by_role("heading", level=1, name=name)).to_be_visible()
    take = person.page.get_by_role("button", name=re.compile("^Взять"))
    expect(take).to_be_visible()
    person.press("c")
    expect(take).to_be_hidden()
    expect(
        person.page.locator(".form-island :is(input, textarea):not([readonly]):not(:disabled)").first
    ).to_be_visible()
    return person


def test_scheme_2_late_answer_and_compensation(service: Service, sit: Sit) -> None:
    """The branch says that it is the provider's; he answers after 25 hours; another person grants the month."""
    service.provider("late")
    case = cabinet(service, 31)
    branch = work(sit("branch_ALA"), case, "branch_triage", "Проанализировать запрос")
    branch.tick("Поставщик", of="Ответственность").fill("Причина", "Сбой лицензии").press("Control+Enter")
    until("the provider is asked", lambda: waits_at(service, case, "wait_provider_answer"))
    service.advance("PT24H1M")
    until("the breach", lambda: service.instance(case)["variables"]["breached"])
    officer = work(sit("compensation_officer"), case, "approve_compensation", "Подтвердить компенсацию")
    officer.tick("Подтвердить", of="Решение").press("Control+Enter")
    until("the month", lambda: service.instance(case)["variables"]["compensation_state"] == "granted")
    service.advance("PT1H")
    service.task(case, "qualify_answer")
    # From a task to its case and back without loading anew: what one room has read the other shows.
    anna = sit("operator_160").open(f"/tasks/{service.task(case, 'qualify_answer')['id']}").settled()
    anna.press("3")
    expect(anna.page.get_by_role("tabpanel").get_by_text("provider@vendor-support.sandbox").first).to_be_visible()
    anna.page.get_by_role("link", name=re.compile("Дело")).first.click()
    expect(anna.page).to_have_url(re.compile("/cases/"))
    anna.settled().press("t")
    expect(anna.page.get_by_role("heading", name="Файлы")).to_be_visible()
    anna.press("m")
    expect(anna.page.get_by_text("provider@vendor-support.sandbox").first).to_be_visible()
    # Who watches deadlines sees on the case's page that it was late, and what was done for it.
    chief = sit("admin").open(f"/cases/{case}?tab=history")
    expect(chief.page.get_by_text("compensation_officer").first).to_be_visible()
    chief.open(f"/cases/{case}?tab=mail")
    expect(chief.page.get_by_text("provider@vendor-support.sandbox").first).to_be_visible()


def test_scheme_3_is_transferred_to_160_and_nothing_is_asked_twice(service: Service, sit: Sit) -> None:
    """What 165 found out about broadband 160 does not ask again: its first task is the registration."""
    variables = {"subscriber": subscriber(3), "service": "software_rental", "problem": "Не запускается"}
    case = str(service.begin("scheme3_call_165", variables, source="siebel", businessKey="165-1")["id"])
    repair = work(sit("operator_165"), case, "clarify_165", "Выяснить: запрос в кабинете? ШПД?")
    repair.tick("нет", of="Запрос в кабинете есть?").tick("нет", of="Проблемы с ШПД есть?").press("Control+Enter")
    until("165 is done", lambda: service.instance(case)["state"] == "completed")
    anna = sit("operator_160")
    anna.press("/").type(subscriber(3)["name"])
    expect(anna.page.get_by_role("row", name=subscriber(3)["phone"])).to_have_count(1)
    anna.press("Enter")  # from the search to the list
    expect(anna.page.get_by_role("grid")).to_be_focused()
    anna.press("Enter")
    expect(anna.page.get_by_role("heading", name=re.compile("Зарегистрировать обращение"))).to_be_visible()
    task = anna.page.url.rpartition("/")[2].partition("?")[0]
    there = service.as_("admin").get(f"/v1/tasks/{task}").json()
    assert there["variables"]["broadband_ok"] is True
    lines = [(line["kind"], line["elementId"]) for line in service.history(there["instanceId"])]
    assert ("entered", "check_broadband") not in lines


def test_an_ott_incident_is_redirected_and_verified(service: Service, sit: Sit) -> None:
    """160 sees the banner; the engineer hands it to the platform's support, verifies, and the banner goes."""
    case = alarm(service, "ott-edge-07/no-output", node="ott-edge-07")
    anna = sit("operator_160")
    expect(anna.page.get_by_text("ott-edge-07").first).to_be_visible()
    engineer = work(sit("gcust_engineer"), case, "gcust_diagnose", "Найти и устранить причину")
    engineer.tick("Передать в техподдержку i-Vision", of="Чем кончилось").fill("Что сделано", "Кодер не отвечает")
    engineer.press("Control+Enter")
    answer = "msg_platform_support_answer"

    def awaited() -> dict[str, str] | None:
        waits = service.instance(case)["waits"]
        return next((wait["correlation"] for wait in waits if wait.get("name") == answer), None)

    correlation = until("the platform's support is asked", awaited)
    body = {"name": answer, "correlation": correlation, "payload": {"answer_text": "Кодер заменён"}}
    assert service.as_("crm").post("/v1/messages", json=body).json()["result"] == "delivered"
    work(engineer, case, "gcust_verify", "Проверить устранение").tick("Устранение проверено")
    engineer.fill("Что проверено", "Поток есть").press("Control+Enter")
    until("the end", lambda: service.instance(case)["state"] == "completed")
    expect(anna.page.get_by_text("ott-edge-07")).to_have_count(0)
