"""One case's way past a crash point: the process that comes to the point dies there, others go on.

Callers do what callers do: who got no answer asks again.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx

from kt_flows.jobs.hands import LEASE
from kt_flows.runtime import doctor
from kt_flows.runtime.context import Runtime
from kt_flows.sandbox.switches import Switch
from kt_flows.settings import Settings
from support import audit
from support.service import free_port, until
from support.site import Member, Site, http

PATIENCE = 30.0
"""Seconds for one answer."""

TWICE = {"settle.done.before_commit", "mail.after_send", "job.renew.before_commit", "job.renew.after_commit"}
"""Points between a system's answer and our commit: nobody can know, so the call goes out again, under its key."""


class Trip:
    """Made anew for each point; `end` says what is wrong.  The site has one `serve`, and no worker but the trip's."""

    def __init__(self, site: Site, point: str) -> None:
        self.site, self.point = site, point
        self.key = f"trip-{point}"
        self.cases: list[str] = []
        self.done = 0
        """Completions answered with success."""
        self.died = False
        self.worker = Member(site, "worker")
        self._door = Member(site, "door", port=free_port())
        self._door.options = ("--no-jobs",)
        self._armed: Member | None = None

    # ---- processes

    def arm_door(self) -> None:
        """Requests go to a `serve` that dies at the point, until it has."""
        self._armed = self._door.start(crash_at=self.point)
        until("the armed door ready", lambda: self._door.ready)

    def arm_worker(self) -> None:
        """A worker that dies at the point, and no other."""
        self._leases_end()
        self._armed = self.worker.start(crash_at=self.point)

    def work(self) -> None:
        """A worker that lives."""
        self._leases_end()
        self.worker.start()

    def rest(self) -> None:
        """No worker at all."""
        self.worker.kill()

    def dies(self) -> None:
        """Waits for the armed process's end, which nobody but itself has brought about."""
        assert self._armed is not None
        assert self._armed.process is not None
        code = self._armed.process.wait(PATIENCE)
        assert code == -signal.SIGKILL, f"{self._armed.name} ended with {code}: {self._armed.log()[-2000:]}"
        self.died = True

    def again(self) -> None:
        """The armed worker dies, and another takes its place."""
        self.dies()
        self.work()

    def _leases_end(self) -> None:
        self.site.skew(self.site.skewed_by + LEASE.total_seconds() + 1)

    def command(self, *arguments: str, **settings: str) -> int:
        """A `kt-flows` command that dies at the point, and then once more without it; answers how that ended."""
        code, said = self.site.run(*arguments, crash_at=self.point, **settings)
        assert code == -signal.SIGKILL, f"{arguments} ended with {code}: {said[-2000:]}"
        self.died = True
        return self.site.run(*arguments, **settings)[0]

    # ---- callers

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str = "admin",
        allowed: tuple[int, ...] = (),
        **more: Any,
    ) -> httpx.Response:
        """The answer to a request, asked again after the death of who should have answered.

        Fails where the answer is neither success nor one of `allowed`.
        """
        while True:
            try:
                answer = self.ask_once(method, path, body, role=role, **more)
            except httpx.TransportError:
                assert self._at_the_armed_door, "a process died that was not to"
                self.dies()
                allowed = (*allowed, 409)
                continue
            assert answer.is_success or answer.status_code in allowed, f"{answer.status_code} {answer.text}"
            return answer

    def ask_once(self, method: str, path: str, body: Any, *, role: str = "admin", **more: Any) -> httpx.Response:
        address = f"http://127.0.0.1:{self._door.port}" if self._at_the_armed_door else self.site.addresses[0]
        headers = {"Authorization": f"Bearer {self.site.tokens[role]}"} | more.pop("headers", {})
        return http.request(method, address + path, json=body, headers=headers, timeout=PATIENCE, **more)

    @property
    def _at_the_armed_door(self) -> bool:
        return self._armed is self._door and not self.died

    def begin(self, by: str, key: str | None = None, **more: Any) -> str:
        """A case that goes through `by`."""
        key = key or f"{self.key}-{len(self.cases)}"
        more = {"variables": {"by": by, "key": key} | more.pop("variables", {})} | more
        body = {"definitionKey": "crash_case", "source": "trip", "businessKey": key, **more}
        id = str(self.ask("POST", "/v1/instances", body, role="crm").json()["id"])
        self.cases.append(id)
        return id

    def task(self, id: str) -> str:
        """The id of a case's one open task."""
        waits = self.ask("GET", f"/v1/instances/{id}").json()["waits"]
        [task] = [wait["taskId"] for wait in waits if wait["kind"] == "task"]
        return str(task)

    def complete(self, task: str) -> None:
        values = {"values": {"yes": True}}
        answer = self.ask("POST", f"/v1/tasks/{task}/complete", values, role="operator")
        self.done += answer.is_success

    def state(self, id: str) -> str:
        return str(self.ask("GET", f"/v1/instances/{id}").json()["state"])

    def over(self, id: str) -> None:
        until(f"{id} completed", lambda: self.state(id) == "completed")

    def tell(self, system: str, behaviour: str = "ok", **how: Any) -> None:
        self.site.outside.tell(system, Switch(behaviour, **how))

    def stuck(self, id: str) -> str:
        """The id of a case's stuck job."""

        def look() -> str | None:
            rows = self.site.rows(f"select id from job where instance_id = '{id}' and state = 'stuck'")
            return str(rows[0][0]) if rows else None

        return until(f"{id} stuck", look)

    # ---- what was promised

    def end(self) -> list[str]:
        """Everything that is wrong; empty is the promise kept."""
        if self.worker.alive:
            self.worker.kill()
        wrong = [] if self.died else [f"nobody died at {self.point}"]
        cases = self.site.rows(
            "select id::text, status from instance union all select id::text, status from past_instance"
        )
        over = dict(cases)
        wrong += [f"{id} is in two places" for id, times in Counter(id for id, _ in cases).items() if times > 1]
        wrong += [f"{id} is {over.get(id, 'lost')}" for id in self.cases if over.get(id) not in audit.OVER]
        wrong += [f"a task was completed {self.done} times"] if self.done > 1 else []
        wrong += self._calls()
        site = self.site
        return [*wrong, *audit.elements(site), *audit.mail(site), *audit.systems(site), *self._unsound()]

    def _unsound(self) -> list[str]:
        """What `kt-flows doctor` would say, without a process of its own."""
        rt = Runtime(self.site.db, self.site.clock, Settings(mode="sandbox"))
        return [f"doctor: {one}" for one in doctor.examine(rt)]

    def _calls(self) -> list[str]:
        """Each outside call of the cases went out once, or twice as the same where nobody can know."""
        most = 2 if self.point in TWICE or self.point.endswith(".after_call") else 1
        count: Counter[str] = Counter()
        for emulator in self.site.outside.emulators.values():
            done = [one for one in emulator.seen()["requests"] if one["status"] < 300]
            count.update(f"{emulator.system} {one['idempotencyKey']}" for one in done)
        count.update(mail["headers"]["Message-ID"] for mail in self.site.outside.sent_mail())
        mine = {one: times for one, times in count.items() if any(id in one for id in self.cases)}
        return [f"{one} was asked {times} times" for one, times in mine.items() if times > most]

    def asked(self, id: str) -> Mapping[str, int]:
        """How often each call of a case was made, by its key: shows that the call was there at all."""
        count: Counter[str] = Counter()
        for emulator in self.site.outside.emulators.values():
            count.update(one["idempotencyKey"] for one in emulator.seen()["requests"])
        count.update(mail["headers"]["Message-ID"] for mail in self.site.outside.sent_mail())
        return {one: times for one, times in count.items() if id in one}
