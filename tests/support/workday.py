"""A support desk in the middle of its day: every page has something to show, good and bad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.service import Service, until

PEOPLE = [
    ("S-101", "Айгуль Сериковна Нурланова", "+77011234567", "kk", "software_rental", "Программа не запускается"),
    ("S-102", "Иван Петрович Ким", "+77017654321", "ru", "software_rental", "Пропала лицензия после обновления"),
    ("S-103", "Dana Smith", "+77021112233", "en", "ott", "The channel freezes every few minutes"),
    ("S-104", "Ерлан Абенов", "+77051239876", "kk", "software_rental", "Деректер жоғалды"),
    ("S-105", "Мария Иванова-Краснопольская", "+77071010101", "ru", "software_rental", "Неверная сумма в счёте"),
]
STRAY = (
    "From: Someone <someone@elsewhere.example>\r\nTo: complaints@kt.sandbox\r\nSubject: Re: вопрос по счёту\r\n"
    "Message-ID: <stray-1@elsewhere.example>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0500\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    "Здравствуйте! Отвечаю на ваше письмо, номера обращения не помню.\r\n"
)


@dataclass(frozen=True)
class Workday:
    """Cases by what is the matter with them."""

    waiting: str
    """Scheme 1, at `register_appeal`."""
    asked: str
    """Scheme 1, the provider has mail and is silent."""
    breached: str
    """Scheme 2, overdue: its compensation waits for an officer."""
    stuck: str
    """Scheme 1, Siebel was away until the last try."""
    incident: str
    """An OTT incident in work."""
    branch: str
    """Scheme 2, at a branch's triage."""


def subscriber(number: int) -> dict[str, Any]:
    id, name, phone, lang, *_ = PEOPLE[number % len(PEOPLE)]
    return {"id": id, "name": name, "phone": phone, "email": f"{id.lower()}@subscriber.example", "lang": lang}


def call(service: Service, number: int, **more: Any) -> str:
    """A call to «160»; the case's id."""
    *_, product, problem = PEOPLE[number % len(PEOPLE)]
    variables = {"subscriber": subscriber(number), "service": product, "problem": problem}
    case = service.begin("scheme1_call_160", variables, source="siebel", businessKey=f"1-{7000 + number}", **more)
    return str(case["id"])


def registered(service: Service, number: int) -> str:
    """The same, up to the provider's mail."""
    id = call(service, number)
    service.complete(id, "check_broadband", "operator_160", broadband_ok=True, broadband_source="diagnostic")
    service.complete(
        id,
        "register_appeal",
        "operator_160",
        symptom="no_start",
        problem=PEOPLE[number % len(PEOPLE)][5],
        preferred_channel="email",
        contact_email=subscriber(number)["email"],
    )
    return id


def cabinet(service: Service, number: int, branch: str = "ALA") -> str:
    """A request in the cabinet; the case's id."""
    variables = {
        "request_id": f"CAB-{number}",
        "branch": branch,
        "subscriber": subscriber(number),
        "service": "software_rental",
        "problem": PEOPLE[number % len(PEOPLE)][5],
    }
    return str(service.begin("scheme2_cabinet", variables, source="cabinet", businessKey=f"CAB-{number}")["id"])


def alarm(service: Service, key: str, **more: Any) -> str:
    """An alarm of the OTT platform; the incident's id."""
    variables = {
        "alarm_key": key,
        "node": "ott-edge-01",
        "severity": "critical",
        "probable_cause": "Нет потока на выходе кодера",
        "source": "i-Vision",
        "planned": False,
        **more,
    }
    return str(service.begin("ott_incident", variables, source="i-vision", businessKey=key)["id"])


def busy(service: Service) -> Workday:
    """Fills a fresh sandbox; the provider is silent, more than a day has passed for the oldest."""
    breached = cabinet(service, 1)
    service.complete(breached, "branch_triage", "branch_ALA", responsibility="provider", reason="Это к поставщику")
    until("the cabinet's mail", lambda: waits_at(service, breached, "wait_provider_answer"))
    service.as_("admin").put("/v1/sandbox/siebel", json={"behaviour": "fail"})
    stuck = registered(service, 3)
    until("a mail to the provider", lambda: waits_at(service, stuck, "wait_provider_answer"))
    service.advance("PT31H")  # Siebel is asked for a day and a quarter of one
    until("the last try", lambda: service.instance(stuck)["state"] == "stuck")
    service.as_("admin").put("/v1/sandbox/siebel", json={"behaviour": "reject"})
    by_hand = registered(service, 4)
    until("the refusal", lambda: waits_at(service, by_hand, "fix_siebel_sr"))
    service.as_("admin").put("/v1/sandbox/siebel", json={"behaviour": "ok"})
    asked = registered(service, 0)
    until("the provider's mail", lambda: waits_at(service, asked, "wait_provider_answer"))
    waiting = call(service, 1)
    service.complete(waiting, "check_broadband", "operator_160", broadband_ok=True, broadband_source="diagnostic")
    for number in (0, 2, 3):
        call(service, 10 + number)
    branch = cabinet(service, 2)
    cabinet(service, 3, branch="AST")
    incident = alarm(service, "ott-edge-01/no-output")
    service.as_("admin").post("/v1/sandbox/mail", content=STRAY.encode(), headers={"Content-Type": "message/rfc822"})
    sorting = {"elementId": "sort_mail"}
    until("the stray mail", lambda: service.as_("admin").get("/v1/tasks", params=sorting).json()["items"])
    service.advance("PT11M")
    return Workday(waiting, asked, breached, stuck, incident, branch)


def waits_at(service: Service, id: str, element: str) -> bool:
    """Whether a case stands at an element."""
    return any(wait["elementId"] == element for wait in service.instance(id)["waits"])


def pages(service: Service, day: Workday) -> dict[str, tuple[str, str]]:
    """Every page that there is: who looks at it, and its address."""
    task = service.task(day.waiting, "register_appeal")["id"]
    return {
        "inbox": ("supervisor_160", "/inbox"),
        "inbox-task": ("supervisor_160", f"/inbox/{task}"),
        "task": ("operator_160", f"/tasks/{task}"),
        "start": ("operator_160", "/start"),
        "start-form": ("operator_160", "/start?process=scheme1_call_160"),
        "cases": ("supervisor_160", "/cases"),
        "case-diagram": ("supervisor_160", f"/cases/{day.asked}"),
        "case-history": ("admin", f"/cases/{day.breached}?tab=history"),
        "case-variables": ("admin", f"/cases/{day.breached}?tab=variables"),
        "case-mail": ("supervisor_160", f"/cases/{day.asked}?tab=mail"),
        "case-stuck": ("admin", f"/cases/{day.stuck}"),
        "deadlines": ("admin", "/deadlines?within=PT24H"),
        "figures": ("admin", "/figures"),
        "heat": ("admin", "/processes/scheme1_call_160"),
        "stuck": ("admin", "/stuck"),
        "mail": ("supervisor_160", "/mail"),
        "ott": ("gcust_shift_lead", "/ott"),
    }
