"""The API on a real socket and a real PostgreSQL, with the loan process deployed and a caller for every role."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from kt_flows.api.application import Parts, create_api
from kt_flows.api.feed import Feed
from kt_flows.api.ops import Health
from kt_flows.api.tokens import ApiKeys
from kt_flows.clock import FixedClock
from kt_flows.runtime import deploy, keys
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE
from kt_flows.settings import Settings
from kt_flows.store.events import EventSource
from support.http import serving
from support.postgres import fresh_database

LOAN = Path(__file__).resolve().parents[1] / "data" / "loan"

CALLERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "admin": (("admin",), ()),
    "crm": (("crm",), ()),
    "crm_2": (("crm",), ()),
    "anna": (("operator",), ("operator_160",)),
    "boris": (("operator",), ("operator_160",)),
    "almaty": (("operator",), ("branch_specialist:ALA",)),
    "astana": (("operator",), ("branch_specialist:AST",)),
    "chief": (("supervisor",), ("operator_160", "supervisor_160")),
    "far_chief": (("supervisor",), ("branch_head:AST",)),
    "analyst": (("analyst",), ()),
}


def folder(path: Path) -> dict[str, bytes]:
    """A process folder's files, as they are deployed."""
    return {
        f"{path.name}/{file.relative_to(path).as_posix()}": file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


@dataclass
class Api:
    url: str
    runtime: Runtime
    clock: FixedClock
    tokens: Mapping[str, str]
    feed: Feed
    health: Health
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def as_(self, caller: str) -> httpx.Client:
        if caller not in self._clients:
            headers = {"Authorization": f"Bearer {self.tokens[caller]}"}
            self._clients[caller] = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        return self._clients[caller]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def start(self, loan_id: str, *, branch: str = "ALA", by: str = "crm", **more: Any) -> dict[str, Any]:
        """A new loan case."""
        variables = {"loan_id": loan_id, "branch": branch, **more.pop("variables", {})}
        body = {"definitionKey": "loan", "variables": variables, **more}
        return answer(self.as_(by).post("/v1/instances", json=body), 201)

    def task(self, case: Mapping[str, Any]) -> str:
        """The id of the one task that a case waits for."""
        (wait,) = [wait for wait in case["waits"] if wait["kind"] == "task"]
        return str(wait["taskId"])

    def reviewed(self, loan_id: str, *, branch: str = "ALA") -> dict[str, Any]:
        """A case that waits for its branch."""
        case = self.start(loan_id, branch=branch)
        body = {"values": {"decision": "approve"}}
        return answer(self.as_("anna").post(f"/v1/tasks/{self.task(case)}/complete", json=body))


def answer(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, f"{response.status_code} {response.text[:2000]}"
    return response.json() if response.content else None


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, f"{response.status_code} {response.text[:2000]}"
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["code"] == code, body
    return body


@contextlib.contextmanager
def running_api() -> Iterator[Api]:
    clock = FixedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    with fresh_database() as db:
        runtime = Runtime(db, clock, Settings(mode="sandbox"))
        deploy.deploy(runtime, SERVICE, folder(LOAN))
        tokens = {
            name: keys.create(db, clock, name=name, roles=roles, groups=groups, sandbox=True)
            for name, (roles, groups) in CALLERS.items()
        }
        feed = Feed(EventSource(db))
        runtime.on_commit.append(feed.wake)
        health = Health({})
        app = create_api(
            Parts(
                runtime=runtime,
                authenticate=ApiKeys(db, clock),
                feed=feed,
                health=health,
                base_url="http://127.0.0.1:8080",
                secret="test",
            )
        )
        with serving(app) as url:
            api = Api(url, runtime, clock, tokens, feed, health)
            try:
                yield api
            finally:
                feed.close()
                api.close()
