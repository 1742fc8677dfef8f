"""Bearer tokens to actors: API keys from the store, and the token that sets a site up."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from kt_flows.clock import Clock
from kt_flows.security import Actor, Authenticator, Credential, digest, key_id, same
from kt_flows.store import keys
from kt_flows.store.db import Database

KEPT_SECONDS = 2.0
"""How long a verified key is believed without asking again, so that a revoked one ends within that time."""

_MOST = 1000


class ApiKeys:
    """Looks a key up by its id, compares digests, and believes what it found for a moment."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Actor]] = {}

    def __call__(self, token: str) -> Actor | None:
        credential = self.credential(token)
        return None if credential is None else self.holder(credential)

    def credential(self, token: str) -> Credential | None:
        id = key_id(token)
        return None if id is None else Credential(id, digest(token))

    def remembered(self, credential: Credential) -> Actor | None:
        """Whose key it is, where that was found out a moment ago; asks nobody."""
        with self._lock:
            until, actor = self._known.get(credential.digest, (0.0, None))
        return actor if time.monotonic() < until else None

    def holder(self, credential: Credential) -> Actor | None:
        if (actor := self.remembered(credential)) is not None:
            return actor
        with self._db.glance() as reading:
            row = keys.find(reading, credential.id, self._clock.now())
        if row is None or not same(row.digest, credential.digest):
            with self._lock:
                self._known.pop(credential.digest, None)
            return None
        roles = frozenset(row.roles)
        actor = Actor(row.name, roles, frozenset(row.groups), admin="admin" in roles)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[credential.digest] = (time.monotonic() + KEPT_SECONDS, actor)
        return actor


class Bootstrap:
    """The token of KT_FLOWS_BOOTSTRAP_TOKEN: an admin without a row."""

    _ID = "bootstrap"

    def __init__(self, secret: str) -> None:
        self._expected = digest(secret)

    def credential(self, token: str) -> Credential | None:
        return Credential(self._ID, self._expected) if same(digest(token), self._expected) else None

    def remembered(self, credential: Credential) -> Actor | None:
        return _ADMIN if credential.id == self._ID and same(credential.digest, self._expected) else None

    holder = remembered


_ADMIN = Actor("bootstrap", frozenset({"admin"}), admin=True)


class AnyOf:
    """Asks one after the other.  An OIDC verifier will stand here as a further one."""

    def __init__(self, ways: Sequence[Authenticator]) -> None:
        self._ways = ways

    def credential(self, token: str) -> Credential | None:
        return next((found for way in self._ways if (found := way.credential(token)) is not None), None)

    def remembered(self, credential: Credential) -> Actor | None:
        return next((actor for way in self._ways if (actor := way.remembered(credential)) is not None), None)

    def holder(self, credential: Credential) -> Actor | None:
        return next((actor for way in self._ways if (actor := way.holder(credential)) is not None), None)
