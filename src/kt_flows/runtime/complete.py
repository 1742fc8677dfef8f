"""Completes a person's task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.engine.form import Form, Group
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.record import record
from kt_flows.runtime.work import held_task, not_anothers
from kt_flows.security import Actor
from kt_flows.store import instances
from kt_flows.store.db import retried

NO_FORM = Form("", b"{}", Group((), ()))
"""A task without a form takes no values."""


@retried
def complete(rt: Runtime, actor: Actor, task_id: UUID, values: Mapping[str, Any]) -> instances.InstanceView:
    """The case after the task was completed with these values.

    Raises NotFound, Forbidden, Conflict (over, or in another's hands: exactly one of many completions wins),
    InvalidValues (the form refuses; the task stays open).
    """
    now = rt.clock.now()
    with rt.transaction("complete") as tx:
        held, task = held_task(tx, actor, task_id)
        not_anothers(actor, task)
        program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
        form = program.definitions[task.process_key].forms.get(task.form_key or "")
        checked = (form or NO_FORM).check(values, task.variables, now)
        step = machine.complete(program, held.snapshot, task.wait, checked, now=now)
        return record(tx, program, held, step, actor=actor, now=now, completed=task.wait).seen(held)
