"""One trace from a request through its jobs to its mail, across processes, and nothing of the case in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kt_flows.sandbox.switches import Switch
from support.collector import Collector, Seen, collecting
from support.crash_case import PROCESSES
from support.crew import VALUES
from support.service import until
from support.site import Site, http, running_site
from support.warm import warmed

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CANARIES = {
    "id": "S-CANARY-1",
    "name": "Канарейка Кенар",
    "phone": "+77019998877",
    "email": "canary@subscriber.example",
    "lang": "ru",
}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("traces")
    with pytest.MonkeyPatch.context() as environment, warmed() as warm:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        settings = {"mail_poll_seconds": "0.2", "log_level": "info"}
        with running_site(folder, serve=1, work=1, warm=warm, settings=settings) as found:
            door = found.members[0]
            door.kill()
            door.options = ("--no-jobs",)
            found.start()
            found.outside.provider.behave("answers")
            given = [("files", (name, data)) for name, data in PROCESSES.items()]
            assert ask(found, "POST", "/v1/deployments", files=given).status_code == 201
            yield found


def ask(site: Site, method: str, path: str, body: Any = None, *, trace: str = "", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.tokens['admin']}"}
    if trace:
        headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
    return http.request(method, site.addresses[0] + path, json=body, headers=headers, timeout=60, **more)


def begin(site: Site, by: str, trace: str) -> str:
    variables = {"by": by, "key": f"canary-{trace}"}
    body = {"definitionKey": "crash_case", "source": "traces", "businessKey": trace, "variables": variables}
    answer = ask(site, "POST", "/v1/instances", body, trace=trace)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def over(site: Site, id: str) -> None:
    until("the case's end", lambda: ask(site, "GET", f"/v1/instances/{id}").json()["state"] == "completed")


def seen(collector: Collector, trace: str, *names: str) -> dict[str, Seen]:
    """The trace's spans by name, once these are all there."""
    return until(f"spans {names}", lambda: (found := collector.of(trace)).keys() >= set(names) and found)


def test_one_trace_from_the_request_through_its_jobs_to_the_mail(site: Site, collector: Collector) -> None:
    id = begin(site, "mail", TRACE)
    over(site, id)
    spans = seen(collector, TRACE, "POST /v1/instances", "start", "token.issue", "email.send", "mail", "settle.done")
    request, start, job = spans["POST /v1/instances"], spans["start"], spans["email.send"]
    assert request.parent == "00f067aa0ba902b7", "the caller's own span"
    assert request.said["http.response.status_code"] == 201
    assert start.parent == request.id
    assert spans["token.issue"].parent == start.id, "asked for by the request, done by another process"
    assert spans["mail"].parent == job.id
    assert job.said["kt_flows.instance_id"] == id
    assert job.said["kt_flows.element_id"] == "ask"
    [sent] = [mail for mail in site.outside.sent_mail() if f"canary-{TRACE}" in mail["subject"]]
    assert spans["mail"].said["messaging.message.id"] == sent["headers"]["Message-ID"]
    assert request.process != job.process, "serve and work are two processes"


def test_a_call_carries_its_trace_and_a_failure_shows(site: Site, collector: Collector) -> None:
    trace = "a" * 32
    site.outside.tell("siebel", Switch("fail", times=1))
    over(site, begin(site, "siebel", trace))
    seen(collector, trace, "siebel.upsert_sr", "PUT siebel", "settle.again", "settle.done")
    calls = [span for span in collector.spans if span.trace == trace and span.name == "PUT siebel"]
    assert {call.said["http.response.status_code"] for call in calls} == {500, 200}
    tries = [span for span in collector.spans if span.trace == trace and span.name == "siebel.upsert_sr"]
    assert {(one.said["kt_flows.attempt"], one.failed) for one in tries} == {(1, True), (2, False)}


def test_a_timer_begins_a_trace_that_points_at_who_set_it(site: Site, collector: Collector) -> None:
    trace = "b" * 32
    id = begin(site, "timer", trace)
    site.skew(site.skewed_by + 3_600)
    over(site, id)

    def fired() -> Seen | None:
        return next((span for span in collector.spans if span.name == "timer" and trace in span.links), None)

    assert until("the timer's span", fired).trace != trace


def test_log_lines_of_both_processes_name_the_trace(site: Site, collector: Collector) -> None:
    trace = "c" * 32
    site.outside.tell("line", Switch("fail", times=1))
    over(site, begin(site, "line", trace))
    for member in site.members:
        assert f'"trace_id": "{trace}"' in member.log(), member.name


def test_nothing_of_a_case_is_in_any_span(site: Site, collector: Collector) -> None:
    """Values in a start, a form, a mail, a query, a refusal and a system's answer."""
    variables = {"subscriber": CANARIES, "service": "software_rental", "problem": "секрет-канарейки"}
    body = {"definitionKey": "scheme1_call_160", "source": "канал", "businessKey": "дело-канарейки"}
    case = ask(site, "POST", "/v1/instances", body | {"variables": variables}).json()
    for element in ("check_broadband", "register_appeal"):
        values = VALUES[element] | ({"contact_email": CANARIES["email"]} if element == "register_appeal" else {})
        found = ask(site, "GET", f"/v1/tasks?elementId={element}").json()["items"]
        [task] = [task["id"] for task in found if task["instanceId"] == case["id"]]
        assert ask(site, "POST", f"/v1/tasks/{task}/complete", {"values": {"secret": CANARIES["phone"]}}).is_error
        assert ask(site, "POST", f"/v1/tasks/{task}/complete", {"values": values}).is_success
    until(
        "the provider's mail",
        lambda: (
            [mail for mail in site.outside.sent_mail() if CANARIES["id"] in str(mail)]
            or site.rows(f"select 1 from mail_out where instance_id = '{case['id']}'")
        ),
    )
    assert ask(site, "GET", f"/v1/instances?variable.subscriber={CANARIES['phone'][1:]}").status_code < 500
    assert ask(site, "GET", f"/v1/nothing/{CANARIES['phone']}").status_code == 404
    assert ask(site, f"CANARY{CANARIES['phone'][1:]}", "/v1/instances").is_error
    site.outside.tell("billing", Switch("reject", times=1))
    over(site, begin(site, "billing", "d" * 32))
    seen(collector, "d" * 32, "settle.failed")
    ask(site, "POST", "/v1/messages", {"name": "nobody", "correlation": {"key": CANARIES["email"]}, "payload": {}})
    last = "e" * 32
    begin(site, "nothing", last)
    seen(collector, last, "POST /v1/instances")
    exported = b"".join(collector.raw)
    canaries = [*list(CANARIES.values())[:-1], "секрет", "дело-канарейки", "канал", "canary-", "7019998877"]
    assert [canary for canary in canaries if canary.encode() in exported] == []


def test_a_site_whose_collector_is_away_serves_and_stops(tmp_path: Path, site: Site) -> None:
    """Another door of the same site, with nobody at the endpoint."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        door = site.members[0]
        door.kill()
        door.start()
        until("the door ready", lambda: door.ready)
        for number in range(20):
            id = begin(site, "nothing", f"{number + 1:032x}")
            over(site, id)
        door.stop()
        assert door.process is not None
        assert door.process.returncode == 0
