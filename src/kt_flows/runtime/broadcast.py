"""Signals and conditions: what concerns everyone who listens, and not one case (BPMN 2.0, 10.5.4).

A signal reaches each case that waits for it when it is sent, and begins one case of each process that starts with it.
Nobody's turn hangs on another's: each case is reached in a transaction of its own, the memory of the one door says
who has been, and a broadcast that was cut off goes on where it stopped when the same signal comes again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.engine.definition import Definition
from kt_flows.engine.dialect import Element
from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.program import Program
from kt_flows.engine.values import fitting
from kt_flows.errors import FieldError, InvalidValues
from kt_flows.runtime.bodies import hash_of, start_values
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.opening import open_case
from kt_flows.runtime.record import record
from kt_flows.security import SERVICE, Actor
from kt_flows.store import definitions, instances, messages
from kt_flows.store.db import Transaction, retried
from kt_flows.store.ids import new_id
from kt_flows.store.messages import CONDITION, SIGNAL

log = logging.getLogger(__name__)

REMEMBERED = timedelta(days=366)
"""How long an unfinished broadcast is kept to be gone on with."""
CUT_OFF = timedelta(minutes=5)
"""After so long nobody is believed to be at it any more."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Whom a signal reached: cases that waited, cases that it began.  `duplicate`: it had come before."""

    result: Literal["delivered", "duplicate"]
    reached: tuple[UUID, ...]
    started: tuple[UUID, ...]


def signal_arrived(
    rt: Runtime, actor: Actor, *, name: str, payload: Mapping[str, Any], signal_id: str | None = None
) -> Sent:
    """Sends a signal to all who listen now; nobody else ever gets it.

    The same `signal_id` again changes nothing, or finishes what a crash has cut off.  Raises InvalidValues where the
    payload is not what those who know the signal declare, or nobody knows it.
    """
    id = signal_id or str(new_id())
    memory = _remembered(rt, name, payload, id) or _remembered(rt, name, payload, id)
    assert memory is not None  # an equal one that came meanwhile is there at the second look
    if memory.over:
        return Sent("duplicate", (), ())
    reached = [case for case in memory.waiting if _reach(rt, actor, name, payload, id, case)]
    started = [case for root in memory.listening if (case := _begin(rt, actor, name, payload, id, root))]
    _end(rt, memory)
    return Sent("delivered", tuple(reached), tuple(started))


def finish(rt: Runtime) -> Mapping[str, Any]:
    """Goes on with signals that were cut off and whose sender has not come again; answers how many were finished.

    Whoever is still at it does no harm, and is done none: each case is reached once.
    """
    with rt.reading() as reading:
        left = messages.unfinished(reading, rt.clock.now() - CUT_OFF)
        newest = definitions.latest(reading).values() if left else ()
    for row in left:
        listening = [one for one in newest if row.name in one.start_messages]
        name = row.name.removeprefix(SIGNAL)
        for case in row.instance_ids:
            _reach(rt, SERVICE, name, row.payload, row.message_id, case)
        for root in listening:
            try:
                _begin(rt, SERVICE, name, row.payload, row.message_id, root)
            except InvalidValues as error:  # a version that came after the signal and takes other values
                log.warning("a process does not begin by a signal: %s", error.code)
        _end(rt, _Memory(row.id, False, row.instance_ids, listening))
    return {"finished": len(left)}


@retried
def _end(rt: Runtime, memory: _Memory) -> None:
    with rt.transaction("broadcast.end") as tx:
        messages.settle(tx, memory.id, "delivered", memory.waiting)


@dataclass(frozen=True, slots=True)
class _Memory:
    id: UUID
    over: bool
    waiting: Sequence[UUID]
    listening: Sequence[definitions.DefinitionView]


@retried
def _remembered(rt: Runtime, name: str, payload: Mapping[str, Any], signal_id: str) -> _Memory | None:
    """Who is to be reached, fixed when the signal first comes; None where an equal one has just come in between."""
    with rt.transaction("broadcast.remember") as tx:
        newest = definitions.latest(tx)
        listening = [one for one in newest.values() if SIGNAL + name in one.start_messages]
        parsed = (rt.programs.definition(tx, one.id) for one in newest.values())
        knowing = [one for one in parsed if name in one.manifest.signals]
        for definition in knowing:
            carried(definition, name, payload)
        before = messages.spread(tx, SIGNAL + name, signal_id)
        if before is not None:
            return _Memory(before.id, before.state == "delivered", before.instance_ids, listening)
        now = rt.clock.now()
        waiting = sorted({id for id, _ in messages.waiting_for_signal(tx, name)})
        if not knowing and not waiting:
            raise InvalidValues([FieldError("name", "No process knows this signal.", "unknown")])
        id = messages.remember(
            tx,
            name=SIGNAL + name,
            message_id=signal_id,
            correlation=None,
            business_key=None,
            payload=payload,
            now=now,
            expires_at=now + REMEMBERED,
            instance_ids=waiting,
        )
        if id is None:
            return None
        return _Memory(id, False, waiting, listening)


