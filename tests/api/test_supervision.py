"""What a supervisor sees over REST: deadlines, stuck jobs, mail, figures."""

from __future__ import annotations

from datetime import timedelta

from kt_flows.api.supervision_models import Deadlines
from support.api import Api, answer, problem


def test_what_breaks_within_a_time(api: Api) -> None:
    """The loan's review is due four hours after its start."""
    task = api.task(api.start("D-1", branch="AST"))
    chief = api.as_("chief")
    now = api.clock.now()
    try:
        soon = answer(chief.get("/v1/deadlines?within=PT5H&branch=AST"))
        Deadlines.model_validate(soon)
        assert soon["tasks"] == {"overdue": 0, "soon": 1}
        assert soon["byBranch"] == [{"key": "AST", "overdue": 0, "soon": 1}]
        assert soon["byPerson"] == [{"key": None, "overdue": 0, "soon": 1}]
        assert soon["byProcess"] == [{"key": "loan", "overdue": 0, "soon": 1}]
        assert [item["taskId"] for item in soon["items"]] == [task]
        assert answer(chief.get("/v1/deadlines?within=PT4H&branch=AST"))["items"] == []
        answer(chief.post(f"/v1/tasks/{task}/assign", json={"assignee": "boris"}))
        api.clock.set(now + timedelta(hours=4, minutes=1))
        late = answer(chief.get("/v1/deadlines?branch=AST"))
        assert (late["tasks"], late["byPerson"][0]["key"]) == ({"overdue": 1, "soon": 0}, "boris")
        assert len(answer(chief.get("/v1/deadlines?assignee=boris"))["items"]) == 1
        assert answer(api.as_("far_chief").get("/v1/deadlines?branch=AST"))["items"] == []
    finally:
        api.clock.set(now)
        api.as_("boris").post(f"/v1/tasks/{task}/complete", json={"values": {"decision": "approve"}})


def test_a_page_after_the_other(api: Api) -> None:
    for number in range(3):
        api.start(f"D-2-{number}", branch="ALA")
    seen, cursor = [], ""
    while cursor is not None:
        found = answer(api.as_("chief").get(f"/v1/deadlines?within=P1D&branch=ALA&limit=2{cursor}"))
        assert found["tasks"]["soon"] == 3
        seen += [item["taskId"] for item in found["items"]]
        cursor = f"&cursor={found['nextCursor']}" if found["nextCursor"] else None
    assert len(set(seen)) == 3


def test_a_length_that_is_none(api: Api) -> None:
    for within in ("tomorrow", "-PT1H", "P32D", "P1M", ""):
        problem(api.as_("chief").get("/v1/deadlines", params={"within": within}), 400, "bad_query")
