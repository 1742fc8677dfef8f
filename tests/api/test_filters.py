"""Kept filters: one's own, shared ones, and whose they are to change.  And who may be given a task."""

from __future__ import annotations

from typing import Any

import pytest

from kt_flows.runtime import filters as verbs
from support.api import Api, answer, problem


def kept(api: Api, who: str, name: str, *groups: str, query: str = "group=operator_160") -> dict[str, Any]:
    told = api.as_(who).post("/v1/filters", json={"name": name, "query": query, "groups": list(groups)})
    assert told.status_code == 201, told.text
    return dict(told.json())


def names(api: Api, who: str) -> set[str]:
    return {one["name"] for one in answer(api.as_(who).get("/v1/filters"))["items"]}


def test_a_shared_one_is_seen_by_the_group_and_by_nobody_else(api: Api) -> None:
    kept(api, "anna", "Мои просроченные")
    shared = kept(api, "anna", "Вся линия", "operator_160")
    assert {"Мои просроченные", "Вся линия"} <= names(api, "anna")
    assert "Вся линия" in names(api, "boris")
    assert "Мои просроченные" not in names(api, "boris")
    assert not {"Мои просроченные", "Вся линия"} & names(api, "astana")
    [theirs] = [one for one in answer(api.as_("boris").get("/v1/filters"))["items"] if one["id"] == shared["id"]]
    assert (theirs["owner"], theirs["mine"], theirs["query"]) == ("anna", False, "group=operator_160")


def test_only_its_owner_changes_it(api: Api) -> None:
    shared = kept(api, "anna", "Общий", "operator_160")
    changed = {"name": "Общий 2", "query": "q=Ким"}
    problem(api.as_("boris").put(f"/v1/filters/{shared['id']}", json=changed), 403, "forbidden")
    problem(api.as_("astana").put(f"/v1/filters/{shared['id']}", json=changed), 404, "not_found")
    problem(api.as_("astana").delete(f"/v1/filters/{shared['id']}"), 404, "not_found")
    told = answer(api.as_("anna").put(f"/v1/filters/{shared['id']}", json=changed))
    assert (told["name"], told["query"], told["groups"]) == ("Общий 2", "q=Ким", [])
    assert api.as_("anna").delete(f"/v1/filters/{shared['id']}").status_code == 204
    assert "Общий 2" not in names(api, "anna")


def test_a_name_stands_for_one_filter_of_its_owner(api: Api) -> None:
    first = kept(api, "anna", "Одно имя")
    assert kept(api, "anna", "Одно имя")["id"] == first["id"], "who got no answer asks again"
    other = {"name": "Одно имя", "query": "other"}
    problem(api.as_("anna").post("/v1/filters", json=other), 409, "filter_name_taken")
    kept(api, "boris", "Одно имя", query="other")
    second = kept(api, "anna", "Другое имя")
    problem(api.as_("anna").put(f"/v1/filters/{second['id']}", json=other), 409, "filter_name_taken")


def test_it_is_shared_with_ones_own_groups_alone(api: Api) -> None:
    told = api.as_("anna").post("/v1/filters", json={"name": "x", "query": "", "groups": ["branch_head:ALA"]})
    assert problem(told, 422, "invalid_values")["errors"][0]["field"] == "groups"


def test_there_are_only_so_many(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "MOST", 2)
    kept(api, "chief", "1")
    kept(api, "chief", "2")
    problem(api.as_("chief").post("/v1/filters", json={"name": "3", "query": ""}), 409, "too_many_filters")


def test_people_are_those_who_work_with_ones_groups(api: Api) -> None:
    def people(who: str) -> set[str]:
        return {one["name"] for one in answer(api.as_(who).get("/v1/people"))["items"]}

    assert people("chief") == {"anna", "boris", "chief"}
    assert people("far_chief") == {"far_chief"}
    assert {"anna", "astana", "chief"} <= people("admin")
    assert not {"crm", "analyst"} & people("admin"), "they work no tasks"
