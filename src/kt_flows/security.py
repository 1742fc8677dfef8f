"""Who may do what: actors, roles, permissions, API keys.

An actor comes from a bearer token and never from a request's body.  A role says what an actor may do; the groups
say whose tasks.  Both end in the queries themselves (`store`), this module only knows the words.

An API key reads `ktf_<env>_<8 character id>_<32 base62 characters>_<6 hex digits>`: the id finds the row, the
32 characters (190 bits) are the secret, the last six a check sum by which a scanner of sources tells a real key from
a look-alike.  The store keeps SHA-256 of the whole text only: enough for a secret with that much chance in it.

OIDC access tokens enter by a second `Authenticator` in `app.py`, asked when a token does not begin with `ktf_`.

A browser trades its token for a session: a signed cookie that holds the token's id and digest and when it ends, so
that every process with the site's secret knows it, and one whose token is revoked is over.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, get_args

Permission = Literal[
    "instances.start",
    "instances.read",
    "instances.operate",
    "messages.send",
    "tasks.read",
    "tasks.work",
    "tasks.assign",
    "definitions.read",
    "definitions.deploy",
    "jobs.read",
    "jobs.operate",
    "events.read",
    "figures.read",
    "notices.read",
    "sandbox.use",
]
PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))

_OPERATOR: frozenset[Permission] = frozenset(
    {
        "definitions.read",
        "events.read",
        "instances.read",
        "instances.start",
        "messages.send",
        "notices.read",
        "tasks.read",
        "tasks.work",
    }
)
_SUPERVISOR: frozenset[Permission] = frozenset(
    {"figures.read", "instances.operate", "tasks.assign", "jobs.read", "jobs.operate"}
)

ROLES: Mapping[str, frozenset[Permission]] = {
    "crm": frozenset({"definitions.read", "events.read", "instances.read", "instances.start", "messages.send"}),
    "operator": _OPERATOR,
    "supervisor": _OPERATOR | _SUPERVISOR,
    "analyst": frozenset(
        {"definitions.read", "definitions.deploy", "events.read", "figures.read", "instances.read", "jobs.read"}
    ),
    "admin": PERMISSIONS,
}
"""Role to what it may do.  Whose tasks and cases: `Actor.groups` and `Actor.sees_all_instances`."""


@dataclass(frozen=True)
class Actor:
    """Who asks: a name for the history, roles, and the groups whose tasks are theirs."""

    name: str
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    admin: bool = False

    def may(self, permission: Permission) -> bool:
        return self.admin or any(permission in ROLES.get(role, frozenset()) for role in self.roles)

    @property
    def sees_all_instances(self) -> bool:
        """Otherwise only the cases that it started, or where a task is or was its groups'."""
        return self.admin or not self.roles.isdisjoint({"admin", "analyst", "crm"})

    @property
    def sees_all_tasks(self) -> bool:
        """Otherwise only the tasks of its groups, and those that are in its own hands."""
        return self.admin or "admin" in self.roles


SERVICE = Actor("kt-flows", admin=True)
"""The service itself: timers, jobs, mail."""


class Credential(NamedTuple):
    """A token without its secret: enough to tell that the same one still lives, and all that a session keeps."""

    id: str
    digest: str


class Authenticator(Protocol):
    """Tells whose a bearer token is, by what it is known by."""

    def credential(self, token: str) -> Credential | None:
        """What a token is known by, whether or not it lives; None for a text that is none.  Asks nobody."""

    def remembered(self, credential: Credential) -> Actor | None:
        """What is known without asking anybody; None says nothing."""

    def holder(self, credential: Credential) -> Actor | None:
        """Whose it is while the token lives.  May ask a database or another service, so never on the event loop."""


# API keys

_BASE62 = string.ascii_letters + string.digits
_KEY = re.compile(r"ktf_(live|sandbox)_([A-Za-z0-9]{8})_([A-Za-z0-9]{32})_([0-9a-f]{6})")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: `token` is for its owner and is kept nowhere, `digest` is for the store."""

    id: str
    token: str
    digest: str


def make_key(*, sandbox: bool = False) -> NewKey:
    """A new API key of 190 random bits."""
    environment = "sandbox" if sandbox else "live"
    id = "".join(secrets.choice(_BASE62) for _ in range(8))
    body = f"ktf_{environment}_{id}_{''.join(secrets.choice(_BASE62) for _ in range(32))}"
    token = f"{body}_{_check_sum(body)}"
    return NewKey(id, token, digest(token))


def key_id(token: str) -> str | None:
    """The id in an API key, or None for a text that is none; costs no look-up for a mistyped one."""
    match = _KEY.fullmatch(token) if len(token) < 80 else None
    if match is None or _check_sum(token.rpartition("_")[0]) != match[4]:
        return None
    return match[2]


def digest(token: str) -> str:
    """SHA-256 of a token, in hex: what the store keeps."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compares two secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def _check_sum(text: str) -> str:
    return f"{zlib.crc32(text.encode()) & 0xFFFFFF:06x}"


def check_roles(roles: Iterable[str]) -> frozenset[str]:
    """The roles as a set; ValueError names the first that there is not."""
    found = frozenset(roles)
    for role in sorted(found - set(ROLES)):
        raise ValueError(f"there is no role {role!r}; there are {', '.join(ROLES)}")
    return found


# signed texts: cursors, and whatever else goes out and must come back unchanged


class Signer:
    """Signs texts for one purpose with the site's secret."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = hmac.digest(secret.encode(), f"kt-flows:{purpose}".encode(), "sha256")

    def sign(self, text: str, context: str = "") -> str:
        """An opaque text that `read` turns back, within the same context only."""
        body = text.encode()
        return base64.urlsafe_b64encode(self._mac(body, context) + body).rstrip(b"=").decode()

    def read(self, signed: str, context: str = "") -> str:
        """The text that was signed; ValueError when it was not by us, or for another context."""
        try:
            raw = base64.b64decode(signed + "=" * (-len(signed) % 4), altchars=b"-_", validate=True)
            mac, body = raw[:16], raw[16:]
            if len(signed) <= 4096 and hmac.compare_digest(mac, self._mac(body, context)):
                return body.decode()
        except ValueError:
            pass
        raise ValueError("not signed here")

    def proof(self, text: str) -> str:
        """What only this site could have made from a text."""
        return base64.urlsafe_b64encode(self._mac(text.encode(), "")).rstrip(b"=").decode()

    def _mac(self, body: bytes, context: str) -> bytes:
        return hmac.digest(self._key, context.encode() + b"\0" + body, "sha256")[:16]