@retried
def _reach(rt: Runtime, actor: Actor, name: str, payload: Mapping[str, Any], signal_id: str, case_id: UUID) -> bool:
    """One case takes the signal, at each place where it waits for it, once."""
    with rt.transaction("broadcast.reach") as tx:
        case = instances.hold(tx, case_id)
        if case is None or case.status != "active":
            return False
        waits = [wait for wait, row in messages.open_of(tx, case_id).items() if row.name == SIGNAL + name]
        now = rt.clock.now()
        if not waits:
            return False
        first = messages.remember(
            tx,
            name=SIGNAL + name,
            message_id=f"{signal_id}/{case_id}",
            correlation=None,
            business_key=None,
            payload={},
            now=now,
            expires_at=now,
            state="delivered",
            instance_ids=[case_id],
        )
        if first is None:
            return False
        program = rt.programs.linked(tx, case.bundle_id, case.definition_key)
        try:
            kept = carried(_catching(program, name), name, payload)
        except InvalidValues:  # what the newest version takes, the case's own does not
            return False
        try:
            step = machine.signal(program, case.snapshot, waits, kept, now=now)
        except machine.NoSuchWait:  # a deadline that nobody has fired yet was before it
            record(tx, program, case, machine.tick(program, case.snapshot, now=now), actor=SERVICE, now=now)
            return False
        record(tx, program, case, step, actor=actor, now=now)
        return True


@retried
def _begin(
    rt: Runtime,
    actor: Actor,
    name: str,
    payload: Mapping[str, Any],
    signal_id: str,
    root: definitions.DefinitionView,
) -> UUID | None:
    with rt.transaction("broadcast.begin") as tx:
        definition = rt.programs.definition(tx, root.id)
        start = next(one for one in definition.start_signals.values() if one.signal == name)
        now = rt.clock.now()
        values = start_values(definition, carried(definition, name, payload), now)
        return _opened(tx, rt, actor, root, start, values, SIGNAL + name, signal_id, now)


def conditions_changed(
    rt: Runtime, actor: Actor, *, variables: Mapping[str, Any], key: str | None = None
) -> tuple[UUID, ...]:
    """Begins a case at every conditional start that is true for these values, with those that the process declares.

    The same `key` again begins nothing twice.  Answers the cases, those of an earlier equal call too.
    """
    key = key or str(new_id())
    with rt.reading() as reading:
        newest = [one for one in definitions.latest(reading).values() if _conditional(one)]
    started = [_begin_if(rt, actor, root, variables, key) for root in newest]
    return tuple(id for ids in started for id in ids)


@retried
def _begin_if(
    rt: Runtime, actor: Actor, root: definitions.DefinitionView, variables: Mapping[str, Any], key: str
) -> list[UUID]:
    with rt.transaction("broadcast.condition") as tx:
        definition = rt.programs.definition(tx, root.id)
        declared = {name: value for name, value in variables.items() if name in definition.manifest.variables}
        now = rt.clock.now()
        values = start_values(definition, declared, now)
        started = []
        for start in definition.start_conditions.values():
            if _holds(definition, start, values):
                opened = _opened(tx, rt, actor, root, start, values, CONDITION + start.id, key, now)
                started += [opened] if opened else []
        return started


def _opened(
    tx: Transaction,
    rt: Runtime,
    actor: Actor,
    root: definitions.DefinitionView,
    start: Element,
    values: Mapping[str, Any],
    source: str,
    key: str,
    now: datetime,
) -> UUID | None:
    """The case that this signal or condition begins; the one that there is, where it came before."""
    source = f"{source}:{root.key}"
    if (named := instances.named(tx, source, key)) is not None:
        there: UUID = named.id
        return there
    id = new_id()
    opened = open_case(
        tx,
        rt,
        actor,
        root,
        id=id,
        variables=values,
        body_hash=hash_of(source=source, key=key),
        business_key=key,
        source=source,
        now=now,
        start_element=start.id,
    )
    return id if opened is not None else None


def carried(definition: Definition, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What of a signal's payload a process declares, in its types.  Raises InvalidValues with the field."""
    kept, faults = fitting(definition.manifest.signals[name].payload, payload)
    if faults:
        raise InvalidValues([FieldError(f"payload.{field}", said) for field, said in faults])
    return kept


def _catching(program: Program, name: str) -> Definition:
    return next(one for one in program.definitions.values() if name in one.manifest.signals)


def _conditional(root: definitions.DefinitionView) -> bool:
    return any(name.startswith(CONDITION) for name in root.start_messages)


def _holds(definition: Definition, start: Element, values: Mapping[str, Any]) -> bool:
    """Unset names are null; a condition that cannot be told of them is not true."""
    assert start.condition is not None
    seen = dict.fromkeys(definition.manifest.variables) | dict(definition.manifest.constant_values) | dict(values)
    try:
        return start.condition.evaluate(seen) is True
    except ExpressionError:
        return False
