"""Cases that are over go out of the way: looked at as before, started by nobody again, forgotten when it is time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kt_flows.clock import FixedClock
from kt_flows.errors import Conflict, NotFound
from kt_flows.runtime import attach, claim, comment, complete, deploy, operate, put_away, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE, Actor
from kt_flows.store import attachments, definitions, events, history, inbox, instances, mails, months, past, tasks
from kt_flows.store import comments as remarks
from kt_flows.store.ids import new_id
from kt_flows.store.tables import (
    attachment,
    idempotency,
    instance,
    job,
    mail_in,
    mail_out,
    past_instance,
    past_task,
    task,
)
from kt_flows.store.tables import comment as comments
from kt_flows.store.tables import history as lines
from support.processes import chain, end, human, package
from support.processes import start as start_event

CRM = Actor("crm", frozenset({"crm"}))
ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line"}))
OLGA = Actor("olga", frozenset({"operator"}), frozenset({"billing"}))
ADMIN = Actor("admin", frozenset({"admin"}), admin=True)
STAY = timedelta(days=30, seconds=1)
YEAR = timedelta(days=365)
ALL: dict[str, Any] = {
    "definition_key": None,
    "business_key": None,
    "started_after": None,
    "variables": {},
    "after": None,
    "limit": 50,
}
EVERY_TASK: dict[str, Any] = {"sort": [("dueAt", False)], "after": None, "limit": 50}


def begin(rt: Runtime, **more: Any) -> start.Started:
    return start.start(rt, CRM, definition_key="desk", variables={"due_at": "2036-01-01T09:00:00Z"}, **more)


def task_of(case: instances.InstanceView) -> UUID:
    return next(wait.task_id for wait in case.waits if wait.task_id is not None)


def finished(rt: Runtime, **more: Any) -> tuple[instances.InstanceView, list[UUID]]:
    """A case that is over, and its tasks."""
    case, done = begin(rt, **more).instance, []
    attach.attach(rt, CRM, case.id, name="a.txt", media_type="text/plain", data=b"a")
    while case.state == "active":
        done.append(task_of(case))
        claim.claim(rt, ANNA, done[-1])
        comment.add(rt, ANNA, done[-1], f"ответ {len(done)}")
        case = complete.complete(rt, ANNA, done[-1], {"ok": True} if len(done) == 1 else {})
    return case, done


def count(rt: Runtime, table: sa.Table) -> int:
    with rt.reading() as reading:
        return int(reading.value(sa.select(sa.func.count()).select_from(table)))


def seen(rt: Runtime, id: UUID, done: list[UUID], who: Actor) -> list[Any]:
    """All that a caller can read of a case."""
    with rt.reading() as reading:
        views = [tasks.visible(reading, who, one) for one in done]
        return [
            instances.visible(reading, who, id),
            *(instances.page(reading, who, state=state, **ALL) for state in (None, "active", "completed")),
            events.whose(reading, {id}),
            history.page(reading, id, after=None, limit=100),
            views,
            [tasks.comments(reading, one) for one in done],
            [(file, attachments.data_of(reading, file)) for file in attachments.of_case(reading, id)],
            remarks.of_case(reading, who, id),
            definitions.of_case(reading, id),
            history.since(reading, id),
            [tasks.definition_of(reading, view) if view else None for view in views],
            *(
                inbox.page(reading, who, inbox.Asked(state=state), **EVERY_TASK)
                for state in (None, "completed", "cancelled")
            ),
        ]


@pytest.mark.parametrize("who", [ANNA, OLGA, CRM, ADMIN], ids=lambda who: who.name)
def test_it_reads_as_before(rt: Runtime, clock: FixedClock, who: Actor) -> None:
    case, done = finished(rt, business_key="SR-1", source="crm")
    before = seen(rt, case.id, done, who)
    clock.advance(STAY)
    assert put_away.move(rt) == 1
    for table in (instance, task, comments):
        assert count(rt, table) == 0
    assert count(rt, past_instance) == 1
    assert count(rt, past_task) == len(done) == 2
    assert seen(rt, case.id, done, who) == before
    assert put_away.move(rt) == 0


def test_only_what_is_over_long_enough_and_has_nothing_left_to_do(rt: Runtime, clock: FixedClock) -> None:
    begin(rt)
    old, _ = finished(rt)
    with rt.transaction() as tx:
        left = {"key": "left", "kind": "email.send", "instance_id": old.id, "payload": {}, "state": "stuck"}
        now = clock.now()
        tx.do(job.insert().values(**left, id=new_id(), attempt=5, run_at=now, created_at=now))
    clock.advance(timedelta(days=1))
    young, _ = finished(rt)
    clock.advance(timedelta(days=29, seconds=1))
    assert put_away.move(rt) == 0
    with rt.transaction() as tx:
        tx.do(job.update().where(job.c.key == "left").values(state="done"))
    assert put_away.move(rt) == 1
    clock.advance(timedelta(days=1))
    assert put_away.move(rt) == 1
    with rt.reading() as reading:
        assert {row.id for row in reading.all(sa.select(past_instance.c.id))} == {old.id, young.id}
        assert reading.all(sa.select(job).where(job.c.instance_id == old.id)) == []
    assert count(rt, instance) == 1


def test_a_request_that_comes_again_starts_nothing(rt: Runtime, clock: FixedClock) -> None:
    by_key, _ = finished(rt, idempotency_key="k-1")
    by_name, _ = finished(rt, source="crm", business_key="SR-1")
    clock.advance(STAY)
    assert put_away.move(rt) == 2
    for again, asked in ((by_key, {"idempotency_key": "k-1"}), (by_name, {"source": "crm", "business_key": "SR-1"})):
        said = begin(rt, **asked)
        assert (said.created, said.instance) == (False, again)
    with pytest.raises(Conflict, match="another body"):
        start.start(rt, CRM, definition_key="desk", source="crm", business_key="SR-1", variables={"branch": "ALA"})
    assert count(rt, instance) == 0


def test_a_request_that_comes_while_it_is_put_away_starts_nothing(rt: Runtime, clock: FixedClock) -> None:
    case, _ = finished(rt, source="crm", business_key="SR-1")
    clock.advance(STAY)
    with rt.transaction() as tx:
        past.put_away(tx, {row.id: None for row in past.hold_over(tx, clock.now(), 5)})
        meanwhile = begin(rt, source="crm", business_key="SR-1")
    for said in (meanwhile, begin(rt, source="crm", business_key="SR-1")):
        assert (said.created, said.instance) == (False, case)
    assert count(rt, instance) == 0


def test_nobody_moves_it(rt: Runtime, clock: FixedClock) -> None:
    case, done = finished(rt)
    clock.advance(STAY)
    put_away.move(rt)
    with pytest.raises(Conflict, match="completed already, by anna") as over:
        complete.complete(rt, ANNA, done[0], {})
    assert over.value.code == "task_over"
    with pytest.raises(NotFound):
        complete.complete(rt, OLGA, done[0], {})
    with pytest.raises(Conflict, match="completed") as still:
        operate.cancel(rt, ADMIN, case.id, "?")
    assert still.value.code == "instance_not_active"


def test_what_comes_later_is_still_written_down(rt: Runtime, clock: FixedClock) -> None:
    case, _ = finished(rt)
    clock.advance(STAY)
    put_away.move(rt)
    with rt.transaction() as tx:
        history.add(tx, case.id, [{"kind": "mail.received"}], actor="x", now=clock.now())
    with rt.reading() as reading:
        assert history.page(reading, case.id, after=None, limit=100)[0][-1].kind == "mail.received"


def in_a_year(present: datetime) -> datetime:
    return present + YEAR + timedelta(days=60)


@pytest.fixture
def year_later(monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> None:
    """Ids are given by the machine's own clock, which a test does not move."""
    later = in_a_year(datetime.now(UTC))
    monkeypatch.setattr(put_away, "_present", lambda: later)


