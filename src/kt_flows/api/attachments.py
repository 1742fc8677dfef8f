"""Files of a case: put to it, listed, and given back as bytes that no browser runs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.instances import visible
from kt_flows.api.models import Told
from kt_flows.api.problems import UnsupportedMedia
from kt_flows.api.values import Id, media_type, parse_id
from kt_flows.clock import to_text
from kt_flows.errors import FieldError, InvalidValues, NotFound, TooLarge
from kt_flows.runtime.attach import attach
from kt_flows.store import attachments
from kt_flows.store.attachments import AttachmentView

router = APIRouter(route_class=Door, tags=["instances"])

MAX_FILE = 10 * 1024 * 1024
_AROUND = 64 * 1024
"""For what a multipart body has beside the file."""
MAX_NAME = 150
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,59}/[a-z0-9][a-z0-9!#$&^_.+-]{0,79}")
PLAIN = "application/octet-stream"
_UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        }
    },
}
_BYTES = {"content": {PLAIN: {"schema": {"type": "string", "format": "binary"}}}, "description": "The file."}


class Attachment(Told):
    id: str
    at: datetime
    actor: str
    name: str
    media_type: str
    size: int
    sha256: str


class Attachments(Told):
    items: list[Attachment]


@dataclass(frozen=True, slots=True)
class Given:
    name: str
    media_type: str
    data: bytes


def safe_name(name: str) -> str:
    """A file's name without its path and without anything that no eye sees; empty where nothing is left.

    Controls, marks that turn the direction of text and half characters go; a long name keeps its ending.
    """
    shown = "".join(one for one in unicodedata.normalize("NFC", name) if unicodedata.category(one) not in _UNSEEN)
    last = " ".join(shown.replace("\\", "/").rpartition("/")[2].split()).strip(" .")
    if len(last) <= MAX_NAME:
        return last
    stem, dot, ending = last.rpartition(".")
    keeps = dot and stem and len(ending) <= 20
    return f"{stem[: MAX_NAME - len(ending) - 1].rstrip(' .')}.{ending}" if keeps else last[:MAX_NAME].rstrip(" .")


_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")


async def uploaded(request: Request) -> Given:
    """The one part `file` of a multipart body."""
    if media_type(request.headers.get("content-type")) != "multipart/form-data":
        raise UnsupportedMedia("Send multipart/form-data with one part `file`.")
    async with request.form(max_files=1, max_fields=0, max_part_size=MAX_FILE) as form:
        part = form.get("file")
        if len(form) != 1 or not isinstance(part, UploadFile):
            raise InvalidValues([FieldError("file", "Send one file, as the part `file`.", "required")])
        data = await part.read()
        if len(data) > MAX_FILE:
            raise TooLarge(f"The file is larger than {MAX_FILE} bytes.")
        name = safe_name(part.filename or "")
        if not name:
            raise InvalidValues([FieldError("file", "The file has no name.", "name")])
        kind = media_type(part.content_type)
        return Given(name, kind if _MEDIA_TYPE.fullmatch(kind) else PLAIN, data)


File = Annotated[Given, Depends(uploaded)]


@router.post(
    "/v1/instances/{id}/attachments",
    status_code=201,
    response_model=Attachment,
    summary="Put a file to a case",
    **asks("tasks.work", 404, 409, 413, 415, 422, body_bytes=MAX_FILE + _AROUND, requestBody=_UPLOAD),
)
def add_attachment(rt: Rt, who: Who, id: Id, file: File) -> Response:
    """At most 10 MiB each and a hundred a case, while it is not over.  Its name is kept without path and unseen
    characters.  The same again from the same person is answered 200 and changes nothing."""
    view, fresh = attach(rt, who, parse_id(id), name=file.name, media_type=file.media_type, data=file.data)
    return said(attachment_json(view), 201 if fresh else 200)


@router.get(
    "/v1/instances/{id}/attachments",
    response_model=Attachments,
    summary="The files of a case, oldest first",
    **asks("instances.read", 404),
)
def list_attachments(rt: Rt, who: Who, id: Id) -> Response:
    with rt.reading() as reading:
        found = attachments.of_case(reading, visible(reading, who, id).id)
    return said({"items": [attachment_json(one) for one in found]})


_DOWNLOAD: Any = asks("instances.read", 404)


@router.get(
    "/v1/attachments/{id}",
    response_class=Response,
    summary="A file's bytes",
    **{**_DOWNLOAD, "responses": {**_DOWNLOAD["responses"], 200: _BYTES}},
)
def read_attachment(rt: Rt, who: Who, id: Id) -> Response:
    """Always as a download of no type, whatever its sender said that it is."""
    with rt.reading() as reading:
        view = attachments.one(reading, parse_id(id))
        if view is None:
            raise NotFound
        visible(reading, who, str(view.instance_id))
        data = attachments.data_of(reading, view)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(view.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(data, headers=headers, media_type=PLAIN)


def attachment_json(view: AttachmentView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "at": to_text(view.at),
        "actor": view.actor,
        "name": view.name,
        "mediaType": view.media_type,
        "size": view.size,
        "sha256": view.sha256,
    }
