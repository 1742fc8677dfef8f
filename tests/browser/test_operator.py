"""An operator at work: by keyboard alone, against a colleague, through a crash."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from support.browser import Person, Sit, killable
from support.service import Service, until
from support.workday import call, waits_at


def takes(person: Person, case: str) -> None:
    """By key, and the form is there to be filled in."""
    expect(person.page.get_by_role("button", name="Взять", exact=False).first).to_be_visible()
    person.press("c")
    expect(person.page.get_by_role("textbox", name="Заметки")).to_be_editable()
    until("it is theirs", lambda: person.service.task(case, "check_broadband")["assignee"] == person.name)


def test_the_whole_of_scheme_1_by_keyboard_alone(service: Service, sit: Sit) -> None:
    """From the call to the closed case: no click, no tap, one operator."""
    service.provider("answers")
    anna = sit("operator_160")
    page = anna.page
    page.evaluate("() => addEventListener('pointerdown', () => { window.clicked = true; }, true)")
    anna.press("g", "n")
    expect(page).to_have_url(re.compile(r"/start"))
    number = page.locator(".start-list button", has_text="Схема № 1").locator("kbd").get_attribute("data-hint")
    assert number is not None
    anna.press(number)
    anna.fill("Номер абонента", "S-77").fill("Имя", "Сауле Ахметова").fill("Телефон", "+77012223344")
    anna.fill("Электронная почта", "saule@subscriber.example").choose("Язык", "Русский")
    anna.choose("Услуга", "Аренда ПО").fill("Суть обращения", "Программа не запускается").press("Control+Enter")

    expect(page.get_by_role("heading", name="Выяснить работоспособность ШПД")).to_be_visible()
    anna.tick("да", of="ШПД работает?").choose("Откуда известно", "Со слов абонента").press("Control+Enter")

    expect(page.get_by_role("heading", name=re.compile("Зарегистрировать обращение"))).to_be_visible()
    anna.choose("Что не так", "Не запускается").tick("Электронная почта", of="Способ ответа").press("Control+Enter")
    expect(page.get_by_text("Заполните это поле")).to_be_visible()
    anna.type("saule@subscriber.example").press("Control+Enter")  # the focus went to what was missing

    case = until("the case", lambda: service.as_("admin").get("/v1/instances?limit=1").json()["items"])[0]["id"]
    service.task(case, "qualify_answer", "operator_160")
    anna.press("n")
    expect(page.get_by_role("heading", name="Проверить ответ поставщика")).to_be_visible()
    anna.tick("да", of="Ответ окончательный?").tick("Поставщика", of="Чья ошибка")
    anna.fill("Ответ абоненту", "Лицензия продлена, перезапустите программу").press("Control+Enter")
    until("the end", lambda: service.instance(case)["state"] == "completed")
    assert service.mail(to="saule@subscriber.example", contains="Лицензия продлена")
    assert page.evaluate("() => window.clicked") is None


def test_two_operators_race_for_one_task(service: Service, sit: Sit) -> None:
    """Both have it open; one takes and completes it; the other is told by whom, and keeps what was typed."""
    case = call(service, 1)
    task = service.task(case, "check_broadband")["id"]
    anna, boss = sit("operator_160"), sit("supervisor_160")
    for one in (anna, boss):
        one.open(f"/tasks/{task}")
        expect(one.page.get_by_role("heading", level=1)).to_be_visible()
    takes(anna, case)
    anna.tick("да", of="ШПД работает?").fill("Заметки", "Сказал, что всё работает")
    # The other takes it over, knowing whose it was.
    expect(boss.page.get_by_role("button", name="Забрать…")).to_be_visible()
    boss.press("c")
    asked = boss.page.get_by_role("dialog")
    expect(asked).to_contain_text("Сейчас задача у «operator_160»")
    asked.get_by_role("button", name="Забрать себе").click()
    told = anna.page.get_by_role("dialog")
    expect(told).to_contain_text("supervisor_160")
    expect(told).to_contain_text("Сказал, что всё работает")
    assert service.task(case, "check_broadband")["assignee"] == "supervisor_160"


def test_one_key_gives_two_operators_two_tasks(service: Service, sit: Sit) -> None:
    cases = {call(service, 2), call(service, 3)}
    anna, boss = sit("operator_160"), sit("supervisor_160")
    for one in (anna, boss):
        one.press("n")
    for one in (anna, boss):
        expect(one.page).to_have_url(re.compile(r"/inbox/[0-9a-f-]{36}"))
    opened = {one.page.url.rpartition("/")[2].partition("?")[0] for one in (anna, boss)}
    assert len(opened) == 2
    assert cases


def test_a_draft_outlives_a_killed_browser_and_moves_to_another_machine(
    service: Service, browser: Browser, tmp_path: Path
) -> None:
    """Killed with SIGKILL with a form half filled; the same person goes on elsewhere, and in the same browser."""
    case = call(service, 4)
    task = service.task(case, "check_broadband")["id"]
    profile, typed = tmp_path / "profile", "Перезагрузил роутер, не помогло"
    with killable(browser, profile) as (first, kill):
        anna = Person(service, "operator_160", first.new_page()).sign_in().open(f"/tasks/{task}")
        takes(anna, case)
        anna.fill("Заметки", typed)
        until("the draft", lambda: (service.task(case, "check_broadband")["draft"] or {}).get("broadband_notes"))
        kill()
    context = browser.new_context()
    other = Person(service, "operator_160", context.new_page()).sign_in().open(f"/tasks/{task}")
    expect(other.page.get_by_role("textbox", name="Заметки")).to_have_value(typed)
    context.close()
    with killable(browser, profile) as (again, _):
        anna = Person(service, "operator_160", again.new_page()).sign_in().open(f"/tasks/{task}")
        expect(anna.page.get_by_role("textbox", name="Заметки")).to_have_value(typed)


def test_the_service_restarts_under_an_open_page(service: Service, sit: Sit) -> None:
    """Killed and started again while somebody types: they see it, lose nothing, and finish."""
    case = call(service, 5)
    task = service.task(case, "check_broadband")["id"]
    anna = sit("operator_160").open(f"/tasks/{task}")
    takes(anna, case)
    service.kill()
    anna.tick("да", of="ШПД работает?").fill("Заметки", "набрано без службы")
    expect(anna.page.get_by_text("Нет связи со службой")).to_be_visible()
    service.start()
    expect(anna.page.get_by_text("Нет связи со службой")).to_be_hidden(timeout=30_000)
    anna.choose("Откуда известно", "Со слов абонента").press("Control+Enter")
    until("the next task", lambda: waits_at(service, case, "register_appeal"))
    assert service.instance(case)["variables"]["broadband_notes"] == "набрано без службы"


def test_what_happens_elsewhere_is_seen_and_moves_nothing_under_the_hand(service: Service, sit: Sit) -> None:
    first = call(service, 6)
    anna = sit("operator_160")
    rows = anna.page.locator("[role=row]")
    expect(anna.page.get_by_role("grid")).to_contain_text("1-7006")
    rows.first.hover()
    before = rows.first.inner_text()
    call(service, 7)
    expect(anna.page.get_by_role("button", name=re.compile("показать", re.I))).to_be_visible(timeout=3000)
    assert rows.first.inner_text() == before
    anna.press(".")
    expect(anna.page.get_by_role("grid")).to_contain_text("1-7007")
    taken = service.task(first, "check_broadband")["id"]
    service.as_("supervisor_160").post(f"/v1/tasks/{taken}/claim")
    expect(anna.page.get_by_role("grid")).to_contain_text("supervisor_160", timeout=3000)


def test_many_at_once_with_a_way_back(service: Service, sit: Sit) -> None:
    """Marked by keys, taken at once, one that somebody else was quicker for told by itself, and undone."""
    cases = [call(service, number) for number in (8, 9, 10)]
    tasks = [service.task(case, "check_broadband")["id"] for case in cases]
    anna = sit("operator_160").open("/inbox?q=1-70&elementId=check_broadband&unassigned=true")
    for number in (8, 9, 10):
        anna.page.get_by_role("row", name=re.compile(f"1-70{number:02}")).get_by_role("checkbox").check(force=True)
    service.as_("supervisor_160").post(f"/v1/tasks/{tasks[0]}/claim")
    anna.press("c")
    told = anna.page.get_by_role("dialog")
    expect(told).to_be_visible()
    holders = [service.task(case, "check_broadband")["assignee"] for case in cases]
    assert holders == ["supervisor_160", "operator_160", "operator_160"]
    anna.press("Escape")
    anna.page.get_by_role("button", name="Вернуть").click()
    for task in tasks[1:]:
        until(
            "it is nobody's",
            lambda task=task: service.as_("admin").get(f"/v1/tasks/{task}").json()["assignee"] is None,
        )
