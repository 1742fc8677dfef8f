"""What somebody hostile sends is refused at the door it comes to, named, within a second, in bounded memory.

The files under `tests/data/attacks` and `tests/data/mail`, and at least as many of our own (`support/hostile.py`), go
through the real API on a socket.  There are no signed web tokens here: callers are known by API keys, so whatever
looks like a token of another kind is nobody's.  No diagram, form or caller names an address that the service would
call: the addresses of outside systems are the operator's settings.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import sqlalchemy as sa

from kt_flows.store.tables import definition, instance
from support.api import Api, running_api
from support.hostile import BEARERS, BODIES, DEPLOYED, JSON, QUERIES, ZIPPED, raw_requests

DATA = Path(__file__).resolve().parents[1] / "data" / "attacks"
MANIFEST = b"key: p\nname: {ru: x}\nvariables: {x: {type: any}, amount: {type: double}}\n"
MOST_BYTES = 50_000_000
MOST_SECONDS = 1.0


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running_api() as api:
        yield api


@contextmanager
def unharmed(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is kept, written or held on to, and it does not take long."""
    monkeypatch.chdir(tmp_path)
    before, held, begun = rows(api), psutil.Process().memory_info().rss, time.perf_counter()
    yield
    assert time.perf_counter() - begun < MOST_SECONDS
    assert psutil.Process().memory_info().rss - held < MOST_BYTES
    assert rows(api) == before
    assert list(tmp_path.iterdir()) == []


def rows(api: Api) -> tuple[int, int]:
    with api.runtime.reading() as reading:
        return len(reading.all(sa.select(definition.c.id))), len(reading.all(sa.select(instance.c.id)))


def refused(response: httpx.Response, *statuses: int) -> dict[str, object]:
    assert response.status_code in statuses, f"{response.status_code} {response.text[:500]}"
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["code"]
    return body


def deploy(api: Api, files: dict[str, bytes]) -> list[dict[str, object]]:
    sent = [("files", (name, data)) for name, data in files.items()]
    found = refused(api.as_("analyst").post("/v1/deployments", files=sent), 422)["findings"]
    assert isinstance(found, list)
    assert all(one["message"] and one["file"] for one in found)
    return found


@pytest.mark.parametrize("file", sorted(DATA.glob("*/*.bpmn")), ids=lambda file: file.stem)
def test_the_diagrams_of_the_corpus(api: Api, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"p/process.bpmn": file.read_bytes(), "p/process.yaml": MANIFEST}
    if (table := file.with_suffix(".dmn")).exists():
        files["p/table.dmn"] = table.read_bytes()
    with unharmed(api, tmp_path, monkeypatch):
        assert deploy(api, files)


@pytest.mark.parametrize("name", DEPLOYED)
def test_deployments_of_our_own(api: Api, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, rule = DEPLOYED[name]
    files = make()
    with unharmed(api, tmp_path, monkeypatch):
        found = deploy(api, files)
    assert rule in {one["rule"] for one in found}, found
    assert all(one["hint"] for one in found if one["rule"] == rule), found


@pytest.mark.parametrize("name", ZIPPED)
def test_archives(api: Api, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = ZIPPED[name]()
    with unharmed(api, tmp_path, monkeypatch):
        sent = api.as_("analyst").post("/v1/deployments", content=data, headers={"Content-Type": "application/zip"})
        refused(sent, 413, 422)


@pytest.mark.parametrize("name", BODIES)
def test_bodies(api: Api, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, headers, statuses = BODIES[name]
    body = make()
    with unharmed(api, tmp_path, monkeypatch):
        sent = api.as_("crm").post("/v1/instances", content=body, headers={"Content-Type": JSON, **headers})
        refused(sent, *statuses)


@pytest.mark.parametrize("name", QUERIES)
def test_addresses(api: Api, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, statuses = QUERIES[name]
    with unharmed(api, tmp_path, monkeypatch):
        answer = raw(api, f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {api.tokens['anna']}"
                          "\r\nConnection: close\r\n\r\n".encode())  # fmt: skip
    assert status(answer) in statuses, answer[:500]
    if status(answer) == 200:
        assert b'"items":[]' in answer


@pytest.mark.parametrize("name", BEARERS)
def test_who_is_nobody(api: Api, name: str) -> None:
    with httpx.Client(base_url=api.url, headers={"Authorization": BEARERS[name]}) as client:
        refused(client.get("/v1/tasks"), 401)
        refused(client.post("/v1/instances", content=b"{", headers={"Content-Type": JSON}), 401)


@pytest.mark.parametrize(("name", "sent"), list(raw_requests()), ids=[name for name, _ in raw_requests()])
def test_requests_that_no_library_sends(
    api: Api, name: str, sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unharmed(api, tmp_path, monkeypatch):
        answer = raw(api, sent)
    assert not answer or status(answer) in (400, 401, 404, 413, 415, 431), answer[:300]
    assert answer.count(b"HTTP/1.1 ") <= 1, "what was smuggled in is not answered"
    assert httpx.get(f"{api.url}/health/live").status_code == 200


def raw(api: Api, data: bytes) -> bytes:
    """What a socket hears until the other end closes it, or falls silent."""
    address = urlsplit(api.url)
    answer = b""
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=0.3) as line:
        try:
            line.sendall(data)
            while piece := line.recv(65_536):
                answer += piece
        except (TimeoutError, ConnectionError):
            pass
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
