"""Those who use a site while it is being broken: a CRM that starts cases, operators who complete whatever is open.

They do what such callers do: ask again until there is an answer, sometimes twice at once, at whichever address.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from support.service import until
from support.site import Site
from support.walk import SUBSCRIBER

PATIENCE = 15.0
"""Seconds that a caller waits for one answer."""
SURE = {200, 201, 204, 404, 409}
"""Answers that settle a request; 503 asks to come again, and no answer at all leaves the caller not knowing."""

VALUES: dict[str, dict[str, Any]] = {
    "check_broadband": {"broadband_ok": True, "broadband_source": "subscriber_statement"},
    "register_appeal": {
        "symptom": "no_start",
        "problem": "Не запускается",
        "preferred_channel": "email",
        "contact_email": SUBSCRIBER["email"],
    },
    "qualify_answer": {"final": True, "error_class": "provider", "answer_text": "Исправлено"},
    "branch_triage": {"responsibility": "provider", "reason": "Не наша зона"},
    "approve_compensation": {"decision": "approve", "reason": "Срок прошёл"},
    "deliver_answer": {},
    "inform_status": {},
    "supervisor_decision": {},
}


@dataclass
class Case:
    key: str
    definition_key: str
    id: str | None = None


@dataclass
class Crew:
    """Work for one site.  `answers` counts statuses (0: none came), `faults` are answers that must not be."""

    site: Site
    seed: int = 1
    cases: list[Case] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    completed: Counter[str] = field(default_factory=Counter)
    """Task id to how often a completion was answered with 200."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._off = threading.Event()
        self._threads: list[threading.Thread] = []
        self._waiting: list[Case] = []

    def start(self, *, callers: int = 2, operators: int = 4) -> Crew:
        works = [(self._calls, number) for number in range(callers)]
        works += [(self._works, number) for number in range(operators)]
        for work, number in works:
            thread = threading.Thread(target=work, args=(random.Random(self.seed * 1_000 + len(self._threads)),))
            thread.name = f"{work.__name__}-{number}"
            thread.start()
            self._threads.append(thread)
        return self

    def add(self, count: int, definition_key: str) -> list[Case]:
        """So many more complaints come in."""
        with self._lock:
            fresh = [Case(f"{definition_key}-{len(self.cases) + n}", definition_key) for n in range(count)]
            self.cases += fresh
            self._waiting += fresh
        return fresh

    def stop(self) -> None:
        self._off.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def all_started(self) -> bool:
        with self._lock:
            return all(case.id for case in self.cases)

    def wait_for_work(self) -> None:
        """Until more has been answered than before: a fault in the middle of nothing shows nothing."""
        before = sum(self.answers.values())
        until("callers being answered", lambda: sum(self.answers.values()) > before + 5, within=90)

    # ---- the CRM

    def _calls(self, choose: random.Random) -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            while not self._off.is_set():
                with self._lock:
                    case = self._waiting.pop(0) if self._waiting else None
                if case is None:
                    self._off.wait(0.05)
                    continue
                while not self._off.is_set():
                    answer = self._ask(client, choose, "crm", "POST", "/v1/instances", _body(case))
                    if answer is not None and answer.status_code in (200, 201):
                        id = answer.json()["id"]
                        if case.id not in (None, id):
                            self.faults.append(f"{case.key}: {case.id}, then {id}")
                        again = case.id is None and choose.random() < 0.1
                        case.id = id
                        if not again:
                            break

    # ---- the operators

    def _works(self, choose: random.Random) -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            while not self._off.is_set():
                listed = self._ask(client, choose, "operator", "GET", "/v1/tasks?limit=50", None)
                tasks = listed.json()["items"] if listed is not None and listed.status_code == 200 else []
                choose.shuffle(tasks)
                for task in tasks[:10]:
                    self._complete(client, choose, task)
                    if self._off.is_set():
                        return
                if not tasks:
                    self._off.wait(0.1)

    def _complete(self, client: httpx.Client, choose: random.Random, task: dict[str, Any]) -> None:
        if task["elementId"] not in VALUES:
            self.faults.append(f"nobody knows what to do with {task['elementId']}")
            self._off.wait(1)
            return
        path, body = f"/v1/tasks/{task['id']}/complete", {"values": VALUES[task["elementId"]]}
        for _ in range(2 if choose.random() < 0.1 else 1):
            answer = self._ask(client, choose, "operator", "POST", path, body)
            if answer is not None and answer.status_code == 200:
                with self._lock:
                    self.completed[task["id"]] += 1

    def _ask(
        self, client: httpx.Client, choose: random.Random, role: str, method: str, path: str, body: Any
    ) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.site.tokens[role]}"}
        try:
            answer = client.request(method, choose.choice(self.site.addresses) + path, json=body, headers=headers)
        except httpx.TransportError:
            with self._lock:
                self.answers[0] += 1
            self._off.wait(0.05)
            return None
        with self._lock:
            self.answers[answer.status_code] += 1
        if answer.status_code not in SURE:
            if answer.status_code != 503:
                self.faults.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            self._off.wait(0.1)
        return answer


def _body(case: Case) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "subscriber": SUBSCRIBER | {"id": f"S-{case.key}"},
        "service": "software_rental",
        "problem": "Не запускается",
    }
    if case.definition_key == "scheme2_cabinet":
        variables |= {"request_id": case.key, "branch": "ALA"}
    return {
        "definitionKey": case.definition_key,
        "source": "drill",
        "businessKey": case.key,
        "variables": variables,
    }
