"""One outside system over a real socket: what may be tried again, what may not, and when it is left alone."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from kt_flows.clock import FixedClock
from kt_flows.connectors.http import MAX_ANSWER, Breaker, System
from kt_flows.connectors.systems import Siebel
from kt_flows.errors import Permanent, Temporary
from support.http import serving
from support.outside import T0
from support.sockets import talking


class Other:
    """An outside system that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = {"ok": True}
        self.asked: list[Request] = []
        self.over = threading.Event()

    async def plain(self, request: Request) -> Response:
        self.asked.append(request)
        if isinstance(self.body, bytes):
            return Response(self.body, self.status)
        return JSONResponse(self.body, self.status)

    async def moved(self, request: Request) -> Response:
        return RedirectResponse("/plain")

    async def silent(self, request: Request) -> Response:
        await asyncio.to_thread(self.over.wait, 10)
        return JSONResponse({})

    async def drips(self, request: Request) -> Response:
        async def drops() -> AsyncIterator[bytes]:
            while not self.over.is_set():
                yield b" "
                await asyncio.sleep(0.02)

        return StreamingResponse(drops())

    @property
    def app(self) -> Starlette:
        methods = ["GET", "POST"]
        names = ("plain", "moved", "silent", "drips")
        return Starlette(routes=[Route(f"/{name}", getattr(self, name), methods=methods) for name in names])


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(T0)


@pytest.fixture
def other() -> Other:
    return Other()


@pytest.fixture
def system(other: Other, clock: FixedClock) -> Iterator[System]:
    with serving(other.app) as url:
        one = System("billing", url + "/", clock, timeout=0.3)
        try:
            yield one
        finally:
            other.over.set()
            one.close()


def test_an_answer_is_its_json_and_the_key_goes_along(system: System, other: Other) -> None:
    assert system.call("POST", "/plain", key="case:7", body={"a": 1}, query={"q": "да"}) == {"ok": True}
    [asked] = other.asked
    assert asked.headers["Idempotency-Key"] == "case:7"
    assert asked.query_params["q"] == "да"


def test_an_empty_answer_is_an_empty_object(system: System, other: Other) -> None:
    other.body = b""
    assert system.call("GET", "/plain", key="k") == {}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425, 429])
def test_who_is_busy_or_ill_is_asked_again(system: System, other: Other, status: int) -> None:
    other.status = status
    with pytest.raises(Temporary, match=f"billing answered {status}"):
        system.call("GET", "/plain", key="k")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (422, {"code": "billing.over_limit", "detail": "too many"}, "billing.over_limit"),
        (404, {"title": "no"}, "billing.rejected"),
        (400, b"<html>", "billing.rejected"),
        (409, [1], "billing.rejected"),
        (400, b"", "billing.rejected"),
    ],
)
def test_a_refusal_is_for_good_and_has_a_code(
    system: System, other: Other, status: int, body: Any, code: str
) -> None:
    other.status, other.body = status, body
    with pytest.raises(Permanent) as caught:
        system.call("GET", "/plain", key="k")
    assert caught.value.code == code


def test_a_redirect_is_not_followed(system: System) -> None:
    with pytest.raises(Permanent):
        system.call("GET", "/moved", key="k")


def test_what_is_not_json_may_be_better_next_time(system: System, other: Other) -> None:
    other.body = b"<html>proxy</html>"
    with pytest.raises(Temporary, match="not JSON"):
        system.call("GET", "/plain", key="k")


def test_an_answer_without_end_is_cut_at_its_size(system: System, other: Other) -> None:
    other.body = b"[" + b" " * MAX_ANSWER + b"]"
    with pytest.raises(Permanent) as caught:
        system.call("GET", "/plain", key="k")
    assert caught.value.code == "billing.answer"


@pytest.mark.parametrize("path", ["/silent", "/drips"])
def test_silence_and_drops_are_waited_for_only_so_long(system: System, path: str) -> None:
    with pytest.raises(Temporary, match="Timeout"):
        system.call("GET", path, key="k")


def test_headers_in_drops_are_waited_for_only_so_long(clock: FixedClock) -> None:
    with talking(b"HTTP/1.1 200 OK\r\nX: ", every=b"x") as port:
        system = System("line", f"http://127.0.0.1:{port}", clock, timeout=0.3)
        begun = time.monotonic()
        with pytest.raises(Temporary, match="ReadTimeout"):
            system.call("GET", "/", key="k")
        assert time.monotonic() - begun < 3
        system.close()


