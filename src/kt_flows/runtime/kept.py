"""Messages that came before anybody waited for them: delivered as a wait opens, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from kt_flows.engine import machine
from kt_flows.engine.program import Program
from kt_flows.engine.step import MessageWait, Step
from kt_flows.engine.values import fitting
from kt_flows.errors import Broken
from kt_flows.store import instances, messages
from kt_flows.store.db import Transaction

MOST_ROUNDS = 20


def with_kept_messages(
    tx: Transaction, program: Program, held: instances.Held, step: Step, known: set[int], now: datetime
) -> Step:
    """Delivers what was kept for waits that have just opened, until nothing more fits.

    A kept message that does not fit what the process declares is refused, and the case goes on.
    """
    looked_for: set[int] = set()
    for _ in range(MOST_ROUNDS):
        fresh = sorted(
            (wait for wait in step.messages if wait.wait not in known | looked_for),
            key=lambda wait: (wait.name, messages.canonical(wait.correlation)),
        )
        moved = None
        for wait in fresh:
            looked_for.add(wait.wait)
            messages.lock(tx, wait.name, messages.canonical(wait.correlation))
            if held.business_key is not None:
                messages.lock(tx, wait.name, f"business_key={held.business_key}")
            moved = _kept_for(tx, program, held, step, wait, now)
            if moved is not None:
                break
        if moved is None:
            return step
        step = replace(moved, trace=step.trace + moved.trace)
    raise Broken(f"more than {MOST_ROUNDS} kept messages fit one move")


def _kept_for(
    tx: Transaction, program: Program, held: instances.Held, step: Step, wait: MessageWait, now: datetime
) -> Step | None:
    process = process_of(program, wait.element_id, wait.name)
    key = messages.canonical(wait.correlation)
    while (found := messages.buffered(tx, wait.name, key, held.business_key, now)) is not None:
        try:
            payload = payload_for(program, process, wait.name, found.payload)
        except ValueError:
            messages.settle(tx, found.id, "refused")
            continue
        moved = machine.deliver(program, step.state, wait.wait, payload, now=now)
        messages.settle(tx, found.id, "delivered", [held.id])
        return moved
    return None


def payload_for(program: Program, process_key: str, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What of a payload the process declares, in the declared types.  Raises ValueError naming the field."""
    kept, faults = fitting(program.definitions[process_key].manifest.messages[name].payload, payload)
    if faults:
        raise ValueError(": ".join(faults[0]))
    return kept


def process_of(program: Program, element_id: str, message: str) -> str:
    """The process of a bundle that catches a message at this element."""
    for key, definition in program.definitions.items():
        element = definition.elements.get(element_id)
        if element is not None and element.message == message:
            return key
    raise Broken(f"no process of the bundle catches {message} at {element_id}")
