"""A browser's session: a signed cookie instead of a token, and a word that only our own pages can say.

The cookie is HttpOnly and SameSite=Strict, so no script reads it and no other site's page sends it; what changes
something must carry the CSRF token besides, in a header that no form can set (OWASP, synchronizer token).
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response

from kt_flows.clock import Clock
from kt_flows.errors import Forbidden
from kt_flows.security import Credential, Signer

CSRF_HEADER = "X-CSRF-Token"
LASTS = timedelta(hours=12)
"""A shift; then the page asks for the token again, in place."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class NotOurPage(Forbidden):
    """The request carries a session but not its X-CSRF-Token: it did not come from our own page."""

    code = "csrf"


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie says, once its signature was found good and its time not over."""

    credential: Credential
    expires_at: datetime
    csrf_token: str


class Sessions(Protocol):
    """What the door asks for a request without a bearer token."""

    def of(self, request: HTTPConnection) -> Session | None: ...


class Cookies:
    """Makes and reads the session cookies of a site; `secure` where the site is reached over TLS."""

    def __init__(self, secret: str, clock: Clock, *, secure: bool) -> None:
        self._signer = Signer(secret, "session")
        self._words = Signer(secret, "csrf")
        self._clock = clock
        self._secure = secure
        self.name = "__Host-kt_flows" if secure else "kt_flows"

    def open(self, credential: Credential) -> tuple[str, Session]:
        """A new session, and the cookie's value for it."""
        expires_at = (self._clock.now() + LASTS).replace(microsecond=0)
        text = json.dumps([*credential, expires_at.timestamp(), secrets.token_urlsafe(9)])
        return self._signer.sign(text), Session(credential, expires_at, self._words.proof(text))

    def of(self, request: HTTPConnection) -> Session | None:
        """The session of a request's one cookie; None without, or when it is not ours or over."""
        value = request.cookies.get(self.name)
        if value is None:
            return None
        try:
            text = self._signer.read(value)
        except ValueError:
            return None
        id, digest, ends, _ = json.loads(text)
        now = self._clock.now()
        expires_at = datetime.fromtimestamp(ends, now.tzinfo)
        return Session(Credential(id, digest), expires_at, self._words.proof(text)) if now < expires_at else None

    def give(self, answer: Response, value: str) -> None:
        answer.set_cookie(
            self.name,
            value,
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=self._secure,
        )

    def take_back(self, answer: Response) -> None:
        answer.delete_cookie(self.name, httponly=True, samesite="strict", secure=self._secure)


def require_our_page(request: HTTPConnection, session: Session) -> None:
    """Raises NotOurPage for a change that does not carry the session's CSRF token."""
    if request.scope["method"] in _SAFE:
        return
    said = request.headers.getlist(CSRF_HEADER)
    if len(said) != 1 or not hmac.compare_digest(said[0].encode(), session.csrf_token.encode()):
        raise NotOurPage
