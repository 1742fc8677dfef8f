"""Starts a case, once however often the request comes (walk A of docs/tour.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kt_flows.engine.definition import Definition
from kt_flows.errors import Conflict, FieldError, InvalidValues, NotFound
from kt_flows.runtime.bodies import hash_of, start_values
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.opening import open_case
from kt_flows.security import Actor
from kt_flows.store import definitions, instances
from kt_flows.store.db import Transaction, retried
from kt_flows.store.ids import new_id


@dataclass(frozen=True, slots=True)
class Started:
    """The case; `created` is False where an equal request had started it before."""

    instance: instances.InstanceView
    created: bool


@retried
def start(
    rt: Runtime,
    actor: Actor,
    *,
    definition_key: str,
    version: int | None = None,
    business_key: str | None = None,
    source: str | None = None,
    variables: Mapping[str, Any],
    idempotency_key: str | None = None,
    start_element: str | None = None,
) -> Started:
    """A new case of a process, or the one that the same request has started already.

    `start_element` chooses among several plain starts.  Raises NotFound (no such process or version), InvalidValues
    (the start form refuses, no or no such start is chosen), Conflict (the key was used with another body).
    """
    now = rt.clock.now()
    with rt.transaction("start") as tx:
        root = definitions.version(tx, definition_key, version)
        if root is None:
            raise NotFound(f"There is no process {definition_key!r} in this version.")
        body_hash = hash_of(
            key=definition_key, version=version, business_key=business_key, source=source, variables=variables
        )
        if start_element is not None:
            body_hash = hash_of(body=body_hash, start=start_element)
        id = new_id()
        if idempotency_key is not None and not instances.remember_key(
            tx, caller=actor.name, key=idempotency_key, body_hash=body_hash, id=id, now=now
        ):
            before = instances.under_key(tx, actor.name, idempotency_key)
            assert before is not None
            return Started(_same(tx, before.instance_id, before.body_hash, body_hash), created=False)

        def known(id: UUID, before: str) -> Started:
            if idempotency_key is not None:
                instances.point_key(tx, caller=actor.name, key=idempotency_key, id=id)
            return Started(_same(tx, id, before, body_hash), created=False)

        if source is not None and business_key is not None and (named := instances.named(tx, source, business_key)):
            return known(named.id, named.body_hash)
        definition = rt.programs.definition(tx, root.id)
        _check_start(definition, start_element)
        values = start_values(definition, variables, now)
        opened = open_case(
            tx,
            rt,
            actor,
            root,
            id=id,
            variables=values,
            body_hash=body_hash,
            business_key=business_key,
            source=source,
            now=now,
            start_element=start_element,
        )
        if opened is not None:
            held, recorded = opened
            return Started(recorded.seen(held), created=True)
        assert source is not None
        assert business_key is not None
        named = instances.named(tx, source, business_key)
        assert named is not None
        return known(named.id, named.body_hash)


def _check_start(definition: Definition, chosen: str | None) -> None:
    """Nobody guesses where a process with several plain starts begins."""
    plain = definition.plain_starts
    if chosen is None and len(plain) > 1:
        said = f"The process has several starts: name one of {', '.join(plain)}."
        raise InvalidValues([FieldError("startElement", said, "required")])
    if chosen is not None and chosen not in plain:
        said = f"There is no such start; there are: {', '.join(plain) or 'none that a request may choose'}."
        raise InvalidValues([FieldError("startElement", said, "unknown")])


def _same(tx: Transaction, id: UUID, before: str, now: str) -> instances.InstanceView:
    if before != now:
        raise Conflict("The same key came before with another body.", code="idempotency_conflict")
    return instances.one(tx, id)
