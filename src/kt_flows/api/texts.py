"""What the deployed processes and their elements are called in three languages, and what to say to a caller."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header
from starlette.responses import Response

from kt_flows.api import models
from kt_flows.api.deps import Rt, asks
from kt_flows.api.door import Door
from kt_flows.engine.definition import Definition
from kt_flows.engine.manifest import Label
from kt_flows.engine.tongues import names_of
from kt_flows.store import definitions

router = APIRouter(route_class=Door, tags=["definitions"])


@router.get(
    "/v1/texts",
    response_model=models.Texts,
    summary="Names of processes and elements in three languages",
    **asks("definitions.read", 304),
)
def read_texts(rt: Rt, if_none_match: Annotated[str | None, Header(max_length=4096)] = None) -> Response:
    """Of the newest version of each process.  What has no Kazakh or English yet is there in Russian.

    Send the `ETag` of an answer as `If-None-Match`: 304 says that nothing has changed.
    """
    with rt.reading() as reading:
        newest = definitions.latest(reading)
        parsed = {key: rt.programs.definition(reading, view.id) for key, view in newest.items()}
    body = orjson.dumps({"processes": {key: _process_json(one) for key, one in sorted(parsed.items())}})
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _process_json(definition: Definition) -> dict[str, Any]:
    facts = definition.manifest.elements
    elements = {}
    for id, name in names_of(definition).items():
        told: dict[str, Any] = {"name": _label_json(name)}
        if id in facts and facts[id].clause:
            told["clause"] = facts[id].clause
        if id in facts and (say := facts[id].say):
            told["say"] = _label_json(say)
        elements[id] = told
    return {
        "name": _label_json(definition.manifest.name),
        "owner": definition.manifest.owner,
        "startForm": definition.start_form is not None,
        "elements": elements,
    }


def _label_json(label: Label) -> dict[str, str]:
    return {"ru": label.ru, "kk": label.kk or label.ru, "en": label.en or label.ru}
