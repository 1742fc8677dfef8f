"""Figures, heat and measurements over REST: of cases that really ran, held against their history line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kt_flows.api.figures_csv import COLUMNS
from kt_flows.api.figures_models import Figures, Heat, Indicators
from kt_flows.clock import from_text, to_text
from kt_flows.runtime import deploy, put_away, settle
from kt_flows.security import SERVICE
from kt_flows.store import history, jobs
from support.api import Api, answer, problem, running_api
from support.processes import boundary, catch, chain, end, flow, human, package, start, timer
from support.stays import Stay, heat_of, percentile, stays_in

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGIN, END = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 4, 9, tzinfo=UTC)
PERIOD = {"from": to_text(BEGIN), "to": to_text(END)}
VARIABLES = {"again": "bool", "breached": "bool", "code": "string", "fault_party": "string"} | {
    "compensation_state": "string",
    "house_id": "string",
}
VISIT = package("visit", start() + human("look", "operator_160") + end() + chain("start", "look", "end"))


def house(first: str) -> dict[str, bytes]:
    """Work that may be done again, a call of another process, a wait that a deadline may end."""
    return package(
        "house",
        start()
        + human(first, "operator_160", form="more")
        + '<bpmn:exclusiveGateway id="enough" name="enough" default="enough_to_call"/>'
        + '<bpmn:callActivity id="call" name="call" calledElement="visit"/>'
        + catch("told", "msg_told")
        + boundary("late", "call", timer("late", "timeDuration", "PT10H"))
        + end()
        + chain("start", first, "enough", "call", "told", "end")
        + chain("late", "end")
        + flow("enough", first, "${again == true}"),
        variables=VARIABLES,
        forms={"more": [{"type": "checkbox", "key": "again", "label": "?", "id": "f1"}]},
        messages={"msg_told": {"correlation": ["house_id"], "payload": {}}},
    )


class Builder:
    """Houses being built."""

    def __init__(self, api: Api) -> None:
        self.api, self.crm, self.anna = api, api.as_("crm"), api.as_("anna")

    def begun(self, id: str, **variables: Any) -> dict[str, Any]:
        body = {"definitionKey": "house", "variables": {"house_id": id, **variables}}
        return answer(self.crm.post("/v1/instances", json=body), 201)  # type: ignore[no-any-return]

    def done(self, case: dict[str, Any], after: timedelta, **values: Any) -> dict[str, Any]:
        self.api.clock.advance(after)
        path = f"/v1/tasks/{self.api.task(case)}/complete"
        return answer(self.anna.post(path, json={"values": values}))  # type: ignore[no-any-return]

    def told(self, id: str, after: timedelta) -> None:
        self.api.clock.advance(after)
        body = {"name": "msg_told", "correlation": {"house_id": id}, "payload": {}, "messageId": id}
        assert answer(self.crm.post("/v1/messages", json=body))["result"] == "delivered"


def late_by_now(api: Api, case: dict[str, Any]) -> None:
    """The case's deadline comes."""
    with api.runtime.reading() as reading:
        [job] = jobs.live_of(reading, UUID(case["id"])).values()
    settle.due(api.runtime, job.id)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running_api() as api:
        api.clock.set(BEGIN)
        deploy.deploy(api.runtime, SERVICE, VISIT)
        deploy.deploy(api.runtime, SERVICE, house("dig"))
        builder = Builder(api)
        said = {"breached": False, "compensation_state": "none"}
        one = builder.begun("1", **said)
        one = builder.done(builder.done(one, 5 * MINUTE), HOUR)
        builder.told("1", 90 * MINUTE)
        late = {"breached": True, "code": "=1+1", "fault_party": "provider", "compensation_state": "granted"}
        two = builder.done(builder.begun("2", **late), MINUTE)
        builder.begun("3")
        four = builder.begun("4", breached=True, code="B")
        answer(api.as_("admin").post(f"/v1/instances/{four['id']}/cancel", json={"reason": "x"}))
        five = builder.done(builder.begun("5"), 20 * MINUTE)
        api.clock.set(BEGIN + DAY)
        late_by_now(api, two)
        deploy.deploy(api.runtime, SERVICE, house("dig_2"))
        six = builder.done(builder.begun("6", **said), 7 * MINUTE, again=True)
        builder.done(six, 8 * MINUTE, again=False)
        api.clock.set(END)
        builder.begun("7")
        api.clock.set(END + 40 * DAY)
        assert put_away.move(api.runtime) == 3
        assert five["state"] == "active"
        yield api


