"""A whole site as one process: it starts, goes on where it was, and ends gracefully."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from kt_flows import stopping
from support.service import Service, running, until

LOAN = Path(__file__).resolve().parent / "data" / "loan"
VARIABLES = {"loan_id": "L-1", "branch": "ALA"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("site"), KT_FLOWS_BPMN_DIR=str(LOAN)) as service:
        yield service


def postmaster(site: Service) -> psutil.Process | None:
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if line and line[0].endswith("postgres") and any(str(site.var) in part for part in line):
            return process
    return None


def call(site: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("kt-flows")), "call", *arguments]
    environment = {"KT_FLOWS_VAR_DIR": str(site.var), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_sandbox_json_is_for_its_owner_alone(site: Service) -> None:
    file = site.var / "sandbox.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert told["baseUrl"] == site.base_url
    assert set(told["tokens"]) == {
        "admin",
        "crm",
        "operator_160",
        "supervisor_160",
        "operator_165",
        "branch_ALA",
        "branch_AST",
        "compensation_officer",
        "gcust_engineer",
        "gcust_shift_lead",
        "analyst",
    }


def test_a_case_by_the_command_line(site: Service) -> None:
    body = json.dumps({"definitionKey": "loan", "variables": VARIABLES})
    started = call(site, "crm", "POST", "/v1/instances", body)
    assert started.returncode == 0, started.stderr
    id = json.loads(started.stdout)["id"]
    assert json.loads(call(site, "operator_160", "POST", "/v1/tasks/next", "{}").stdout)["instanceId"] == id
    done = call(site, "operator_160", "COMPLETE", "review", '{"decision": "approve"}')
    assert json.loads(done.stdout)["waits"][0]["elementId"] == "branch_check"
    refused = call(site, "operator_160", "GET", "/v1/jobs")
    assert (refused.returncode, json.loads(refused.stdout)["code"]) == (1, "forbidden")
    assert call(site, "nobody", "GET", "/v1/jobs").returncode == 2


def test_the_clock_moves_and_deadlines_act(site: Service) -> None:
    case = site.begin("loan", VARIABLES | {"loan_id": "L-2"})
    site.complete(case["id"], "review", "operator_160", decision="approve")
    site.complete(case["id"], "branch_check", "branch_ALA")
    site.advance("PT71H")
    assert site.instance(case["id"])["state"] == "active"
    site.advance("PT2H")
    assert site.instance(case["id"])["state"] == "completed"
    assert any(line["elementId"] == "end_late" for line in site.history(case["id"]))


def test_the_sandbox_is_the_admins(site: Service) -> None:
    assert site.as_("crm").get("/v1/sandbox/mail").status_code == 403
    assert site.as_("admin").get("/v1/sandbox/mail").json() == {"items": []}
    assert site.as_("admin").post("/v1/sandbox/clock", json={"advance": "-PT1H"}).status_code == 422
    evil = site.as_("admin").get("/v1/sandbox/mail", headers={"Host": "evil.example"})
    assert evil.status_code == 400


def test_a_second_service_on_the_same_port_is_told(site: Service) -> None:
    second = Service(site.var, KT_FLOWS_BPMN_DIR=str(LOAN))
    second.port = site.port
    with pytest.raises(AssertionError, match="KT_FLOWS_PORT"):
        second.start()
    assert site.as_("crm").get("/health/ready").status_code == 200


def test_the_postmaster_killed_is_brought_back(site: Service) -> None:
    case = site.begin("loan", VARIABLES | {"loan_id": "L-3"})
    found = postmaster(site)
    assert found is not None
    found.kill()

    def again() -> bool:
        answer = site.as_("admin").get(f"/v1/instances/{case['id']}")
        assert answer.status_code in (200, 503), answer.text
        assert answer.status_code == 200 or answer.headers["retry-after"]
        return answer.status_code == 200

    until("the database again", again, within=60)
    site.begin("loan", VARIABLES | {"loan_id": "L-4"})


def test_it_ends_gracefully_and_goes_on(tmp_path: Path) -> None:
    settings = {"KT_FLOWS_BPMN_DIR": str(LOAN)}
    with running(tmp_path / "var", **settings) as site:
        case = site.begin("loan", VARIABLES)
        token = site.token("crm")
        headers = {"Authorization": f"Bearer {token}"}
        with (
            httpx.Client(base_url=site.base_url, headers=headers, timeout=30) as client,
            client.stream("GET", "/v1/events") as stream,
            contextlib.suppress(httpx.TransportError),
        ):
            assert stream.status_code == 200
            assert site.process is not None
            site.process.send_signal(signal.SIGTERM)
            for _ in stream.iter_lines():
                pass
        assert site.process.wait(20) == 0
        assert postmaster(site) is None
        site.start()
        assert site.token("crm") == token
        assert site.instance(case["id"])["state"] == "active"
        site.restart()  # SIGKILL
        assert site.instance(case["id"])["waits"] == case["waits"]
    assert "Traceback" not in site.log()


class Watched(threading.Event):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.set()
        return super().wait(timeout)


def test_a_signal_that_wakes_nobody_is_heard_all_the_same() -> None:
    """Taken on another thread, a signal leaves the main one asleep, as one does that comes just before it sleeps."""
    stop, over = Watched(), threading.Event()
    rescued: list[bool] = []

    def send() -> None:
        stop.waited.wait()
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        if not over.wait(20):
            rescued.append(True)
            stop.set()

    before = signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    sender = threading.Thread(target=send)
    sender.start()
    try:
        stopping.wait(stop)
    finally:
        signal.signal(signal.SIGTERM, before)
        over.set()
        sender.join()
    assert rescued == []


def test_logs_hold_no_values_and_no_tokens(site: Service) -> None:
    canary = "canary-7714-Иванов"
    case = site.begin("loan", VARIABLES | {"loan_id": canary})
    site.as_("crm").get("/v1/instances", params={"variable.loan_id": canary})
    site.as_("crm").post("/v1/instances", json={"definitionKey": canary, "variables": {}})
    assert site.instance(case["id"])["variables"]["loan_id"] == canary
    log = site.log()
    assert "canary" not in log
    assert site.token("crm") not in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {"at", "level", "logger", "message"} <= set(lines[0])


def test_production_from_nothing_to_the_first_answer(tmp_path: Path) -> None:
    """The how-to's order: migrate, make a key, deploy, serve; what is missing is named."""
    settings = {
        "KT_FLOWS_MODE": "production",
        "KT_FLOWS_VAR_DIR": str(tmp_path / "var"),
        "KT_FLOWS_SECRET": "0123456789abcdef0123456789abcdef",
        "KT_FLOWS_PROVIDERS": '{"default": "support@provider.kz"}',
        "KT_FLOWS_MAIL_FROM": "160@telecom.kz",
        "KT_FLOWS_SMTP_URL": "smtp://127.0.0.1:1",
        "KT_FLOWS_IMAP_URL": "imap://u:p@127.0.0.1:1/INBOX",
    }
    program = str(Path(sys.executable).with_name("kt-flows"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **settings}
        return subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, timeout=120)

    refused = run("serve", "--port", "0")
    assert (refused.returncode, "kt-flows migrate" in refused.stderr) == (1, True), refused.stderr
    assert run("migrate").returncode == 0
    refused = run("serve", "--port", "0")
    assert (refused.returncode, "kt-flows key create" in refused.stderr) == (1, True), refused.stderr
    token = run("key", "create", "--name", "siebel", "--role", "crm").stdout.strip()
    assert run("deploy", str(LOAN)).returncode == 0
    with running(tmp_path / "var", **settings) as site:
        assert httpx.get(f"{site.base_url}/docs").status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=site.base_url, headers=headers) as client:
            assert client.get("/docs").status_code == 200
            assert client.get("/v1/sandbox/mail").status_code == 404
            body = {"definitionKey": "loan", "variables": VARIABLES}
            case = client.post("/v1/instances", json=body)
            assert case.status_code == 201, case.text
        assert not (site.var / "sandbox.json").exists()
    assert "Traceback" not in site.log()
