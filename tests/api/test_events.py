"""The event stream: what the caller may see, at once, and no gap after a broken line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from kt_flows.api import events, tokens
from kt_flows.runtime import keys
from support.api import Api, answer, problem


class Stream:
    """A listener on its own connection."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.last = ""

    def next(self) -> dict[str, Any]:
        """The next event's data, with its kind; comments are passed over."""
        event: dict[str, Any] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.last = value
            elif name == "event":
                event["event"] = value
            elif name == "data":
                event |= json.loads(value)
            elif line == "" and "event" in event:
                return event
        raise AssertionError("the stream ended")

    def until(self, **wanted: Any) -> list[dict[str, Any]]:
        """Events up to the first that has these values."""
        seen = []
        while True:
            seen.append(self.next())
            if all(seen[-1].get(name) == value for name, value in wanted.items()):
                return seen


@contextmanager
def listening(api: Api, caller: str, last: str | None = None) -> Iterator[Stream]:
    headers = {"Authorization": f"Bearer {api.tokens[caller]}"} | ({"Last-Event-ID": last} if last else {})
    with (
        httpx.Client(base_url=api.url, headers=headers, timeout=20) as client,
        client.stream("GET", "/v1/events") as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        next(line for line in stream._lines if line.startswith("id:"))
        yield stream


def test_changes_come_as_they_happen(api: Api) -> None:
    with listening(api, "anna") as stream:
        case = api.start("E-1")
        created = stream.until(event="task", change="created", instanceId=case["id"])[-1]
        assert (created["taskId"], created["elementId"]) == (api.task(case), "review")
        api.as_("anna").post(f"/v1/tasks/{api.task(case)}/claim")
        stream.until(event="task", change="claimed", taskId=api.task(case))


def test_each_sees_their_own(api: Api) -> None:
    with listening(api, "astana") as theirs, listening(api, "crm") as everything, listening(api, "almaty") as mine:
        other = api.reviewed("E-2", branch="ALA")
        own = api.reviewed("E-3", branch="AST")
        seen = theirs.until(event="task", change="created", instanceId=own["id"])
        assert {event["instanceId"] for event in seen} == {own["id"]}
        assert mine.until(event="task", change="created", instanceId=other["id"])
        cases = everything.until(event="instance", instanceId=own["id"])
        assert "task" not in {event["event"] for event in cases}


def test_a_broken_line_goes_on_without_a_gap(api: Api) -> None:
    with listening(api, "anna") as stream:
        first = api.start("E-4")
        stream.until(event="task", change="created", instanceId=first["id"])
        last = stream.last
    missed = [api.start(f"E-5-{number}")["id"] for number in range(20)]
    stop = threading.Event()

    def load() -> None:
        number = 0
        while not stop.is_set() and number < 40:
            missed.append(api.start(f"E-6-{number}")["id"])
            number += 1

    thread = threading.Thread(target=load)
    thread.start()
    with listening(api, "anna", last) as stream:
        thread.join()
        stop.set()
        created: list[str] = []
        while len(created) < len(missed):
            event = stream.next()
            if event["event"] == "task" and event["change"] == "created":
                created.append(event["instanceId"])
    assert created == missed


def test_silence_is_filled_with_comments(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    with listening(api, "crm_2") as stream:
        assert any(line.startswith(": ") for line in stream._lines)


def test_a_revoked_key_ends_its_stream(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    monkeypatch.setattr(tokens, "KEPT_SECONDS", 0.0)
    token = keys.create(api.runtime.db, api.clock, name="gone", roles=["operator"], sandbox=True)
    headers = {"Authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=api.url, headers=headers, timeout=20) as client,
        client.stream("GET", "/v1/events") as line,
    ):
        lines = line.iter_lines()
        next(one for one in lines if one.startswith(": "))
        keys.revoke(api.runtime.db, api.clock, token.split("_")[2])
        assert list(lines) is not None, "it ends, or this waits for ever"
        assert client.get("/v1/tasks").status_code == 401


def test_an_id_that_is_none(api: Api) -> None:
    refused = api.as_("anna").get("/v1/events", headers={"Last-Event-ID": "1; drop table event"})
    problem(refused, 400, "bad_query")


def test_nothing_of_a_variable_is_told(api: Api) -> None:
    with listening(api, "admin") as stream:
        case = api.start("canary-7714", variables={"amount": 424242})
        body = {"values": {"decision": "reject", "reason": "canary-reason"}}
        answer(api.as_("anna").post(f"/v1/tasks/{api.task(case)}/complete", json=body))
        told = json.dumps(stream.until(event="task", change="completed", taskId=api.task(case)))
        assert "canary" not in told
        assert "424242" not in told