def test_the_environment_s_proxy_is_not_asked(
    system: System, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    again = System("billing", system._url, clock)
    assert again.call("GET", "/plain", key="k") == {"ok": True}
    again.close()


def test_what_a_system_says_is_kept_short_and_without_what_no_database_takes(system: System, other: Other) -> None:
    other.status, other.body = 422, {"code": "x" * 500, "detail": "a\x00b\r\n" + "y" * 5_000}
    with pytest.raises(Permanent) as caught:
        system.call("GET", "/plain", key="k")
    assert caught.value.code == "billing.rejected"
    assert len(caught.value.message) < 400
    assert not set(caught.value.message) & set("\x00\r\n")
    other.status, other.body = 200, {"a": "\x00"}
    with pytest.raises(Temporary, match="cannot be kept"):
        system.call("GET", "/plain", key="k")


def test_who_does_not_listen_is_asked_again(clock: FixedClock) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        system = System("line", f"http://127.0.0.1:{nobody.getsockname()[1]}", clock)
        with pytest.raises(Temporary, match="KT_FLOWS_LINE_URL: ConnectError"):
            system.call("GET", "/", key="k")
        system.close()


def test_a_system_without_an_address_names_the_setting(clock: FixedClock) -> None:
    system = System("line", None, clock)
    with pytest.raises(Temporary, match="KT_FLOWS_LINE_URL"):
        system.call("GET", "/", key="k")
    system.close()


def test_a_system_that_fails_five_times_is_left_alone_for_a_minute(
    system: System, other: Other, clock: FixedClock
) -> None:
    other.status = 500
    for _ in range(5):
        with pytest.raises(Temporary, match="answered 500"):
            system.call("GET", "/plain", key="k")
    clock.advance(timedelta(seconds=59))
    with pytest.raises(Temporary, match="left alone"):
        system.call("GET", "/plain", key="k")
    assert len(other.asked) == 5
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Temporary, match="answered 500"):
        system.call("GET", "/plain", key="k")
    with pytest.raises(Temporary, match="left alone"):
        system.call("GET", "/plain", key="k")
    clock.advance(timedelta(seconds=60))
    other.status = 200
    assert system.call("GET", "/plain", key="k") == {"ok": True}
    assert system.call("GET", "/plain", key="k") == {"ok": True}


def test_after_its_rest_one_caller_looks_and_the_others_wait_for_what_it_sees(clock: FixedClock) -> None:
    breaker = Breaker(clock)
    for _ in range(5):
        breaker.told(ok=False)
    clock.advance(timedelta(seconds=60))
    breaker.check("line")
    with pytest.raises(Temporary, match="left alone"):
        breaker.check("line")
    breaker.told(ok=True)
    breaker.check("line")
    breaker.check("line")


def test_an_answer_that_is_too_long_is_still_an_answer(system: System, other: Other) -> None:
    other.body = b" " * (MAX_ANSWER + 1)
    for _ in range(7):
        with pytest.raises(Permanent):
            system.call("GET", "/plain", key="k")


def test_a_siebel_that_refuses_by_a_500_is_not_ill(other: Other, clock: FixedClock) -> None:
    other.status, other.body = 500, {"ERROR": "refused by a rule(SBL-EAI-04397)"}
    with serving(other.app) as url:
        siebel = Siebel("siebel", url, clock)
        for _ in range(7):
            with pytest.raises(Permanent) as caught:
                siebel.call("GET", "/plain", key="k")
            assert caught.value.code == "siebel.rejected"
        other.status, other.body = 400, {"ERROR": "no such field(SBL-XXX-99999)"}
        with pytest.raises(Permanent):
            siebel.call("GET", "/plain", key="k")
        siebel.close()


def test_refusals_do_not_open_the_breaker(system: System, other: Other) -> None:
    other.status = 422
    for _ in range(7):
        with pytest.raises(Permanent):
            system.call("GET", "/plain", key="k")
    assert len(other.asked) == 7


def test_one_success_forgets_the_failures_before_it(clock: FixedClock) -> None:
    breaker = Breaker(clock)
    for ok in (False, False, False, False, True, False, False, False, False):
        breaker.told(ok=ok)
        breaker.check("line")


def test_timeouts_are_those_asked_for(system: System) -> None:
    assert isinstance(system._client.timeout, httpx.Timeout)
    assert system._client.timeout.read == 0.3
