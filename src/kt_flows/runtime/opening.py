"""A new case's rows, inside the transaction of the verb that starts it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.record import Recorded, record
from kt_flows.security import Actor
from kt_flows.store import definitions, instances
from kt_flows.store.db import Transaction


def open_case(
    tx: Transaction,
    rt: Runtime,
    actor: Actor,
    root: definitions.DefinitionView,
    *,
    id: UUID,
    variables: Mapping[str, Any],
    body_hash: str,
    business_key: str | None,
    source: str | None,
    now: datetime,
    message: str | None = None,
    start_element: str | None = None,
) -> tuple[instances.Held, Recorded] | None:
    """Begins a case bound to the latest versions of all that it calls; None where its natural key is taken."""
    bound = rt.programs.bound_now(tx, root)
    bundle_id = rt.programs.keep_bundle(tx, bound)
    program = rt.programs.linked(tx, bundle_id, root.key)
    step = machine.begin(
        program,
        variables,
        now=now,
        instance_id=str(id),
        business_key=business_key,
        message=message,
        start_element=start_element,
    )
    fresh = instances.add(
        tx,
        {
            "id": id,
            "definition_id": root.id,
            "definition_key": root.key,
            "version": root.version,
            "bundle_id": bundle_id,
            "business_key": business_key,
            "source": source,
            "body_hash": body_hash,
            "status": "active",
            "started_by": actor.name,
            "variables": step.variables,
            "snapshot": step.state,
            "started_at": now,
        },
    )
    if not fresh:
        return None
    held = instances.Held(
        id=id,
        definition_id=root.id,
        definition_key=root.key,
        version=root.version,
        bundle_id=bundle_id,
        business_key=business_key,
        source=source,
        status="active",
        started_at=now,
        snapshot=step.state,
        variables={},  # it had none before
    )
    return held, record(tx, program, held, step, actor=actor, now=now, born=True)
