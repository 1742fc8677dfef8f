"""The HTTP emulators with httpx: what they do, once per key, and each fault."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from kt_flows.errors import InvalidValues, NotFound
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
from kt_flows.sandbox.systems import INDICATORS

MONTH = {"entitlement_key": "appeal-1:0", "subscriber_id": "S-1", "service": "ott", "months": 1}
CALLS = {
    "cabinet": ("/v1/subscribers/S-1/messages", {"subject": "Ответ", "body": "Готово", "request_id": "R-1"}),
    "billing": ("/v1/entitlements", MONTH),
    "line": ("/v1/line-tests", {"subscriber_id": "S-1"}),
    "broadband": ("/v1/faults", {"subscriber_id": "S-1", "problem": "Нет сети"}),
}


def call(sandbox: Sandbox, system: str, key: str | None = "job-1", **changes: object) -> httpx.Response:
    path, body = CALLS[system]
    headers = {"Idempotency-Key": key} if key else {}
    return httpx.post(sandbox.url(system) + path, json=body | changes, headers=headers, timeout=10)


def records(sandbox: Sandbox, system: str) -> list[dict[str, object]]:
    return sandbox.emulators[system].records


@pytest.mark.parametrize("system", CALLS)
def test_the_same_key_again_is_one_record_and_the_same_answer(sandbox: Sandbox, system: str) -> None:
    first, second = call(sandbox, system), call(sandbox, system)
    assert first.status_code == 201
    assert second.json() == first.json()
    assert len(records(sandbox, system)) == 1
    assert records(sandbox, system)[0]["subscriber_id"] == "S-1"
    assert len(sandbox.emulators[system].seen()["requests"]) == 2


@pytest.mark.parametrize("system", CALLS)
def test_another_body_under_the_same_key_is_refused(sandbox: Sandbox, system: str) -> None:
    call(sandbox, system)
    other = call(sandbox, system, note="another")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.key_reused")
    assert len(records(sandbox, system)) == 1


@pytest.mark.parametrize("system", CALLS)
def test_failing_as_often_as_told_leaves_nothing_behind(sandbox: Sandbox, system: str) -> None:
    sandbox.tell(system, Switch("fail", times=2))
    assert [call(sandbox, system).status_code for _ in range(3)] == [500, 500, 201]
    assert len(records(sandbox, system)) == 1


@pytest.mark.parametrize(
    ("system", "status", "code"),
    [
        ("cabinet", 404, "cabinet.unknown_subscriber"),
        ("billing", 422, "billing.rejected"),
        ("line", 404, "line.unknown_subscriber"),
        ("broadband", 422, "broadband.rejected"),
    ],
)
def test_a_refusal_has_the_code_that_a_diagram_catches(sandbox: Sandbox, system: str, status: int, code: str) -> None:
    sandbox.tell(system, Switch("reject"))
    answer = call(sandbox, system)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    sandbox.tell(system, Switch())
    assert call(sandbox, system).status_code == 201


@pytest.mark.parametrize("system", CALLS)
def test_a_lost_answer_makes_a_right_caller_ask_again_and_nothing_is_doubled(sandbox: Sandbox, system: str) -> None:
    sandbox.tell(system, Switch("repeat", times=1))
    assert [call(sandbox, system).status_code for _ in range(2)] == [504, 201]
    assert len(records(sandbox, system)) == 1


@pytest.mark.parametrize("system", CALLS)
def test_a_body_that_lacks_something_names_it(sandbox: Sandbox, system: str) -> None:
    path, _ = CALLS[system]
    answer = httpx.post(sandbox.url(system) + path, content=b"{}")
    assert answer.status_code == 422
    assert answer.json()["code"] == f"{system}.invalid"
    assert httpx.post(sandbox.url(system) + path, content=b"{nonsense").status_code == 422


def test_a_hanging_system_answers_nothing_until_it_is_told_to_be_well(sandbox: Sandbox) -> None:
    sandbox.tell("billing", Switch("hang"))
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(sandbox.billing_url + "/v1/entitlements", json=MONTH, timeout=0.3)
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(call(sandbox, "billing")))
    waiting.start()
    requests = sandbox.emulators["billing"].seen
    began = time.monotonic()
    while len(requests()["requests"]) < 1 and time.monotonic() < began + 0.3:
        time.sleep(0.02)
    assert call(sandbox, "line").status_code == 201  # nobody else hangs
    sandbox.tell("billing", Switch())
    waiting.join(5)
    assert [answer.status_code for answer in answers] in ([504], [201])  # told before or after it asked
    assert len(records(sandbox, "billing")) <= 1


def test_a_slow_system_does_answer(sandbox: Sandbox) -> None:
    sandbox.tell("line", Switch("slow", seconds=0.3, times=1))
    began = time.monotonic()
    assert call(sandbox, "line").status_code == 201
    assert time.monotonic() - began >= 0.3


def test_one_entitlement_per_entitlement_key_whatever_the_idempotency_key(sandbox: Sandbox) -> None:
    first, second = call(sandbox, "billing", "job-1"), call(sandbox, "billing", "job-2")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert call(sandbox, "billing", None, months=2).json()["code"] == "billing.key_reused"
    assert len(records(sandbox, "billing")) == 1


def test_a_line_test_finds_what_it_has_been_told(sandbox: Sandbox) -> None:
    assert call(sandbox, "line", "a").json()["broadband_ok"] is True
    sandbox.tell("line", Switch(broadband_ok=False))
    assert call(sandbox, "line", "b").json() == {"broadband_ok": False, "tested_at": "2026-03-02T05:00:00Z"}


@pytest.mark.acceptance("68")
def test_eight_indicators_with_unit_and_time_and_one_without_a_source_is_absent(sandbox: Sandbox) -> None:
    url = sandbox.platform_url + "/v1/indicators"
    measured = httpx.get(url).json()
    assert measured["measured_at"] == "2026-03-02T05:00:00Z"
    assert [indicator["name"] for indicator in measured["indicators"]] == list(INDICATORS)
    assert len(INDICATORS) == 8
    assert all(
        indicator["unit"] and indicator["at"] and indicator["value"] > 0 for indicator in measured["indicators"]
    )
    sandbox.tell("platform", Switch(missing=("server_cpu",)))
    names = [
        indicator["name"]
        for indicator in httpx.get(url, params={"names": "server_cpu,server_ram"}).json()["indicators"]
    ]
    assert names == ["server_ram"]


def test_what_a_system_cannot_do_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        sandbox.tell("telegraph", Switch())
    for system, switch, field in (
        ("billing", Switch("down"), "behaviour"),
        ("billing", Switch(missing=("server_cpu",)), "missing"),
        ("siebel", Switch(address="a@b.c"), "address"),
    ):
        with pytest.raises(InvalidValues) as refused:
            sandbox.tell(system, switch)
        assert [error.field for error in refused.value.errors] == [field]