def all_cases(api: Api) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer(api.as_("admin").get("/v1/instances?definitionKey=house&limit=100"))["items"]
    return [case for case in items if BEGIN <= from_text(case["startedAt"]) < END]


def stays(api: Api, version: int | None = None) -> list[Stay]:
    """Of the cases of the period."""
    found = []
    with api.runtime.reading() as reading:
        for case in all_cases(api):
            if version in (None, case["version"]):
                lines = history.up_to(reading, UUID(case["id"]), api.clock.now())
                found += stays_in(lines, over=case["state"] in ("completed", "cancelled"))
    return found


def test_figures_are_what_the_cases_say(api: Api) -> None:
    told = answer(api.as_("chief").get("/v1/figures", params={**PERIOD, "definitionKey": "house"}))
    Figures.model_validate(told)
    assert told["cases"] == {"started": 6, "completed": 2, "cancelled": 1, "active": 3}
    assert (told["inTime"], told["breached"], told["shareInTime"]) == (1, 2, pytest.approx(1 / 3))
    assert told["compensationMonths"] == 1
    assert told["byCause"] == [{"cause": "=1+1", "count": 1}, {"cause": "B", "count": 1}]
    assert told["byFault"] == [{"fault": "provider", "count": 1}, {"fault": None, "count": 1}]
    assert told["byProcess"] == [{"key": "house", "started": 6, "completed": 2, "breached": 2}]
    assert {key: told[key] for key in PERIOD} == PERIOD
    lengths: dict[tuple[str, str], list[float]] = {}
    for stay in stays(api):
        if stay.seconds is not None and stay.place[1] in ("dig", "dig_2", "look", "told"):
            lengths.setdefault(stay.place, []).append(stay.seconds)
    assert [(one["definitionKey"], one["elementId"]) for one in told["stages"]] == sorted(lengths)
    assert ("visit", "look") in lengths, "of a called process too"
    for one in told["stages"]:
        of = lengths[one["definitionKey"], one["elementId"]]
        expected = (len(of), pytest.approx(percentile(of, 0.5)), pytest.approx(percentile(of, 0.95)))
        assert (one["count"], one["p50Seconds"], one["p95Seconds"]) == expected
        assert one["name"] == one["elementId"]


def test_days_are_those_of_almaty(api: Api) -> None:
    """19:00 UTC is the next day's beginning."""
    asked = {"from": "2026-03-02T18:59:59Z", "to": "2026-03-03T19:00:01Z"}
    told = answer(api.as_("chief").get("/v1/figures", params=asked))
    assert [day["day"] for day in told["byDay"]] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    whole = answer(api.as_("chief").get("/v1/figures", params=PERIOD))
    by_day = {day["day"]: day["started"] for day in whole["byDay"]}
    assert by_day == {"2026-03-02": 5, "2026-03-03": 1, "2026-03-04": 0}
    exact = {"from": "2026-03-01T19:00:00Z", "to": "2026-03-02T19:00:00Z"}
    assert len(answer(api.as_("chief").get("/v1/figures", params=exact))["byDay"]) == 1


def test_nothing_is_judged_where_nothing_has_a_time(api: Api) -> None:
    told = answer(api.as_("chief").get("/v1/figures", params={**PERIOD, "definitionKey": "loan"}))
    assert (told["cases"]["started"], told["shareInTime"], told["stages"]) == (0, None, [])


