"""One kill at each crash point: nothing is lost, nothing is done twice, nothing is left lying.

A way leads a case to the point; the process that reaches it kills itself there, with everything that it held.  After
that callers ask again, another worker goes on, and `Trip.end` says what is wrong.
"""

from __future__ import annotations

import contextlib
import json
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from kt_flows import crash
from kt_flows.runtime import broadcast
from kt_flows.store import schema
from kt_flows.store.db import Database
from support import audit
from support.crash_case import CASE, PROCESSES
from support.processes import chain, package, start
from support.processes import end as end_event
from support.service import free_port, until
from support.site import Site, http, running_site
from support.trip import Trip
from support.warm import WarmProcess, warmed

HOUR = 3_600.0
UNSORTED = Path(__file__).resolve().parents[2] / "bpmn" / "unsorted_mail"
Way = Callable[[Trip], None]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("crash")
    settings = {"mail_poll_seconds": "0.2", "drill": "true"}
    with (
        warmed() as warm,
        running_site(folder, serve=1, work=0, warm=warm, direct=True, settings=settings) as found,
    ):
        found.members[0].kill()
        found.members[0].options = ("--no-jobs",)
        found.start()
        found.outside.provider.behave("answers")
        later = {name: data.replace(b'name="by_what"', b'name="by what"') for name, data in CASE.items()}
        for files in (PROCESSES, later):
            deployed(found.addresses[0], found.tokens["admin"], files)
        yield found


