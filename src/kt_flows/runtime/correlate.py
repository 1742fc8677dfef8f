"""The one door for messages: delivered to whoever waits, kept until somebody does, or known already (walk C)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.engine.calendar import parse_duration
from kt_flows.engine.values import fitting
from kt_flows.errors import FieldError, InvalidValues
from kt_flows.runtime.bodies import hash_of, start_values
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.kept import payload_for, process_of
from kt_flows.runtime.opening import open_case
from kt_flows.runtime.record import record
from kt_flows.security import SERVICE, Actor
from kt_flows.store import definitions, instances, messages
from kt_flows.store.db import Transaction, retried
from kt_flows.store.ids import new_id

DEFAULT_KEEP = "PT1H"
TRIES = 10
REST = timedelta(days=366)
"""How long a message is kept for a case that rests."""


@dataclass(frozen=True, slots=True)
class Correlated:
    """What became of a message.  `dropped` is for one that nobody waits for and nobody wants kept."""

    result: Literal["delivered", "buffered", "duplicate", "dropped"]
    instance_ids: tuple[UUID, ...]


class _Moved(Exception):
    """Who waits has changed while locks were taken: look again."""


@retried
def message_arrived(
    rt: Runtime,
    actor: Actor,
    *,
    name: str,
    correlation: Mapping[str, Any] | None = None,
    business_key: str | None = None,
    payload: Mapping[str, Any],
    message_id: str | None = None,
    keep: bool = True,
) -> Correlated:
    """Delivers a message, starts the process that begins with it, or keeps it for its time to live.

    `keep=False`: a message that nobody waits for now is dropped.  Raises InvalidValues where the payload is not what
    the process declares, or its start form refuses.
    """
    for _ in range(TRIES):
        try:
            with rt.transaction("correlate") as tx:
                return _arrived(tx, rt, actor, name, correlation, business_key, payload, message_id, keep)
        except _Moved:
            continue
    raise TimeoutError(f"{name}: who waits changed {TRIES} times while the message arrived")


def _arrived(
    tx: Transaction,
    rt: Runtime,
    actor: Actor,
    name: str,
    correlation: Mapping[str, Any] | None,
    business_key: str | None,
    payload: Mapping[str, Any],
    message_id: str | None,
    keep: bool,
) -> Correlated:
    now = rt.clock.now()
    key = messages.canonical(correlation) if correlation is not None else None

    def waiting() -> list[tuple[UUID, int]]:
        return messages.waiting(tx, name, correlation=key, business_key=business_key)

    # Cases before keys: the order of locks of every other verb.
    held = {id: instances.hold(tx, id) for id in sorted({id for id, _ in waiting()})}
    messages.lock(tx, name, key or f"business_key={business_key}")
    found = waiting()
    if not {id for id, _ in found} <= set(held):
        raise _Moved
    if message_id is not None and (before := messages.known(tx, name, message_id)) is not None:
        return Correlated("duplicate", tuple(before))
    newest = definitions.latest(tx)
    listening = [one for one in newest.values() if name in one.start_messages]
    keep_for = [one.messages[name]["keep"] for one in newest.values() if name in one.messages]
    memory = messages.remember(
        tx,
        name=name,
        message_id=message_id or str(new_id()),
        correlation=key,
        business_key=business_key,
        payload=payload,
        now=now,
        # As long as any process that knows the message asks for.
        expires_at=now + max(map(parse_duration, keep_for or [DEFAULT_KEEP])),
    )
    if memory is None:
        raise _Moved
    if not found:
        _check(payload, [one.messages[name]["payload"] for one in newest.values() if name in one.messages])
    reached = _deliver(tx, rt, actor, name, payload, found, held, now)
    if reached:
        messages.settle(tx, memory, "delivered", reached)
        return Correlated("delivered", tuple(reached))
    if any(case is not None and case.status == "suspended" for case in held.values()):
        messages.prolong(tx, memory, now + REST)
        return Correlated("buffered", ())
    if listening and correlation is not None:
        # No longer kept: a case that it begins may wait for the next of its kind, and would find this one.
        messages.settle(tx, memory, "delivered")
        started, fresh = _begin(tx, rt, actor, name, correlation, payload, listening, now)
        messages.settle(tx, memory, "delivered", started)
        return Correlated("delivered" if fresh else "duplicate", tuple(started))
    if not keep:
        messages.settle(tx, memory, "dropped")
        return Correlated("dropped", ())
    return Correlated("buffered", ())


def _check(payload: Mapping[str, Any], declared: Sequence[Mapping[str, str]]) -> None:
    """What nobody takes now must fit whoever takes it later: one of the processes that know the message."""
    faults: list[FieldError] = []
    for words in declared:
        faults = [FieldError(f"payload.{field}", said) for field, said in fitting(words, payload)[1]]
        if not faults:
            return
    if faults:
        raise InvalidValues(faults)


def _deliver(
    tx: Transaction,
    rt: Runtime,
    actor: Actor,
    name: str,
    payload: Mapping[str, Any],
    found: list[tuple[UUID, int]],
    held: Mapping[UUID, instances.Held | None],
    now: datetime,
) -> list[UUID]:
    """To each case that is not resting, once; answers the cases that took it."""
    reached = []
    for id in dict.fromkeys(id for id, _ in found):
        case = held[id]
        if case is None or case.status != "active":
            continue
        program = rt.programs.linked(tx, case.bundle_id, case.definition_key)
        # One message, one wait: the newest, as the innermost handler is the one drawn last.
        wait = max(wait for other, wait in found if other == id)
        element_id = messages.open_of(tx, id)[wait].element_id
        try:
            kept = payload_for(program, process_of(program, element_id, name), name, payload)
        except ValueError as error:
            field, _, said = str(error).partition(": ")
            raise InvalidValues([FieldError(f"payload.{field}", said)]) from error
        try:
            step = machine.deliver(program, case.snapshot, wait, kept, now=now)
        except machine.NoSuchWait:
            # A deadline that nobody has fired yet was before the message: it goes first, and the wait with it.
            record(tx, program, case, machine.tick(program, case.snapshot, now=now), actor=SERVICE, now=now)
            continue
        record(tx, program, case, step, actor=actor, now=now)
        reached.append(id)
    return reached


def _begin(
    tx: Transaction,
    rt: Runtime,
    actor: Actor,
    name: str,
    correlation: Mapping[str, Any],
    payload: Mapping[str, Any],
    listening: list[definitions.DefinitionView],
    now: datetime,
) -> tuple[list[UUID], bool]:
    """Starts each process that begins with the message, once per correlation value."""
    source = f"message:{name}"
    business_key = "/".join(str(value) for _, value in sorted(correlation.items()))
    started, fresh = [], False
    for root in listening:
        definition = rt.programs.definition(tx, root.id)
        declared = definition.manifest.messages[name]
        values = start_values(definition, {**correlation, **payload}, now)
        named = instances.named(tx, source, business_key)
        if named is not None and not (declared.again and instances.is_over(tx, named.id)):
            started.append(named.id)
            continue
        id = new_id()
        opened = open_case(
            tx,
            rt,
            actor,
            root,
            id=id,
            variables=values,
            body_hash=hash_of(name=name, correlation=correlation),
            business_key=business_key,
            # The natural key stays the first case's; later ones of a message that may come again have their own.
            source=source if named is None else f"{source}:{id}",
            now=now,
            message=name,
        )
        if opened is None:
            raise _Moved
        started.append(id)
        fresh = True
    return started, fresh
