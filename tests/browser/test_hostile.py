"""What other people write stays text: script, markup and bidirectional tricks in all that another's page shows."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from support.browser import Person, Sit
from support.service import Service, until
from support.workday import waits_at

TRICKS = (
    "<img src=x onerror=\"window.ran='img'\">",
    "<script>window.ran='script'</script>",
    "javascript:window.ran='link'",
    "{{constructor.constructor(\"window.ran='template'\")()}}",
    "\u202egnp.exe\u202c \u2066\u202btfel\u202c\u2069",
    "\"><svg/onload=window.ran='svg'>",
)
ALL = " ".join(TRICKS)
SEEN = """
() => ({
  ran: window.ran ?? null,
  made: document.querySelectorAll("img[src=x], main script, main iframe, main object, [onerror], [onload]").length,
  links: [...document.querySelectorAll("main a[href]")].filter((one) => one.protocol === "javascript:").length,
  wide: document.documentElement.scrollWidth - innerWidth,
})
"""
CLEAN = {"ran": None, "made": 0, "links": 0}


def unharmed(person: Person) -> None:
    """Nothing ran, nothing was made of it, the page is no wider, and its own rooms are where they were."""
    found = person.page.evaluate(SEEN)
    assert found.pop("wide") <= 0
    assert found == CLEAN
    assert person.page.locator("nav.rooms li").first.is_visible()


@pytest.fixture(scope="module")
def case(service: Service) -> str:
    """A case whose every text was written by somebody who means harm, through the real doors."""
    subscriber = {
        "id": "S-666",
        "name": ALL[:190],
        "phone": "+77010000666",
        "email": "x@subscriber.example",
        "lang": "ru",
    }
    variables: dict[str, Any] = {"subscriber": subscriber, "service": "software_rental", "problem": ALL}
    id = str(service.begin("scheme1_call_160", variables, source="siebel", businessKey=TRICKS[0])["id"])
    task = service.task(id, "check_broadband")["id"]
    anna = service.as_("operator_160")
    assert anna.post(f"/v1/tasks/{task}/comments", json={"text": ALL}).status_code == 201
    files = {"file": ("\u202egnp.<b>exe", b"<script>window.ran='file'</script>", "text/html")}
    assert anna.post(f"/v1/instances/{id}/attachments", files=files).status_code == 201
    body = {"name": f"{TRICKS[0]} {TRICKS[4]}", "query": f"q={TRICKS[0]}", "groups": ["operator_160"]}
    assert service.as_("supervisor_160").post("/v1/filters", json=body).status_code == 201
    notes = {"broadband_ok": True, "broadband_source": "diagnostic", "broadband_notes": ALL}
    service.complete(id, "check_broadband", "operator_160", **notes)
    answers = {
        "symptom": "no_start",
        "problem": ALL,
        "preferred_channel": "email",
        "contact_email": "x@subscriber.example",
    }
    service.complete(id, "register_appeal", "operator_160", **answers)
    until("the provider is asked", lambda: waits_at(service, id, "wait_provider_answer"))
    [request] = service.mail(to="provider@vendor-support.sandbox")[:1]
    reply = EmailMessage()
    reply["From"], reply["To"] = "provider@vendor-support.sandbox", request["headers"]["Reply-To"]
    reply["Subject"], reply["Message-ID"] = f"Re: {TRICKS[1]} {TRICKS[4]}", "<hostile@vendor-support.sandbox>"
    reply.set_content(ALL)
    reply.add_alternative(f"<html><body>{ALL}</body></html>", subtype="html")
    given(service, reply)
    service.task(id, "qualify_answer")
    stray = EmailMessage()
    stray["From"], stray["To"] = f'"{TRICKS[1][:30]}" <x@elsewhere.example>', "complaints@kt.sandbox"
    stray["Subject"], stray["Message-ID"] = ALL[:300], "<stray-hostile@elsewhere.example>"
    stray.set_content(ALL)
    stray.add_attachment(b"MZ", maintype="application", subtype="x-msdownload", filename="\u202egnp.<svg>exe")
    given(service, stray)
    sorting = {"elementId": "sort_mail"}
    until("the stray mail", lambda: service.as_("admin").get("/v1/tasks", params=sorting).json()["items"])
    return id


def given(service: Service, message: EmailMessage) -> httpx.Response:
    headers = {"Content-Type": "message/rfc822"}
    answer = service.as_("admin").post("/v1/sandbox/mail", content=message.as_bytes(), headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


ADDRESSES = (
    "/inbox",
    "/inbox?q=S-666",
    "/tasks/{task}",
    "/cases",
    "/cases/{case}",
    "/cases/{case}?tab=history",
    "/cases/{case}?tab=variables",
    "/cases/{case}?tab=mail",
    "/cases/{case}?tab=tasks",
    "/deadlines?within=PT24H",
    "/stuck",
    "/mail",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_runs_and_nothing_breaks(service: Service, sit: Sit, case: str, address: str) -> None:
    task = service.task(case, "qualify_answer")["id"]
    boss = sit("supervisor_160").open(address.format(case=case, task=task)).settled()
    expect(boss.page.locator("h1")).to_have_count(1)
    unharmed(boss)


def test_an_attached_file_is_handed_out_and_not_shown(service: Service, case: str) -> None:
    boss = service.as_("supervisor_160")
    [file] = boss.get(f"/v1/instances/{case}/attachments").json()["items"]
    answer = boss.get(f"/v1/attachments/{file['id']}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "\u202e" not in file["name"]


def test_labels_of_a_diagram_are_text(service: Service, sit: Sit) -> None:
    """Markup and direction marks in a name are refused at the gate; what passes it is drawn and listed as it is."""
    assert deployed(service, "&lt;script>window.ran='label'&lt;/script>").json()["findings"][0]["rule"] == "xml-label"
    told = deployed(service, f"{TRICKS[2]} {TRICKS[3]}".replace('"', "&quot;"))
    assert told.status_code == 201, told.text
    harm = service.begin("harm", {})["id"]
    boss = sit("admin")
    for address in ("/inbox", f"/cases/{harm}", f"/tasks/{service.task(harm, 'look')['id']}", "/processes/harm"):
        boss.open(address).settled()
        expect(boss.page.locator("h1")).to_have_count(1)
        unharmed(boss)


def deployed(service: Service, name: str) -> httpx.Response:
    diagram = DIAGRAM.replace("NAME", name)
    files = [
        ("files", ("harm/process.bpmn", diagram.encode(), "application/xml")),
        ("files", ("harm/process.yaml", MANIFEST.encode(), "application/yaml")),
    ]
    return service.as_("analyst").post("/v1/deployments", files=files)


SHAPES = {"begin": (100, 100, 36, 36), "look": (200, 78, 120, 80), "finish": (400, 100, 36, 36)}
EDGES = {"to_look": (136, 200), "to_end": (320, 400)}
MANIFEST = "key: harm\nname: {ru: Вред, kk: Зиян, en: Harm}\nowner: nobody\n"
DIAGRAM = (
    """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="defs" targetNamespace="urn:harm"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
  <bpmn:process id="harm" name="NAME" isExecutable="true" camunda:historyTimeToLive="P30D">
    <bpmn:startEvent id="begin" name="NAME"><bpmn:outgoing>to_look</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="to_look" name="NAME" sourceRef="begin" targetRef="look"/>
    <bpmn:userTask id="look" name="NAME" camunda:candidateGroups="operator_160">
      <bpmn:incoming>to_look</bpmn:incoming><bpmn:outgoing>to_end</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="to_end" sourceRef="look" targetRef="finish"/>
    <bpmn:endEvent id="finish" name="NAME"><bpmn:incoming>to_end</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="p" bpmnElement="harm">"""
    + "".join(
        f'<bpmndi:BPMNShape id="s_{id}" bpmnElement="{id}">'
        f'<dc:Bounds x="{x}" y="{y}" width="{wide}" height="{high}"/></bpmndi:BPMNShape>'
        for id, (x, y, wide, high) in SHAPES.items()
    )
    + "".join(
        f'<bpmndi:BPMNEdge id="e_{id}" bpmnElement="{id}">'
        f'<di:waypoint x="{x}" y="118"/><di:waypoint x="{to}" y="118"/></bpmndi:BPMNEdge>'
        for id, (x, to) in EDGES.items()
    )
    + "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"
)
