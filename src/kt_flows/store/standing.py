"""A case as the engine has it, to be looked at and not to be moved."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from kt_flows.store.db import Reading
from kt_flows.store.tables import instance


@dataclass(frozen=True, slots=True)
class Standing:
    bundle_id: str
    definition_key: str
    snapshot: bytes


_COLUMNS = tuple(instance.c[name] for name in Standing.__dataclass_fields__)


def of_case(reading: Reading, id: UUID) -> Standing | None:
    """None where the case is over: no token is left."""
    here = (instance.c.id == id, instance.c.status.in_(("active", "suspended")))
    row = reading.first(sa.select(*_COLUMNS).where(*here))
    return Standing(*row) if row else None