@pytest.mark.parametrize(
    ("key", "version", "cases"),
    [("house", None, 6), ("house", 1, 5), ("house", 2, 1), ("visit", None, 4), ("visit", 1, 4)],
)
def test_heat_is_what_the_lines_tell(api: Api, key: str, version: int | None, cases: int) -> None:
    asked = {**PERIOD, "definitionKey": key} | ({} if version is None else {"version": str(version)})
    told = answer(api.as_("analyst").get("/v1/heat", params=asked))
    Heat.model_validate(told)
    mine = stays(api, version if key == "house" else None)
    expected = heat_of(mine, key)
    assert [one["elementId"] for one in told["items"]] == sorted(expected)
    for one in told["items"]:
        of = expected[one["elementId"]]
        assert one == {
            "elementId": of.element_id,
            "entered": of.entered,
            "completed": of.completed,
            "cancelled": of.cancelled,
            "open": of.open,
            "p50Seconds": pytest.approx(of.p50),
            "p95Seconds": pytest.approx(of.p95),
        }
    assert told["cases"] == cases


def test_a_sheet_has_every_number_and_runs_nothing(api: Api) -> None:
    figures = answer(api.as_("chief").get("/v1/figures", params=PERIOD))
    sheet = api.as_("chief").get("/v1/figures.csv", params=PERIOD)
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert sheet.headers["content-disposition"] == 'attachment; filename="figures_2026-03-02_2026-03-04.csv"'
    assert sheet.content.startswith(b"\xef\xbb\xbfsection,")
    text = sheet.content.decode("utf-8-sig")
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(head) == COLUMNS
    found = {(row[0], row[1]): dict(zip(COLUMNS, row, strict=True)) for row in rows}
    assert len(found) == len(rows)
    for state, count in figures["cases"].items():
        assert found["cases", state]["count"] == str(count)
    assert float(found["deadline", "inTime"]["share"]) == figures["shareInTime"]
    assert ("cause", "'=1+1") in found
    assert found["process.started", "house"]["count"] == "6"
    for stage in figures["stages"]:
        row = found["stage", f"{stage['definitionKey']}/{stage['elementId']}"]
        assert [row["count"], float(row["p95_seconds"])] == [str(stage["count"]), stage["p95Seconds"]]
    assert [row[3] for row in rows if row[0] == "day.started"] == [str(day["started"]) for day in figures["byDay"]]


def test_measurements_are_for_whoever_reads_cases(api: Api) -> None:
    deploy.deploy(api.runtime, SERVICE, package("perf", start() + end() + chain("start", "end"),
                                                variables={"indicators": "list"}))  # fmt: skip
    api.clock.set(END + 50 * DAY)
    first = api.clock.now()
    for value in (61.0, None):
        one = {
            "name": "server_ram",
            "unit": "percent",
            "value": value,
            "at": to_text(api.clock.now()),
            "status": "ok",
        }
        body = {"definitionKey": "perf", "variables": {"indicators": [one]}}
        answer(api.as_("crm").post("/v1/instances", json=body), 201)
        api.clock.advance(5 * MINUTE)
    asked = {"definitionKey": "perf", "from": to_text(first), "to": to_text(api.clock.now())}
    told = answer(api.as_("anna").get("/v1/indicators", params=asked))
    Indicators.model_validate(told)
    points = [[to_text(first), 61.0], [to_text(first + 5 * MINUTE), None]]
    assert told == {"series": [{"name": "server_ram", "unit": "percent", "points": points}]}


@pytest.mark.parametrize("path", ["/v1/figures", "/v1/figures.csv", "/v1/heat", "/v1/indicators"])
def test_what_cannot_be_asked(api: Api, path: str) -> None:
    def refused(field: str, **changed: str) -> None:
        asked = {**PERIOD, "definitionKey": "house", **changed}
        body = problem(api.as_("admin").get(path, params=asked), 400, "bad_query")
        assert [fault["field"] for fault in body["errors"]] == [field]

    refused("to", to=PERIOD["from"])
    refused("to", to=to_text(BEGIN + 400 * DAY + MINUTE))
    refused("from", **{"from": "9999-12-31T20:00:00Z", "to": "9999-12-31T23:00:00Z"})
    refused("from", **{"from": "0001-01-01T00:00:00+05:00"})
    refused("from", **{"from": "yesterday"})
    refused("definitionKey", definitionKey="nobody")
    if path == "/v1/heat":
        refused("version", version="9")
    longest = {**PERIOD, "definitionKey": "house", "to": to_text(BEGIN + 400 * DAY)}
    assert api.as_("admin").get(path, params=longest).status_code == 200
