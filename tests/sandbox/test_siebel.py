"""The Siebel emulator with httpx: Siebel's own manners."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch


def rows(sandbox: Sandbox) -> str:
    return sandbox.siebel_url + "/siebel/v1.0/data/Service%20Request/Service%20Request"


def put(sandbox: Sandbox, key: str | None = None, **fields: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    named = {name.replace("_", " "): value for name, value in fields.items()}
    return httpx.put(rows(sandbox), json=named, headers=headers, timeout=10)


def find(sandbox: Sandbox, spec: str, **more: str) -> httpx.Response:
    return httpx.get(rows(sandbox), params={"searchspec": spec, **more})


def test_put_creates_once_and_updates_afterwards(sandbox: Sandbox) -> None:
    first = put(sandbox, Integration_Id="A-1", Status="Open", Abstract="Не запускается").json()["items"]
    second = put(sandbox, Integration_Id="A-1", Status="Closed").json()["items"]
    assert first["Id"] == second["Id"] == first["SR Number"]
    row = find(sandbox, "[Integration Id]='A-1'").json()["items"]
    assert (row["Status"], row["Abstract"], row["Mod Id"]) == ("Closed", "Не запускается", "1")
    assert len(sandbox.emulators["siebel"].seen()["serviceRequests"]) == 1


def test_one_row_is_an_object_unless_a_uniform_response_is_asked_for(sandbox: Sandbox) -> None:
    number = put(sandbox, Integration_Id="A-1").json()["items"]["SR Number"]
    assert isinstance(find(sandbox, f"([SR Number]='{number}')").json()["items"], dict)
    (row,) = find(sandbox, f"[SR Number]='{number}'", uniformresponse="y", fields="Integration Id").json()["items"]
    assert set(row) == {"Id", "Integration Id", "Link"}


def test_no_rows_are_a_404(sandbox: Sandbox) -> None:
    answer = find(sandbox, "[Integration Id]='nobody'", uniformresponse="y")
    assert answer.status_code == 404
    assert "There is no data" in answer.json()["ERROR"]


def test_a_page_has_ten_rows_and_never_more_than_a_hundred(sandbox: Sandbox) -> None:
    for number in range(12):
        put(sandbox, Integration_Id=f"A-{number}")
    assert len(httpx.get(rows(sandbox)).json()["items"]) == 10
    assert len(httpx.get(rows(sandbox), params={"StartRowNum": "10"}).json()["items"]) == 2
    assert len(httpx.get(rows(sandbox), params={"PageSize": "1000"}).json()["items"]) == 12


def test_a_quote_in_a_value_is_doubled(sandbox: Sandbox) -> None:
    put(sandbox, Integration_Id="O'Neil")
    assert find(sandbox, "[Integration Id]='O''Neil'").json()["items"]["Integration Id"] == "O'Neil"


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"Status": "Open"}, "SBL-EAI-04397"), ({"Integration_Id": "A", "Abstract": "я" * 101}, "SBL-EAI-04401")],
)
def test_errors_are_a_500_with_an_sbl_code(sandbox: Sandbox, fields: dict[str, str], code: str) -> None:
    answer = put(sandbox, **fields)
    assert answer.status_code == 500
    assert code in answer.json()["ERROR"]
    assert find(sandbox, "not a spec").status_code == 500


@pytest.mark.acceptance("12")
def test_failing_and_lost_answers_leave_one_service_request(sandbox: Sandbox) -> None:
    sandbox.tell("siebel", Switch("fail", times=2))
    answers = [put(sandbox, "job-1", Integration_Id="A-1") for _ in range(2)]
    sandbox.tell("siebel", Switch("repeat", times=1))
    answers += [put(sandbox, "job-1", Integration_Id="A-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 500, 504, 200]
    assert "SBL-" in answers[0].json()["ERROR"]
    assert len(sandbox.emulators["siebel"].records) == 1


def test_a_refusal_for_good_is_a_500_too_and_its_code_tells(sandbox: Sandbox) -> None:
    sandbox.tell("siebel", Switch("reject"))
    answer = put(sandbox, Integration_Id="A-1")
    assert answer.status_code == 500
    assert "SBL-EAI-04397" in answer.json()["ERROR"]