def deployed(address: str, token: str, files: dict[str, bytes]) -> None:
    given = [("files", (name, data)) for name, data in files.items()]
    headers = {"Authorization": f"Bearer {token}"}
    answer = http.post(f"{address}/v1/deployments", files=given, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text


# ---- requests: the caller who got no answer asks again


def starts(trip: Trip) -> None:
    trip.arm_door()
    trip.over(trip.begin("nothing"))


def completes(trip: Trip) -> None:
    id = trip.begin("decide")
    task = trip.task(id)
    trip.arm_door()
    trip.complete(task)
    trip.over(id)


def works_a_task(method: str, verb: str, body: Any = None, *, role: str = "operator", claimed: bool = False) -> Way:
    def way(trip: Trip) -> None:
        id = trip.begin("decide")
        task = trip.task(id)
        if claimed:
            trip.ask("POST", f"/v1/tasks/{task}/claim", role="operator")
        trip.arm_door()
        trip.ask(method, f"/v1/tasks/{task}/{verb}", body, role=role)
        trip.complete(task)
        trip.over(id)

    return way


def attaches(trip: Trip) -> None:
    id = trip.begin("decide")
    trip.arm_door()
    given = {"file": ("a.txt", b"?", "text/plain")}
    trip.ask("POST", f"/v1/instances/{id}/attachments", role="operator", files=given)
    assert len(trip.ask("GET", f"/v1/instances/{id}/attachments").json()["items"]) == 1
    trip.complete(trip.task(id))
    trip.over(id)


def keeps_a_filter(verb: str) -> Way:
    """Kept, changed or dropped, whichever `verb` says, and asked again by who got no answer."""

    def way(trip: Trip) -> None:
        given = {"name": trip.key, "query": "q=a"}
        if verb == "keep":
            trip.arm_door()
        id = trip.ask("POST", "/v1/filters", given).json()["id"]
        if verb != "keep":
            trip.arm_door()
        if verb == "change":
            trip.ask("PUT", f"/v1/filters/{id}", {**given, "query": "q=b"})
        if verb == "drop":
            trip.ask("DELETE", f"/v1/filters/{id}", allowed=(404,))
        there = {one["name"]: one["query"] for one in trip.ask("GET", "/v1/filters").json()["items"]}
        assert there.get(trip.key) == {"keep": "q=a", "change": "q=b", "drop": None}[verb]

    return way


def takes_the_next(trip: Trip) -> None:
    """Who got no answer finds the task in its own hands, or takes it now."""
    id = trip.begin("decide")
    task = trip.task(id)
    trip.arm_door()
    trip.ask("POST", "/v1/tasks/next", {"groups": ["operator_160"]}, role="operator")
    assert trip.ask("GET", f"/v1/tasks/{task}", role="operator").json()["assignee"] == "operator"
    trip.complete(task)
    trip.over(id)


def sends_a_message(trip: Trip) -> None:
    id = trip.begin("word")
    trip.arm_door()
    body = {"name": "msg_word", "correlation": {"key": f"{trip.key}-0"}, "payload": {}, "messageId": trip.key}
    assert trip.ask("POST", "/v1/messages", body, role="crm").json()["result"] in ("delivered", "duplicate")
    trip.over(id)


def sends_a_signal(trip: Trip) -> None:
    """To three cases that wait, and to a process that begins with it."""
    ids = [trip.begin("alarm") for _ in range(3)]
    trip.arm_door()
    trip.ask("POST", "/v1/signals", {"name": "crash_alarm", "payload": {}, "signalId": trip.key}, role="crm")
    for id in ids:
        trip.over(id)
    assert begun(trip, "crash_signalled", trip.key) == 1


@pytest.mark.parametrize("at", ["broadcast.remember.after_commit", "broadcast.reach.after_commit:2"])
def test_a_signal_whose_sender_never_comes_again_reaches_everyone(site: Site, at: str) -> None:
    trip = Trip(site, at)
    ids = [trip.begin("alarm") for _ in range(3)]
    trip.arm_door()
    with pytest.raises(httpx.TransportError):
        trip.ask_once("POST", "/v1/signals", {"name": "crash_alarm", "payload": {}, "signalId": trip.key})
    trip.dies()
    assert sum(trip.state(id) == "completed" for id in ids) == (2 if at.endswith(":2") else 0)
    site.skew(site.skewed_by + broadcast.CUT_OFF.total_seconds() + 1)
    trip.work()
    for id in ids:
        trip.over(id)
    until("the start", lambda: begun(trip, "crash_signalled", trip.key) == 1)
    finished = f"select state from message where name = 'signal:crash_alarm' and message_id = '{trip.key}'"
    until("the broadcast's end", lambda: site.rows(finished) == [("delivered",)])
    assert trip.end() == []


def changes_a_condition(trip: Trip) -> None:
    trip.arm_door()
    body = {"variables": {"key": "crash"}}
    answer = trip.ask("POST", "/v1/conditions", body, role="crm", headers={"Idempotency-Key": trip.key})
    assert len(answer.json()["started"]) == 1
    assert begun(trip, "crash_watchful", f"crm/{trip.key}") == 1


def begun(trip: Trip, process: str, business_key: str) -> int:
    query = f"select count(*) from instance where definition_key = '{process}' and business_key = '{business_key}'"
    return int(trip.site.rows(query)[0][0])


def deploys(trip: Trip) -> None:
    key = "crash_" + trip.point.replace(".", "_")
    given = [
        ("files", (name, data)) for name, data in package(key, start() + end_event() + chain("start", "end")).items()
    ]
    trip.arm_door()
    answer = trip.ask("POST", "/v1/deployments", files=given)
    assert [one["version"] for one in answer.json()["definitions"]] == [1]


def operates(verb: str, body: Any = None, *, before: tuple[str, Any] | None = None, version: int = 2) -> Way:
    """On a case that waits for a person; `before` is what is done to it before."""

    def way(trip: Trip) -> None:
        id = trip.begin("decide", version=version)
        if before is not None:
            trip.ask("POST", f"/v1/instances/{id}/{before[0]}", before[1])
        trip.arm_door()
        trip.ask("POST", f"/v1/instances/{id}/{verb}", body)
        if verb == "suspend":
            trip.ask("POST", f"/v1/instances/{id}/resume", {})
        if verb == "cancel":
            assert trip.state(id) == "cancelled"
        else:
            trip.complete(trip.task(id))
            trip.over(id)

    return way


def retries_a_job(trip: Trip) -> None:
    job = refused_by_siebel(trip)
    trip.arm_door()
    trip.ask("POST", f"/v1/jobs/{job}/retry")
    trip.over(trip.cases[0])


def skips_a_job(trip: Trip) -> None:
    """Who got no answer asks again, and the job is not stuck any more."""
    job = refused_by_siebel(trip)
    trip.arm_door()
    body = {"reason": "entered by hand", "result": {"siebel_sr": "1-1"}}
    trip.ask("POST", f"/v1/jobs/{job}/skip", body)
    trip.over(trip.cases[0])


def cancels_a_job(trip: Trip) -> None:
    job = refused_by_siebel(trip)
    trip.arm_door()
    trip.ask("POST", f"/v1/jobs/{job}/cancel")
    trip.ask("POST", f"/v1/instances/{trip.cases[0]}/cancel", {"reason": "nobody does it"})


def refused_by_siebel(trip: Trip) -> str:
    """The id of a job that is stuck."""
    trip.tell("siebel", "reject", times=1)
    id = trip.begin("siebel")
    trip.work()
    return trip.stuck(id)


# ---- the worker: another goes on


def calls(system: str) -> Way:
    def way(trip: Trip) -> None:
        id = trip.begin(system)
        trip.arm_worker()
        trip.again()
        trip.over(id)
        assert len(trip.asked(id)) == 1, "the system was asked"

    return way


def mails(trip: Trip) -> None:
    """A mail goes out, and its answer comes back."""
    id = trip.begin("mail")
    trip.arm_worker()
    trip.again()
    trip.over(id)
    assert len(trip.asked(id)) == 1, "the mail arrived"


def is_answered(trip: Trip) -> None:
    """The armed worker comes when the answer lies in the mailbox."""
    trip.site.outside.provider.behave("silent")
    id = trip.begin("mail")
    trip.work()
    until("the case waits for the answer", lambda: waits_for(trip, id, "reply"))
    trip.rest()
    trip.site.outside.provider.behave("answers")
    trip.arm_worker()
    trip.again()
    trip.over(id)


def waits_for(trip: Trip, id: str, element: str) -> bool:
    return any(wait["elementId"] == element for wait in trip.ask("GET", f"/v1/instances/{id}").json()["waits"])


def fails_for_good(trip: Trip) -> None:
    trip.tell("billing", "reject")
    id = trip.begin("billing")
    trip.arm_worker()
    trip.again()
    trip.over(id)
    trip.tell("billing")


def fails_and_comes_again(trip: Trip) -> None:
    trip.tell("siebel", "fail", times=1)
    id = trip.begin("siebel")
    trip.arm_worker()
    trip.dies()
    trip.site.skew(trip.site.skewed_by + 60)
    trip.work()
    trip.over(id)


def takes_long(trip: Trip) -> None:
    """Long enough for its lease to be renewed."""
    trip.tell("line", "slow", times=1, seconds=5)
    calls("line")(trip)


def loses_the_database(trip: Trip) -> None:
    """The connections of whoever remembers a mail are ended until the worker puts its call down."""
    id = trip.begin("mail")
    url = trip.site.postgres.url.replace("+psycopg", "")
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as killer:
        holder.execute("lock table mail_out in access exclusive mode")
        trip.arm_worker()

        def ended() -> bool:
            killer.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where wait_event_type = 'Lock' and query like 'INSERT INTO mail_out%'"
            )
            return not trip.worker.alive

        until("the worker's end", ended)
    trip.again()
    trip.over(id)


