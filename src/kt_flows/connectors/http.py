"""One outside system over HTTP: keyed, bounded in time and size, and left alone while it is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson

from kt_flows.clock import Clock
from kt_flows.errors import Permanent, Temporary

MAX_ANSWER = 1024 * 1024
_BUSY = (408, 425, 429)


class Breaker:
    """Stops asking a system that has failed five times running; asks once again after a minute."""

    def __init__(self, clock: Clock, *, failures: int = 5, rest: timedelta = timedelta(seconds=60)) -> None:
        self._clock = clock
        self._most = failures
        self._rest = rest
        self._failures = 0
        self._until: datetime | None = None
        self._lock = threading.Lock()

    def check(self, system: str) -> None:
        """Raises Temporary while the system is left alone."""
        with self._lock:
            if self._until is not None and self._clock.now() < self._until:
                raise Temporary(f"{system} has failed {self._failures} times and is left alone until {self._until}")

    def told(self, *, ok: bool) -> None:
        with self._lock:
            self._failures = 0 if ok else self._failures + 1
            self._until = self._clock.now() + self._rest if self._failures >= self._most else None


class System:
    """A named outside system at a base URL."""

    def __init__(self, name: str, url: str | None, clock: Clock, *, timeout: float = 30.0) -> None:
        self.name = name
        self._url = (url or "").rstrip("/")
        self._breaker = Breaker(clock)
        self._timeout = timeout
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=5.0),
            follow_redirects=False,
            headers={"Accept": "application/json"},
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        key: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON answer of one call, made under an idempotency key.

        Raises Temporary (network, time-out, busy, 5xx: try again) or Permanent, whose code is the answer's own or
        `<system>.rejected`.
        """
        if not self._url:
            raise Temporary(f"there is no address for {self.name}: set KT_FLOWS_{self.name.upper()}_URL")
        self._breaker.check(self.name)
        try:
            answer, content = self._send(method, path, key, body, query)
        except httpx.HTTPError as error:
            self._breaker.told(ok=False)
            raise Temporary(f"{self.name}: {type(error).__name__} {error}") from error
        self._breaker.told(ok=answer.status_code < 500)
        if answer.is_success:
            return _json(self.name, content)
        raise self.refusal(answer.status_code, content)

    def _send(
        self,
        method: str,
        path: str,
        key: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
    ) -> tuple[httpx.Response, bytes]:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        content = orjson.dumps(body) if body is not None else None
        end = time.monotonic() + self._timeout
        with self._client.stream(
            method, f"{self._url}{path}", content=content, params=dict(query or {}), headers=headers
        ) as answer:
            parts, size = [], 0
            for part in answer.iter_bytes():
                size += len(part)
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("the answer comes too slowly")
                if size > MAX_ANSWER:
                    raise Permanent(f"{self.name} answered more than {MAX_ANSWER} bytes", code=f"{self.name}.answer")
                parts.append(part)
            return answer, b"".join(parts)

    def refusal(self, status: int, content: bytes) -> Temporary | Permanent:
        """What an answer that is no success means."""
        if status >= 500 or status in _BUSY:
            return Temporary(f"{self.name} answered {status}")
        try:
            said = orjson.loads(content)
        except orjson.JSONDecodeError:
            said = {}
        known = said if isinstance(said, dict) else {}
        code = known.get("code")
        text = known.get("detail") or known.get("title") or ""
        return Permanent(f"{self.name} answered {status}: {text}", code=str(code or f"{self.name}.rejected"))

    def close(self) -> None:
        self._client.close()


def _json(name: str, content: bytes) -> Any:
    try:
        return orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise Temporary(f"{name} answered what is not JSON") from error
