"""What a mail has beside its text, and what is to be read from the mail itself where a release kept no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from kt_flows.api.models import Told
from kt_flows.connectors.incoming import read_mail
from kt_flows.mail import IncomingMail
from kt_flows.runtime.context import Runtime
from kt_flows.store import letters
from kt_flows.store.db import Reading


class Enclosed(Told):
    name: str
    media_type: str
    size: int


def read_again(rt: Runtime, reading: Reading, id: UUID) -> IncomingMail:
    """A mail that a release took in which kept only the mail itself."""
    return read_mail(letters.raw(reading, id), None, rt.clock.now())


def enclosed_in(mail: IncomingMail) -> list[dict[str, Any]]:
    """Its attachments as the store keeps them."""
    return [asdict(one) for one in mail.attachments]


def enclosed_json(attachments: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": one["name"], "mediaType": one["media_type"], "size": one["size"]} for one in attachments]
