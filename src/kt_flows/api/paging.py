"""Pages by key: a cursor is the last row's sort values, signed, and good for the same caller and filters only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from kt_flows.api.problems import BadQuery
from kt_flows.errors import FieldError
from kt_flows.security import Actor, Signer

DEFAULT_LIMIT = 50
MAX_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list the caller wants."""

    limit: int
    cursor: str | None
    signer: Signer

    def after(self, actor: Actor, filters: Mapping[str, Any]) -> list[Any] | None:
        """The sort values after which the page begins; BadQuery for a cursor of another list or another caller."""
        if self.cursor is None:
            return None
        try:
            values = json.loads(self.signer.read(self.cursor, _context(actor, filters)))
        except ValueError:
            raise BadQuery([FieldError("cursor", "The cursor is not of this list.", "invalid")]) from None
        assert isinstance(values, list), "signed by next_cursor"
        return values

    def next_cursor(self, actor: Actor, filters: Mapping[str, Any], last: Sequence[Any] | None) -> str | None:
        """The cursor behind the last row's sort values; None where the list ends."""
        if last is None:
            return None
        return self.signer.sign(json.dumps(list(last), default=str), _context(actor, filters))


def _context(actor: Actor, filters: Mapping[str, Any]) -> str:
    return json.dumps([actor.name, {name: str(value) for name, value in sorted(filters.items())}])


async def page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items in the answer.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=2048, description="`nextCursor` of the page before.")] = None,
) -> Page:
    return Page(limit, cursor, request.app.state.cursors)


PageAsked = Annotated[Page, Depends(page)]
