"""Single values of an address or a header: ids, times, keys, filters by variable."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Path, Request
from pydantic import AfterValidator, WithJsonSchema

from kt_flows.api.problems import BadQuery
from kt_flows.clock import from_text
from kt_flows.errors import FieldError, NotFound

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
MAX_VARIABLE_FILTERS = 5


def _id(text: str) -> str:
    """Any text that cannot be an id has nothing under it: 404, as for one that could."""
    if not _ID.fullmatch(text.lower()):
        raise NotFound
    return text.lower()


def parse_id(text: str) -> UUID:
    return UUID(_id(text))


Id = Annotated[str, Path(description="An id as the API gave it.", max_length=200)]


def _moment(text: str) -> str:
    from_text(text.replace(" ", "+"))
    return text


Moment = Annotated[
    str, AfterValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 40})
]
"""An RFC 3339 time with an offset.  A `+` that nobody escaped arrives as a space, and is meant as a plus."""


def moment(text: str | None) -> datetime | None:
    return None if text is None else from_text(text.replace(" ", "+"))


def media_type(said: str | None) -> str:
    """What a Content-Type says that a body is, without its parameters; empty where it says nothing."""
    return (said or "").partition(";")[0].strip().lower()


IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", description="Your name for this one request.")]
"""For the description alone: what is read is `idempotency_key`, which sees a header that stands twice."""


def idempotency_key(request: Request) -> str | None:
    """The one Idempotency-Key header: 1 to 255 visible ASCII characters."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        fault = FieldError("Idempotency-Key", "Send one key of 1 to 255 visible ASCII characters.", "invalid")
        raise BadQuery([fault])
    return given[0]


def variable_filters(request: Request) -> dict[str, Any]:
    """`variable.NAME=VALUE` parameters by variable name, the value as the text it is."""
    found = {}
    for name, value in request.query_params.multi_items():
        if not name.startswith("variable."):
            continue
        variable = name.removeprefix("variable.")
        if not _VARIABLE.fullmatch(variable):
            raise BadQuery([FieldError(name[:100], "This cannot be a variable's name.", "invalid")])
        found[variable] = value
    if len(found) > MAX_VARIABLE_FILTERS:
        raise BadQuery([FieldError("variable", f"At most {MAX_VARIABLE_FILTERS} variables.", "too_many")])
    return found
