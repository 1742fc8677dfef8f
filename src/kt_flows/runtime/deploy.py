"""Deploys processes: all or nothing, new versions for what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from kt_flows.clock import from_text
from kt_flows.engine.calendar import parse_cycle
from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import Definition
from kt_flows.errors import Conflict, DiagramError, Finding
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor
from kt_flows.store import definitions, jobs
from kt_flows.store.db import Transaction, retried
from kt_flows.store.definitions import DefinitionView
from kt_flows.store.ids import new_id
from kt_flows.store.messages import CONDITION, SIGNAL

TRIES = 5


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is deployed now; `created` is False where every byte was there before, `id` None then and in a dry run."""

    id: UUID | None
    definitions: tuple[DefinitionView, ...]
    findings: tuple[Finding, ...]
    created: bool


def deploy(rt: Runtime, actor: Actor, files: Mapping[str, bytes], dry_run: bool = False) -> Deployed:
    """Deploys the folders among these files.  Raises DiagramError with every finding; nothing is deployed then.

    Of two at once one loses the race for a version's number, and looks again.
    """
    for _ in range(TRIES):
        try:
            return _deploy(rt, actor, files, dry_run)
        except IntegrityError:
            continue
    raise Conflict("Others deploy the same processes right now.")


@retried
def _deploy(rt: Runtime, actor: Actor, files: Mapping[str, bytes], dry_run: bool) -> Deployed:
    now = rt.clock.now()
    with rt.transaction("deploy") as tx:
        newest = definitions.latest(tx)
        known = {key: rt.programs.definition(tx, view.id) for key, view in newest.items()}
        parsed, findings = check_packages(files, known)
        if any(finding.severity == "error" for finding in findings):
            raise DiagramError(findings)
        changed = [one for one in parsed if one.key not in newest or newest[one.key].digest != one.digest]
        same = [newest[one.key] for one in parsed if one not in changed]
        if dry_run or not changed:
            would = [_would_be(one, newest.get(one.key), now) for one in changed]
            return Deployed(None, tuple(sorted((*same, *would), key=lambda view: view.key)), tuple(findings), False)
        id = definitions.add_deployment(tx, actor=actor.name, now=now)
        added = []
        for one in changed:
            before = newest.get(one.key)
            view = definitions.add(
                tx,
                id,
                key=one.key,
                version=before.version + 1 if before else 1,
                name=one.name,
                digest=one.digest,
                files=one.files,
                start_messages=_begun_by(one),
                calls=sorted(one.calls),
                messages={name: message.model_dump(mode="json") for name, message in one.manifest.messages.items()},
                now=now,
            )
            added.append(view)
            _start_timers(tx, rt, one)
        return Deployed(id, tuple(sorted((*same, *added), key=lambda view: view.key)), tuple(findings), True)


def _begun_by(definition: Definition) -> list[str]:
    """Names of the messages, signals and conditions that begin the process."""
    signals = [f"{SIGNAL}{element.signal}" for element in definition.start_signals.values()]
    conditions = [f"{CONDITION}{id}" for id in definition.start_conditions]
    return sorted([*definition.start_messages, *signals, *conditions])


def _would_be(one: Definition, before: DefinitionView | None, now: datetime) -> DefinitionView:
    """What a dry run shows of a version that is not made."""
    version = before.version + 1 if before else 1
    return DefinitionView(new_id(), one.key, version, one.name, one.digest, now)


def _start_timers(tx: Transaction, rt: Runtime, definition: Definition) -> None:
    """A process that begins by the clock gets a job that is always there."""
    now = rt.clock.now()
    for element in definition.start_timers.values():
        assert element.timer is not None
        text = element.timer.value.literal or ""
        payload = {"definition_key": definition.key, "element_id": element.id, element.timer.kind: text}
        dated = element.timer.kind == "date"
        if dated and from_text(text) <= now:  # a date that is over begins nothing
            continue
        jobs.put_periodic(
            tx,
            key=f"start:{definition.key}:{element.id}" + (f":{text}" if dated else ""),
            kind=jobs.START_TIMER,
            payload=payload,
            run_at=from_text(text) if dated else now + parse_cycle(text)[1],
            now=now,
        )
