"""Puts a file to a case."""

from __future__ import annotations

import hashlib
from uuid import UUID

from kt_flows.errors import Conflict, FieldError, InvalidValues, NotFound
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.work import say
from kt_flows.security import Actor
from kt_flows.store import attachments, instances
from kt_flows.store.attachments import AttachmentView
from kt_flows.store.db import retried

MOST = 100
"""Files of one case."""


@retried
def attach(
    rt: Runtime, actor: Actor, instance_id: UUID, *, name: str, media_type: str, data: bytes
) -> tuple[AttachmentView, bool]:
    """The file as it is kept, and whether it is new: who got no answer sends the same again.

    Raises NotFound, Conflict (the case is over, or has its hundred), InvalidValues (there is nothing in it).
    """
    if not data:
        raise InvalidValues([FieldError("file", "The file is empty.", "empty")])
    now, digest = rt.clock.now(), hashlib.sha256(data).hexdigest()
    with rt.transaction("attach") as tx:
        if instances.visible(tx, actor, instance_id) is None:
            raise NotFound
        held = instances.hold(tx, instance_id)
        if held is None or held.status not in ("active", "suspended"):
            raise Conflict("The case is over.", code="instance_not_active")
        there = attachments.of_case(tx, held.id)
        for one in there:
            if (one.sha256, one.name, one.actor) == (digest, name, actor.name):
                return one, False
        if len(there) >= MOST:
            raise Conflict(f"The case has {MOST} files already.", code="too_many_attachments")
        view = attachments.add(
            tx, held.id, actor=actor.name, name=name, media_type=media_type, data=data, sha256=digest, now=now
        )
        say(tx, held, "attached", actor, now, attachment=str(view.id), name=view.name, size=view.size)
        return view, True
