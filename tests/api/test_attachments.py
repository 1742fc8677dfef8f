"""Files of a case: what is refused, what a name becomes, and that nothing of them runs in a browser."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from kt_flows.api import attachments
from kt_flows.api.attachments import MAX_FILE, MAX_NAME, safe_name
from kt_flows.runtime import attach
from support.api import Api, answer, problem


def put(
    api: Api,
    case: dict[str, Any],
    data: bytes = b"text",
    name: str = "a.txt",
    kind: str = "text/plain",
    by: str = "anna",
) -> httpx.Response:
    return api.as_(by).post(f"/v1/instances/{case['id']}/attachments", files={"file": (name, data, kind)})


def test_a_file_comes_back_as_it_was_and_as_nothing_that_runs(api: Api) -> None:
    case, data = api.start("files"), b"<script>alert(1)</script>\x00\xff"
    kept = answer(put(api, case, data, "акт №1; x.html", "text/html"), 201)
    attachments.Attachment.model_validate(kept)
    assert (kept["name"], kept["mediaType"], kept["size"]) == ("акт №1; x.html", "text/html", len(data))
    assert (kept["actor"], kept["sha256"]) == ("anna", hashlib.sha256(data).hexdigest())
    told = answer(api.as_("crm").get(f"/v1/instances/{case['id']}/attachments"))
    assert attachments.Attachments.model_validate(told)
    assert told["items"] == [kept]
    back = api.as_("crm").get(f"/v1/attachments/{kept['id']}")
    assert (back.status_code, back.content) == (200, data)
    assert back.headers["content-type"] == "application/octet-stream"
    assert back.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%D0%B0%D0%BA%D1%82%20%E2%84%961%3B%20x.html"
    )
    assert back.headers.get_list("x-content-type-options") == ["nosniff"]
    assert back.headers.get_list("content-security-policy") == ["sandbox; default-src 'none'"]
    lines = answer(api.as_("crm").get(f"/v1/instances/{case['id']}/history", params={"limit": 500}))["items"]
    assert [(line["actor"], line["detail"]["name"]) for line in lines if line["kind"] == "attached"] == [
        ("anna", "акт №1; x.html")
    ]


def test_the_same_again_changes_nothing(api: Api) -> None:
    case = api.start("files again")
    kept = answer(put(api, case), 201)
    assert answer(put(api, case), 200) == kept
    others = [put(api, case, b"else"), put(api, case, name="b.txt"), put(api, case, by="boris")]
    assert [told.status_code for told in others] == [201, 201, 201]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\счёт.pdf", "счёт.pdf"),
        ("a\x00b\r\nX: y.txt", "abX: y.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066\u200bинвойс\u2069.pdf", "инвойс.pdf"),
        ("  . .hidden. ", "hidden"),
        ("a" * 300 + ".pdf", "a" * (MAX_NAME - 4) + ".pdf"),
        ("a" * 300, "a" * MAX_NAME),
        ("." + "a" * 300, "a" * MAX_NAME),
        ("б" * 200 + "." + "в" * 100, "б" * MAX_NAME),
        ("", ""),
        ("///", ""),
        ("..", ""),
        ("\u202e\x07", ""),
        ("e\u0301.txt", "é.txt"),
    ],
)
def test_what_a_name_becomes(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_hostile_names_over_the_line(api: Api) -> None:
    case = api.start("names")
    for given, kept in (
        ("../../x.txt", "x.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a" * 300, "a" * MAX_NAME),
    ):
        assert answer(put(api, case, given.encode(), name=given), 201)["name"] == kept
    for nameless in ("..", "\u202e", "/"):
        refused = problem(put(api, case, name=nameless), 422, "invalid_values")
        assert [(fault["field"], fault["code"]) for fault in refused["errors"]] == [("file", "name")]


@pytest.mark.parametrize("kind", ["text/html; charset=x", "no type", "a/" + "b" * 200, "", "text/<b>", "TEXT/HTML"])
def test_a_media_type_is_one_or_is_none(api: Api, kind: str) -> None:
    kept = answer(put(api, api.start(f"type {kind[:9]}"), kind=kind), 201)["mediaType"]
    assert kept == ("text/html" if kind.lower().startswith("text/html") else "application/octet-stream")


def test_nothing_and_too_much(api: Api) -> None:
    case = api.start("sizes")
    assert problem(put(api, case, b""), 422, "invalid_values")["errors"][0]["code"] == "empty"
    assert answer(put(api, case, b"x" * MAX_FILE), 201)["size"] == MAX_FILE
    problem(put(api, case, b"x" * (MAX_FILE + 1)), 413, "too_large")
    problem(put(api, case, b"x" * (MAX_FILE + (1 << 20))), 413, "too_large")


def test_bodies_that_are_no_file(api: Api) -> None:
    case = api.start("bodies")
    path, anna = f"/v1/instances/{case['id']}/attachments", api.as_("anna")
    problem(anna.post(path, json={}), 415, "unsupported_media_type")
    problem(anna.post(path), 415, "unsupported_media_type")
    one = ("a.txt", b"x")
    problem(anna.post(path, files={"other": one}), 422, "invalid_values")
    assert anna.post(path, files=[("file", one), ("file", one)]).status_code in (400, 422)
    assert anna.post(path, files={"file": one}, data={"more": "x"}).status_code in (400, 422)
    for raw in (b"", b"--x\r\nnonsense", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n'):
        told = anna.post(path, content=raw, headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert told.status_code in (400, 422), told.text
    assert answer(anna.get(path))["items"] == []


def test_the_hundred_and_first_and_a_case_that_is_over(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    case = api.start("many")
    assert attach.MOST == 100
    monkeypatch.setattr(attach, "MOST", 3)
    for number in range(3):
        answer(put(api, case, name=f"{number}.txt"), 201)
    problem(put(api, case, name="one more.txt"), 409, "too_many_attachments")
    answer(put(api, case, name="1.txt"), 200)
    answer(api.as_("chief").post(f"/v1/instances/{case['id']}/cancel", json={"reason": "?"}))
    problem(put(api, case, name="late.txt"), 409, "instance_not_active")
    assert len(answer(api.as_("anna").get(f"/v1/instances/{case['id']}/attachments"))["items"]) == 3


def test_only_who_sees_the_case(api: Api) -> None:
    case = api.start("mine")
    kept = answer(put(api, case), 201)
    problem(put(api, case, by="almaty"), 404, "not_found")
    problem(api.as_("almaty").get(f"/v1/instances/{case['id']}/attachments"), 404, "not_found")
    problem(api.as_("almaty").get(f"/v1/attachments/{kept['id']}"), 404, "not_found")
    problem(api.as_("anna").get(f"/v1/attachments/{case['id']}"), 404, "not_found")
    problem(put(api, case, by="crm"), 403, "forbidden")