def a_timer_fires(trip: Trip) -> None:
    id = trip.begin("timer")
    trip.site.skew(trip.site.skewed_by + HOUR)
    trip.arm_worker()
    trip.again()
    trip.over(id)


def an_internal_job_runs(trip: Trip) -> None:
    id = trip.begin("internal")
    trip.arm_worker()
    trip.again()
    trip.over(id)


def an_internal_job_fails(trip: Trip) -> None:
    id = trip.begin("attach", variables={"mail_id": str(uuid.uuid4())})
    trip.arm_worker()
    trip.again()
    trip.over(id)


def a_failure_cannot_be_settled(trip: Trip) -> None:
    """The database refuses what a failure writes, and takes the last way out."""
    with refused(trip.site, "job", "attempt = 0 or kind <> 'mail.attach'"):
        id = trip.begin("attach", variables={"mail_id": str(uuid.uuid4())})
        trip.arm_worker()
        trip.again()
        job = trip.stuck(id)
    trip.ask("POST", f"/v1/jobs/{job}/retry")
    trip.over(id)


def a_mail_breaks_what_it_touches(trip: Trip) -> None:
    """Its note cannot be written, three times; then it is set aside for a person."""
    trip.site.outside.provider.behave("auto_reply")
    with refused(trip.site, "history", "kind <> 'mail.automatic'"):
        id = trip.begin("mail")
        trip.arm_worker()
        trip.again()
        query = f"select handed_at is not null from mail_in where instance_id = '{id}' or method = 'fault'"
        until("the mail is settled", lambda: trip.site.rows(query) == [(True,)])
    trip.site.do("delete from mail_in where method = 'fault'")
    for [unsorted] in trip.site.rows("select id from instance where source = 'mail' and status = 'active'"):
        trip.ask("POST", f"/v1/instances/{unsorted}/cancel", {"reason": "seen"})
    trip.site.outside.provider.behave("answers")
    trip.over(id)


