"""What must hold of a site whatever was done to it: nothing lost, nothing twice, nothing left lying.

The site may be at work meanwhile: what came first is read first, so that what follows from it is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from support.crew import Case, Crew
from support.site import Site


def problems(site: Site, crew: Crew) -> list[str]:
    """Everything that is wrong once the crew's cases have ended; empty is the promise kept."""
    return [*now(site, crew), *_cases(site, crew), *stuck(site)]


def now(site: Site, crew: Crew) -> list[str]:
    """What is wrong with a site that is at work."""
    return [*crew.faults, *_doubled(site, crew), *_tasks(site, crew), *mail(site), *systems(site), *doctor(site)]


def unended(site: Site, cases: Sequence[Case]) -> list[str]:
    """Those that are not over, or not even answered for."""
    over = {str(id) for (id,) in site.rows("select id from instance where status = 'completed'")}
    return [case.key for case in cases if case.id not in over]


def resent(site: Site) -> int:
    """Mails that came again under their own Message-ID: a kill between the server's 250 and our commit does that."""
    return sum(count - 1 for count in _message_ids(site).values())


OVER = ("completed", "cancelled")
_CASES = "select business_key, id::text, status from instance where source = 'drill'"


def _doubled(site: Site, crew: Crew) -> Iterator[str]:
    answered = [(case.key, case.id) for case in crew.cases if case.id]
    rows = site.rows(_CASES)
    count = Counter(key for key, _, _ in rows)
    yield from (f"{key} is {times} cases" for key, times in count.items() if times > 1)
    known = {id for _, id, _ in rows}
    yield from (f"{key}: {id} is lost" for key, id in answered if id not in known)


def _cases(site: Site, crew: Crew) -> Iterator[str]:
    found = {key: (id, status) for key, id, status in site.rows(_CASES)}
    for case in crew.cases:
        id, status = found.get(case.key, (None, "lost"))
        if id != case.id or status != "completed":
            yield f"{case.key}: answered with {case.id}, there is {id}, {status}"
    yield from elements(site)


def elements(site: Site) -> Iterator[str]:
    """Every element of an ended case that a token came to was left once: done, or cancelled."""
    entered = """
        select instance_id, element_id, count(*) filter (where kind = 'entered'),
               count(*) filter (where kind in ('completed', 'cancelled'))
        from history join instance on instance.id = instance_id and status = 'completed'
        where element_id is not null group by 1, 2
    """
    for instance, element, came, left in site.rows(entered):
        if came != left and came:
            yield f"{instance} {element}: entered {came} times, left {left} times"


def _tasks(site: Site, crew: Crew) -> Iterator[str]:
    answered = dict(crew.completed)
    states = dict(site.rows("select id::text, state from task"))
    for id, times in answered.items():
        if times > 1:
            yield f"task {id} was completed {times} times"
        if states.get(id) != "completed":
            yield f"task {id} was answered as completed and is {states.get(id)}"


def stuck(site: Site) -> Iterator[str]:
    stuck = site.rows("select kind, last_error from job where state = 'stuck'")
    yield from (f"job {kind} is stuck: {error}" for kind, error in stuck)


def _message_ids(site: Site) -> Counter[str]:
    return Counter(mail["headers"]["Message-ID"] for mail in site.outside.sent_mail())


def mail(site: Site) -> Iterator[str]:
    """Every job that says it sent a mail is one mail at the server, and no mail is there without its job."""
    # A case that was put away has left no jobs, and none of its mail unsent.
    jobs = """
        select message_id, state from mail_out join job on replace(key, ':', '-') = mail_id
        union all select message_id, 'done' from mail_out join past_instance on past_instance.id = instance_id
    """
    done = {id for id, state in site.rows(jobs) if state == "done"}
    arrived = set(_message_ids(site))
    known = {id for id, _ in site.rows(jobs)}
    yield from (f"mail {id} is done and never arrived" for id in done - arrived)
    yield from (f"mail {id} arrived and nobody sent it" for id in arrived - known)
    sent = site.rows("select instance_id, element_id, count(*) from mail_out group by 1, 2")
    query = "select instance_id, element_id, count(*) from history where kind = 'entered' group by 1, 2"
    entered = {(instance, element): times for instance, element, times in site.rows(query)}
    for instance, element, times in sent:
        if times > entered.get((instance, element), 0):
            yield f"{instance} {element}: {times} mails for {entered.get((instance, element), 0)} sendings"


def systems(site: Site) -> Iterator[str]:
    for system, key in (("billing", "entitlement_key"), ("siebel", "Integration Id")):
        records = site.outside.emulators[system].seen()
        listed = next(value for name, value in records.items() if name != "requests")
        count = Counter(record.get(key) for record in listed)
        yield from (f"{system}: {one} is there {times} times" for one, times in count.items() if times > 1)
    granted = Counter(record["subscriber_id"] for record in site.outside.emulators["billing"].records)
    yield from (f"{subscriber} got {times} months" for subscriber, times in granted.items() if times > 1)


def doctor(site: Site) -> Iterator[str]:
    code, said = site.run("doctor")
    if code:
        yield f"doctor: {said[-2000:]}"