def leave(rt: Runtime, id: UUID | None, name: str, verdict: str = "handed") -> None:
    now = rt.clock.now()
    with rt.transaction() as tx:
        mail = {
            "message_id": name,
            "digest": name,
            "received_at": now,
            "fetched_at": now,
            "sender": "",
            "subject": "",
        }
        tx.do(mail_in.insert().values(id=new_id(), text="", raw=b"", verdict=verdict, instance_id=id, **mail))
        if id is not None:
            out = {"mail_id": name, "message_id": name, "reply_keywords": [], "recipients": [], "sent_at": now}
            mails.sent(tx, {"instance_id": id, **out})


def test_a_month_goes_when_its_last_case_has_had_its_time(rt: Runtime, clock: FixedClock, year_later: None) -> None:
    first, done = finished(rt, idempotency_key="k")
    leave(rt, first.id, "one")
    leave(rt, None, "nobody's", "unsorted")
    leave(rt, None, "thrown away", "discarded")
    clock.advance(timedelta(days=10))
    finished(rt)
    running = begin(rt).instance
    clock.advance(YEAR + timedelta(seconds=1))
    assert put_away.move(rt) == 2
    assert set(put_away.forget(rt).values()) == {0}, "months without a case go at once"
    operate.cancel(rt, ADMIN, running.id, "?")
    clock.advance(STAY)
    assert put_away.move(rt) == 1
    clock.advance(YEAR - STAY - timedelta(seconds=1))
    assert put_away.forget(rt) == {}
    before = count(rt, lines)
    assert before > 0
    clock.advance(timedelta(seconds=2))
    with rt.reading() as reading:
        [month] = [one.name for one in months.there(reading) if one.first <= first.id < one.end]
    assert put_away.forget(rt)[month] == 3
    for table in (past_instance, past_task, lines, attachment, idempotency, mail_out):
        assert count(rt, table) == 0, table.name
    with rt.reading() as reading:
        assert [row.message_id for row in reading.all(sa.select(mail_in))] == ["nobody's"]
        assert instances.visible(reading, ADMIN, first.id) is None
        assert tasks.visible(reading, ADMIN, done[0]) is None
    assert put_away.forget(rt) == {}