@contextlib.contextmanager
def refused(site: Site, table: str, rule: str) -> Iterator[None]:
    """The database refuses rows of a table that do not hold to `rule`."""
    site.do(f"alter table {table} add constraint refused check ({rule}) not valid")
    try:
        yield
    finally:
        site.do(f"alter table {table} drop constraint refused")


def takes_its_turn(trip: Trip) -> None:
    """What is always there is there again, and does its work: a mail comes in."""
    trip.arm_worker()
    trip.again()
    id = trip.begin("mail")
    trip.over(id)


def puts_away(trip: Trip) -> None:
    """A case that ended long ago, by what its row says, is put away once."""
    id = trip.begin("mail")
    trip.work()
    trip.over(id)
    trip.rest()
    trip.site.do(f"update instance set ended_at = ended_at - interval '40 days' where id = '{id}'")
    trip.arm_worker()
    trip.again()
    until("put away", lambda: trip.site.rows(f"select 1 from past_instance where id = '{id}'"))
    assert trip.state(id) == "completed"
    assert trip.site.rows(f"select 1 from task where instance_id = '{id}'") == []


def begins_by_the_clock(trip: Trip) -> None:
    query = "select run_at from job where key like 'start:crash_hourly:%'"
    [[due]] = trip.site.rows(query)
    trip.site.skew(trip.site.skewed_by + max(0.0, (due - trip.site.clock.now()).total_seconds()))
    trip.arm_worker()
    trip.again()
    until("the next turn", lambda: trip.site.rows(query) != [(due,)])
    assert begun(trip, "crash_hourly", due.isoformat()) == 1


def a_turn_cannot_be_taken(trip: Trip) -> None:
    """A job that nobody can do, as a slip of somebody's hand leaves it."""
    row = (
        "insert into job (id, key, kind, payload, state, attempt, run_at, created_at) values "
        "('{}', 'crash', 'start.timer', '{{\"definition_key\": \"crash_hourly\"}}', 'available', 0, '{}', '{}')"
    )
    now = trip.site.clock.now().isoformat()
    trip.site.do(row.format(uuid.uuid4(), now, now))
    trip.arm_worker()
    trip.again()
    query = f"select run_at > '{trip.site.clock.now().isoformat()}', attempt from job where key = 'crash'"
    until("put off", lambda: trip.site.rows(query) == [(True, 1)])
    trip.site.do("delete from job where key = 'crash'")


