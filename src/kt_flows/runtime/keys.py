"""Makes and ends API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kt_flows.clock import Clock
from kt_flows.errors import FieldError, InvalidValues, NotFound
from kt_flows.security import check_roles, make_key
from kt_flows.store import keys
from kt_flows.store.db import Database, retried


@retried
def create(
    db: Database,
    clock: Clock,
    *,
    name: str,
    roles: Sequence[str],
    groups: Sequence[str] = (),
    days: int | None = None,
    sandbox: bool = False,
) -> str:
    """A new key's text, to be shown once.  Raises InvalidValues for a name or a role that cannot be."""
    try:
        known = check_roles(roles)
    except ValueError as error:
        raise InvalidValues([FieldError("role", str(error), "unknown")]) from None
    if not name.strip() or len(name) > 200:
        raise InvalidValues([FieldError("name", "A name has 1 to 200 characters.", "length")])
    key = make_key(sandbox=sandbox)
    now = clock.now()
    with db.transaction("keys.create") as tx:
        keys.add(
            tx,
            id=key.id,
            name=name.strip(),
            roles=sorted(known),
            groups=sorted(set(groups)),
            digest=key.digest,
            now=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
    return key.token


@retried
def revoke(db: Database, clock: Clock, id: str) -> None:
    """The key with this id is refused from now on.  Raises NotFound where there is no live one."""
    with db.transaction("keys.revoke") as tx:
        if not keys.revoke(tx, id, clock.now()):
            raise NotFound(f"There is no live key with the id {id!r}.")
