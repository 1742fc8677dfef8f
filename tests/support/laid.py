"""Cases laid into a database as they are, running or put away: for what only reads and counts them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kt_flows.store.db import Transaction
from kt_flows.store.ids import new_id
from kt_flows.store.tables import bundle, definition, deployment, instance, past_instance


class Shelf:
    """Processes that are nothing but names, and cases of them."""

    def __init__(self, tx: Transaction, at: datetime, bundles: Mapping[str, tuple[str, ...]]) -> None:
        self._tx, by = tx, uuid4()
        tx.do(deployment.insert().values(id=by, created_at=at, actor="shelf"))
        self._ids = {key: uuid4() for members in bundles.values() for key in members}
        for key, id in self._ids.items():
            row: dict[str, Any] = {"id": id, "deployment_id": by, "key": key, "version": 1, "name": key}
            row |= {"digest": key, "files": b"", "start_messages": [], "calls": [], "messages": {}, "created_at": at}
            tx.do(definition.insert().values(row))
        for id, members in bundles.items():
            tx.do(bundle.insert().values(id=id, members={key: str(self._ids[key]) for key in members}))

    def put(
        self, key: str, began: datetime, status: str, variables: Mapping[str, Any], *, away: bool, bundle: str
    ) -> UUID:
        """A case; it is put away where it is over and that is wanted."""
        over = status in ("completed", "cancelled")
        row = {
            "id": new_id(),
            "definition_id": self._ids[key],
            "definition_key": key,
            "version": 1,
            "bundle_id": bundle,
            "body_hash": "",
            "status": status,
            "started_by": "crm",
            "variables": dict(variables),
            "started_at": began,
            "ended_at": began if over else None,
        }
        gone = away and over
        self._tx.do(past_instance.insert().values(row) if gone else instance.insert().values(**row, snapshot=b""))
        return UUID(str(row["id"]))