# ---- commands: typed again


def makes_a_key(trip: Trip) -> None:
    assert trip.command("key", "create", "--name", "crash", "--role", "crm") == 0


def ends_a_key(trip: Trip) -> None:
    _, key = trip.site.run("key", "create", "--name", "crash", "--role", "crm")
    trip.command("key", "revoke", key.split("_")[2])
    answer = http.get(f"{trip.site.addresses[0]}/v1/definitions", headers={"Authorization": f"Bearer {key.strip()}"})
    assert answer.status_code == 401


def mends_a_case(trip: Trip) -> None:
    id = trip.begin("timer")
    trip.site.do(f"delete from job where instance_id = '{id}'")
    assert trip.command("doctor", "--fix") == 0
    trip.site.skew(trip.site.skewed_by + HOUR)
    trip.work()
    trip.over(id)


def mends_a_lease(trip: Trip) -> None:
    id = trip.begin("line")
    trip.site.do(
        f"update job set state = 'running', lease_token = '{uuid.uuid4()}', "
        f"lease_until = created_at - interval '1 h' where instance_id = '{id}'"
    )
    assert trip.command("doctor", "--fix") == 0
    trip.work()
    trip.over(id)


def mends_messages(trip: Trip) -> None:
    body = {"name": "msg_word", "correlation": {"key": trip.key}, "payload": {}, "messageId": trip.key}
    assert trip.ask("POST", "/v1/messages", body, role="crm").json()["result"] == "buffered"
    trip.site.skew(trip.site.skewed_by + 4 * HOUR)
    assert trip.command("doctor", "--fix") == 0
    assert trip.site.rows(f"select state from message where message_id = '{trip.key}'") == [("expired",)]


def migrates(trip: Trip) -> None:
    with new_database(trip.site) as url:
        assert trip.command("migrate", database_url=url) == 0
        db = Database(url, size=1)
        try:
            assert schema.is_current(db)
            assert schema.differences(db) == []
        finally:
            db.close()


@contextlib.contextmanager
def new_database(site: Site) -> Iterator[str]:
    """An empty database beside the site's; its address."""
    name = f"crash_{uuid.uuid4().hex}"
    site.do(f"create database {name}")
    try:
        yield site.postgres.url.replace("/app?", f"/{name}?")
    finally:
        site.do(f"drop database {name} with (force)")


# ---- the sandbox: the same again after a Ctrl-C or worse


def in_the_sandbox(path: str, kind: str, content: bytes) -> Way:
    """A sandbox of its own that dies at the point, and one that comes after it and is asked again."""

    def way(trip: Trip) -> None:
        var, port = trip.site.folder / trip.point, free_port()
        base = f"http://127.0.0.1:{port}"

        def started(url: str, **settings: str) -> WarmProcess:
            told = {
                "mode": "sandbox",
                "database_url": url,
                "var_dir": str(var),
                "bpmn_dir": str(UNSORTED),
                **settings,
            }
            process = trip.site.launch(("serve", "--port", str(port)), trip.site.folder / "sandbox.log", told)
            until("the sandbox ready", lambda: ready(base) or process.poll() is not None, within=60)
            return process

        def ask() -> httpx.Response:
            token = json.loads((var / "sandbox.json").read_text())["tokens"]["admin"]
            headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
            return http.post(base + path, headers=headers, timeout=60, content=content)

        with new_database(trip.site) as url:
            process = started(url, crash_at=trip.point)
            with contextlib.suppress(httpx.TransportError):
                ask()
            trip.died = process.wait(30) == -signal.SIGKILL
            process = started(url)
            assert ask().is_success
            process.kill()
            process.wait(30)

    return way


