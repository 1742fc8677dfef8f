"""`/v1/sandbox/*` over HTTP, in an application as small as can be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse

from kt_flows.clock import ShiftedClock, from_text
from kt_flows.errors import FlowsError, Forbidden, InvalidValues, NotFound
from kt_flows.sandbox.clock import Advance
from kt_flows.sandbox.http import HttpServer
from kt_flows.sandbox.loop import LoopThread
from kt_flows.sandbox.routes import sandbox_router
from kt_flows.sandbox.sandbox import Sandbox
from support.outside import letter


def admin(token: str = Header(default="", alias="Authorization")) -> None:
    if token != "Bearer admin":
        raise Forbidden


async def refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FlowsError)
    status = 403 if isinstance(error, Forbidden) else 404 if isinstance(error, NotFound) else 422
    fields = [fault.field for fault in error.errors] if isinstance(error, InvalidValues) else []
    return JSONResponse({"code": error.code, "fields": fields}, status)


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, ShiftedClock())


@pytest.fixture
def api(box: Sandbox) -> Iterator[httpx.Client]:
    app = FastAPI(exception_handlers={FlowsError: refused})
    assert isinstance(box.clock, ShiftedClock)
    time = Advance(box.clock, lambda offset: None, [box.provider])
    app.include_router(sandbox_router(box, time, dependencies=[Depends(admin)]))
    server, thread = HttpServer({"app": app}), LoopThread("api")
    thread.start()
    thread.call(server.open())
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.ports['app']}/v1/sandbox", headers={"Authorization": "Bearer admin"}
    ) as client:
        yield client
    thread.call(server.close())
    thread.stop()


def test_only_an_admin_gets_in(api: httpx.Client) -> None:
    for method, path in (("GET", "/clock"), ("POST", "/clock"), ("GET", "/mail"), ("PUT", "/siebel")):
        assert api.request(method, path, headers={"Authorization": "Bearer crm"}, json={}).status_code in (403, 422)
    assert api.get("/mail", headers={"Authorization": ""}).status_code == 403


def test_the_clock_tells_and_moves(api: httpx.Client) -> None:
    before = from_text(api.get("/clock").json()["now"])
    answer = api.post("/clock", json={"advance": "PT24H"})
    assert answer.status_code == 200
    after = from_text(answer.json()["now"])
    assert timedelta(hours=24) <= after - before < timedelta(hours=24, minutes=1)
    assert 86_390 < float(answer.json()["offset"].removeprefix("PT").removesuffix("S")) < 86_460


@pytest.mark.parametrize(
    "body", [{}, {"advance": "tomorrow"}, {"advance": 5}, {"advance": "PT1H", "by": 1}, [], None]
)
def test_a_clock_body_that_is_not_right_is_a_422(api: httpx.Client, body: object) -> None:
    assert api.post("/clock", json=body).status_code == 422


def test_mail_that_was_sent_is_listed_newest_first(api: httpx.Client, box: Sandbox) -> None:
    for number in (1, 2):
        box.post.submit(
            box.address, ["aigul@subscriber.example"], letter(number, "aigul@subscriber.example").as_bytes()
        )
    box.post.submit(box.address, [box.provider_address], letter(3).as_bytes())
    items = api.get("/mail").json()["items"]
    assert [item["subject"][-2] for item in items] == ["3", "2", "1"]
    assert set(items[0]) == {"at", "from", "to", "subject", "headers", "text"}
    assert len(api.get("/mail", params={"to": "Aigul@subscriber.example"}).json()["items"]) == 2
    assert len(api.get("/mail", params={"limit": 1}).json()["items"]) == 1


def test_a_posted_message_lies_in_the_mailbox_and_the_service_is_told(api: httpx.Client, box: Sandbox) -> None:
    nudged: list[int] = []
    box.nudge = lambda: nudged.append(1)
    raw = letter(7, "complaints+v1.tok@kt.sandbox").as_bytes()
    answer = api.post("/mail", content=raw, headers={"Content-Type": "message/rfc822"})
    assert answer.status_code == 201
    assert nudged == [1]
    assert raw.replace(b"\n", b"\r\n") in box.mailbox.raw(answer.json()["uid"])
    assert from_text(answer.json()["receivedAt"]) == box.mailbox.mails()[0].at


@pytest.mark.parametrize(
    ("head", "envelope"),
    [
        (b"From: Help <help@provider.kz>\r\n", b"<help@provider.kz>"),
        (b"Return-Path: <>\r\nFrom: help@provider.kz\r\n", b"<>"),
        (b"From: mailer@provider.kz\r\nContent-Type: multipart/report\r\n", b"<>"),
        (b"From: two words\r\n", b"<>"),
    ],
)
def test_a_posted_message_has_its_authors_envelope(
    api: httpx.Client, box: Sandbox, head: bytes, envelope: bytes
) -> None:
    """An empty one would say that a program wrote it."""
    headers = {"Content-Type": "message/rfc822"}
    posted = api.post("/mail", content=head + b"Subject: x\r\n\r\ntext\r\n", headers=headers)
    assert posted.status_code == 201
    assert box.mailbox.raw(posted.json()["uid"]).startswith(b"Return-Path: " + envelope + b"\r\n")


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"From: a@b.c\n\nx", "text/plain", "unsupported_media_type"),
        (b"just words", "message/rfc822", "not_a_message"),
        (b"", "message/rfc822", "not_a_message"),
    ],
)
def test_what_is_no_message_is_refused(api: httpx.Client, box: Sandbox, content: bytes, kind: str, code: str) -> None:
    answer = api.post("/mail", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not box.mailbox.mails()


def test_the_provider_is_told_and_shows_its_mail(api: httpx.Client, box: Sandbox) -> None:
    box.post.submit(box.address, [box.provider_address], letter().as_bytes())
    assert api.get("/provider").json()["mails"][0]["state"] == "waiting"
    told = api.put("/provider", json={"behaviour": "answers"})
    assert told.status_code == 200
    assert told.json()["behaviour"] == "answers"
    assert told.json()["mails"][0]["state"] == "answered"
    assert len(box.mailbox.mails()) == 1
    for body in ({"behaviour": "angry"}, {"behaviour": "late", "hours": 3}, {}):
        assert api.put("/provider", json=body).status_code == 422


def test_a_system_is_told_and_shows_what_it_was_asked(api: httpx.Client, box: Sandbox) -> None:
    told = api.put("/siebel", json={"behaviour": "fail", "times": 3})
    assert told.json() == {
        "system": "siebel",
        "url": box.siebel_url,
        "behaviour": "fail",
        "times": 3,
        "requests": [],
        "serviceRequests": [],
    }
    assert api.get("/billing").json()["entitlements"] == []
    assert api.put("/line", json={"broadbandOk": False}).json()["broadbandOk"] is False
    assert api.put("/platform", json={"missing": ["server_cpu"]}).json()["missing"] == ["server_cpu"]
    assert api.put("/imap", json={"behaviour": "uidvalidity"}).json()["behaviour"] == "ok"


@pytest.mark.parametrize(
    ("system", "body"),
    [
        ("siebel", {"behaviour": "explode"}),
        ("siebel", {"behaviour": "fail", "times": 0}),
        ("siebel", {"behaviour": "fail", "times": "3"}),
        ("siebel", {"behaviour": "fail", "often": 3}),
        ("billing", {"missing": ["server_cpu"]}),
    ],
)
def test_a_behaviour_that_is_not_right_changes_nothing(
    api: httpx.Client, box: Sandbox, system: str, body: dict[str, object]
) -> None:
    assert api.put(f"/{system}", json=body).status_code == 422
    assert box.switches.get(system).behaviour == "ok"


def test_an_unknown_system_is_a_404(api: httpx.Client) -> None:
    assert api.get("/telegraph").status_code == 404
    assert api.put("/telegraph", json={}).status_code == 404
