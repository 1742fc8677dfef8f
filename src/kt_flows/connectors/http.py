"""One outside system over HTTP: keyed, bounded in time and size, and left alone while it is down."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson

from kt_flows import tracing
from kt_flows.clock import Clock
from kt_flows.connectors.deadline import Deadline, transport
from kt_flows.crash import reach
from kt_flows.errors import Permanent, Temporary

MAX_ANSWER = 1024 * 1024
_BUSY = (408, 425, 429)
_MOST_SAID = 300
"""Characters of an answer's own words that are kept."""


_CODE = re.compile(r"[a-zA-Z0-9_.-]{1,80}")
"""What an error code looks like, so that a diagram can name it."""


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
        """Raises Temporary while the system is left alone; after that lets one caller through to see."""
        with self._lock:
            now = self._clock.now()
            if self._until is None:
                return
            if now < self._until:
                raise Temporary(f"{system} has failed {self._failures} times and is left alone until {self._until}")
            self._until = now + self._rest

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
        self._deadline = Deadline()
        self._client = httpx.Client(
            transport=transport(self._deadline),
            trust_env=False,
            timeout=httpx.Timeout(timeout, connect=5.0),
            follow_redirects=False,
            headers={"Accept": "application/json"},
        )

    @property
    def setting(self) -> str:
        """Where an administrator says what the system's address is."""
        return f"KT_FLOWS_{self.name.upper()}_URL"

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
            raise Temporary(f"there is no address for {self.name}: set {self.setting}")
        self._breaker.check(self.name)
        try:
            about = tracing.span(f"{method} {self.name}", "client", system=self.name, method=method)
            with about as span, self._deadline.within(self._timeout):
                reach(self.name, "before", "call")
                answer, content = self._send(method, path, key, body, query)
                reach(self.name, "after", "call")
                span.say(status=answer.status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._breaker.told(ok=False)
            raise Temporary(
                f"{self.name} cannot be reached at {self.setting}: {type(error).__name__} {plain(str(error))}"
            ) from error
        except Permanent:  # it is well, only its answer is not for us
            self._breaker.told(ok=True)
            raise
        if answer.is_success:
            self._breaker.told(ok=True)
            return _json(self.name, content)
        refusal = self.refusal(answer.status_code, content)
        # Who says a business error with a 500, as Siebel does, is not ill.
        self._breaker.told(ok=answer.status_code < 500 or isinstance(refusal, Permanent))
        raise refusal

    def _send(
        self,
        method: str,
        path: str,
        key: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
    ) -> tuple[httpx.Response, bytes]:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json", **tracing.headers()}
        content = orjson.dumps(body) if body is not None else None
        with self._client.stream(
            method, f"{self._url}{path}", content=content, params=dict(query or {}), headers=headers
        ) as answer:
            parts, size = [], 0
            for part in answer.iter_bytes():
                size += len(part)
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
        text = plain(str(known.get("detail") or known.get("title") or ""))
        usable = isinstance(code, str) and _CODE.fullmatch(code) is not None
        return Permanent(f"{self.name} answered {status}: {text}", code=code if usable else f"{self.name}.rejected")

    def close(self) -> None:
        self._client.close()


def plain(text: str) -> str:
    """Words of another system, short and on one line, without what no database takes."""
    return " ".join(text.replace("\x00", "").split())[:_MOST_SAID]


def _json(name: str, content: bytes) -> Any:
    try:
        answer = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise Temporary(f"{name} answered what is not JSON") from error
    if b"\\u0000" in content:  # PostgreSQL keeps no text with NUL, and no answer of sense has one
        raise Temporary(f"{name} answered a text that cannot be kept")
    return answer