def ready(base: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return http.get(f"{base}/health/ready", timeout=5).status_code == 200
    return False


LETTER = b"From: <somebody@provider.kz>\r\nTo: <complaints@kt.sandbox>\r\nSubject: ?\r\n\r\n?\r\n"


WAYS: dict[str, Way] = {
    "start": starts,
    "complete": completes,
    "claim": works_a_task("POST", "claim"),
    "next": takes_the_next,
    "release": works_a_task("POST", "release", claimed=True),
    "assign": works_a_task("POST", "assign", {"assignee": "operator"}, role="admin"),
    "comment": works_a_task("POST", "comments", {"text": "?"}),
    "attach": attaches,
    "filters.keep": keeps_a_filter("keep"),
    "filters.change": keeps_a_filter("change"),
    "filters.drop": keeps_a_filter("drop"),
    "draft": works_a_task("PUT", "draft", {"values": {"yes": True}}),
    "correlate": sends_a_message,
    "broadcast.remember": sends_a_signal,
    "broadcast.reach": sends_a_signal,
    "broadcast.begin": sends_a_signal,
    "broadcast.end": sends_a_signal,
    "broadcast.condition": changes_a_condition,
    "settle.due": a_timer_fires,
    "settle.internal": an_internal_job_runs,
    "settle.done": calls("billing"),
    "settle.again": fails_and_comes_again,
    "settle.failed": fails_for_good,
    "settle.short_failed": an_internal_job_fails,
    "settle.give_up": a_failure_cannot_be_settled,
    "job.lease": calls("billing"),
    "job.renew": takes_long,
    "job.give_back": loses_the_database,
    "mail_sent.remember": mails,
    "mail_arrived.sort": is_answered,
    "mail_arrived.set_aside": a_mail_breaks_what_it_touches,
    "mail_arrived.handed_over": is_answered,
    "periodic.keep": takes_its_turn,
    "periodic.again": takes_its_turn,
    "periodic.start": begins_by_the_clock,
    "periodic.put_off": a_turn_cannot_be_taken,
    "tidy": takes_its_turn,
    "put_away.months": takes_its_turn,
    "put_away.move": puts_away,
    "put_away.forget": takes_its_turn,
    "operate.cancel": operates("cancel", {"reason": "?"}),
    "operate.suspend": operates("suspend", {}),
    "operate.resume": operates("resume", {}, before=("suspend", {})),
    "operate.migrate": operates("migrate", {"version": 2}, version=1),
    "operate.retry_job": retries_a_job,
    "operate.skip_job": skips_a_job,
    "operate.cancel_job": cancels_a_job,
    "deploy": deploys,
    "doctor.case": mends_a_case,
    "doctor.jobs": mends_a_lease,
    "doctor.messages": mends_messages,
    "keys.create": makes_a_key,
    "keys.revoke": ends_a_key,
    "migrate": migrates,
    "periodic.nudge": in_the_sandbox("/v1/sandbox/mail", "message/rfc822", LETTER),
    "sandbox.clock": in_the_sandbox("/v1/sandbox/clock", "application/json", b'{"advance": "PT1H"}'),
    "siebel": calls("siebel"),
    "cabinet": calls("cabinet"),
    "billing": calls("billing"),
    "line": calls("line"),
    "broadband": calls("broadband"),
    "platform": calls("platform"),
    "mail": mails,
    "mailbox": is_answered,
}
"""A way to each verb and system of the table of crash points."""


def test_there_is_a_way_to_every_point_and_to_nothing_else() -> None:
    assert set(WAYS) == {point.rpartition(".")[0] for point in crash.POINTS}


@pytest.mark.parametrize("point", sorted(crash.POINTS))
def test_killed_at(point: str, site: Site) -> None:
    trip = Trip(site, point)
    way = WAYS[point.rpartition(".")[0]]
    try:
        way(trip)
    finally:
        wrong = trip.end()
    assert wrong == []


def test_the_doctor_finds_the_site_sound(site: Site) -> None:
    assert list(audit.doctor(site)) == []
    assert list(audit.stuck(site)) == []