def test_a_process_that_says_nothing_is_kept_for_ever(rt: Runtime, clock: FixedClock, year_later: None) -> None:
    files = package("kept", start_event() + human("ask", "line") + end() + chain("start", "ask", "end"))
    files = {name: data.replace(b'camunda:historyTimeToLive="P365D"', b"") for name, data in files.items()}
    deploy.deploy(rt, SERVICE, files)
    case = start.start(rt, CRM, definition_key="kept", variables={}).instance
    complete.complete(rt, ANNA, task_of(case), {})
    clock.advance(STAY)
    assert put_away.move(rt) == 1
    clock.advance(timedelta(days=36500))
    assert set(put_away.forget(rt).values()) == {0}
    with rt.reading() as reading:
        assert instances.visible(reading, ADMIN, case.id) is not None


def test_a_turn_does_all_of_it(rt: Runtime, clock: FixedClock, year_later: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(put_away, "BATCH", 2)
    for _ in range(5):
        finished(rt)
    clock.advance(timedelta(days=800))
    turn = put_away.put_away(rt)
    assert len(turn["made"]) == months.AHEAD + 1
    assert turn["moved"] == 5
    assert max(turn["forgotten"].values()) == 5
    assert put_away.put_away(rt) == {"made": [], "moved": 0, "forgotten": {}}


def test_what_found_no_month_moves_into_it(rt: Runtime, clock: FixedClock, year_later: None) -> None:
    """As after a year in which nobody made one."""
    later = in_a_year(datetime.now(UTC))
    id = UUID(int=months.month_of(later).first.int + 1)
    with rt.transaction() as tx:
        history.add(tx, id, [{"kind": "started"}], actor="x", now=clock.now())
    rest = sa.table("history_rest")
    with rt.reading() as reading:
        assert reading.value(sa.select(sa.func.count()).select_from(rest)) == 1
    made = put_away.make_months(rt)
    assert made[0] == f"{later:%Y_%m}"
    with rt.reading() as reading:
        assert reading.value(sa.select(sa.func.count()).select_from(rest)) == 0
        assert [line.kind for line in history.page(reading, id, after=None, limit=5)[0]] == ["started"]
        assert [one.name for one in months.there(reading)][-3:] == made
    assert put_away.make_months(rt) == []


def test_months_follow_each_other() -> None:
    moment = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    names = [months.month_of(moment, after) for after in range(4)]
    assert [one.name for one in names] == ["2026_11", "2026_12", "2027_01", "2027_02"]
    for one, after in itertools.pairwise(names):
        assert one.end == after.first
    assert replace(names[0], name="x").first < names[0].end
