"""The analysts' side: deploy and look at process definitions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.paging import PageAsked
from kt_flows.api.problems import UnsupportedMedia, finding_json
from kt_flows.api.values import Id, media_type, parse_id
from kt_flows.engine.packages import read_zip
from kt_flows.engine.translation import form_in
from kt_flows.errors import FieldError, InvalidValues, NotFound
from kt_flows.runtime import deploy
from kt_flows.runtime.context import Runtime
from kt_flows.store import definitions
from kt_flows.store.db import Reading
from kt_flows.store.definitions import DefinitionView

router = APIRouter(route_class=Door, tags=["definitions"])

MAX_DEPLOYMENT = 16 * 1024 * 1024
MAX_FILES = 1000
_UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
            }
        },
        "application/zip": {"schema": {"type": "string", "format": "binary"}},
    },
}
_ZIP = ("application/zip", "application/x-zip-compressed")


async def uploaded(request: Request) -> dict[str, bytes]:
    """The files of a deployment by path: of a multipart body's `files` parts, or of one zip."""
    media = media_type(request.headers.get("content-type"))
    if media in _ZIP:
        return read_zip(await request.body())
    if media != "multipart/form-data":
        raise UnsupportedMedia("Send multipart/form-data with `files`, or application/zip.")
    files: dict[str, bytes] = {}
    async with request.form(max_files=MAX_FILES, max_fields=0, max_part_size=MAX_DEPLOYMENT) as form:
        for name, part in form.multi_items():
            if name != "files" or not isinstance(part, UploadFile) or not part.filename:
                raise InvalidValues([FieldError(name[:100], "Only file parts named `files` are read.", "unknown")])
            if part.filename in files:
                raise InvalidValues([FieldError("files", f"{part.filename[:200]!r} stands twice.", "duplicate")])
            files[part.filename] = await part.read()
    if len(files) == 1 and next(iter(files)).lower().endswith(".zip"):
        return read_zip(next(iter(files.values())))
    if not files:
        raise InvalidValues([FieldError("files", "There are no files.", "required")])
    return files


Files = Annotated[dict[str, bytes], Depends(uploaded)]


@router.post(
    "/v1/deployments",
    status_code=201,
    response_model=models.Deployment,
    summary="Deploy processes",
    **asks("definitions.deploy", 413, 415, 422, body_bytes=MAX_DEPLOYMENT, requestBody=_UPLOAD),
)
def deploy_files(rt: Rt, who: Who, files: Files, dryRun: bool = False) -> Response:
    """All or nothing.  One folder is one process.  The same bytes again are answered 200 and change nothing."""
    deployed = deploy.deploy(rt, who, files, dryRun)
    answer = {
        "id": str(deployed.id) if deployed.id else None,
        "definitions": [
            {"id": str(one.id), "key": one.key, "version": one.version, "name": one.name}
            for one in deployed.definitions
        ],
        "findings": [finding_json(finding) for finding in deployed.findings],
    }
    return said(answer, 201 if deployed.created and not dryRun else 200)


@router.get(
    "/v1/definitions",
    response_model=models.Listed[models.Definition],
    summary="List deployed processes",
    **asks("definitions.read"),
)
def list_definitions(
    rt: Rt,
    who: Who,
    page: PageAsked,
    key: Annotated[str | None, Query(max_length=100)] = None,
    latest: Annotated[bool, Query(description="Only the newest version of each.")] = False,
) -> Response:
    """By key, newest version first."""
    filters: dict[str, Any] = {"key": key, "latest": latest}
    with rt.reading() as reading:
        rows, last = definitions.page(reading, **filters, after=page.after(who, filters), limit=page.limit)
    cursor = page.next_cursor(who, filters, last)
    return said({"items": [shapes.definition_json(row) for row in rows], "nextCursor": cursor})


@router.get(
    "/v1/definitions/{id}",
    response_model=models.Definition,
    summary="One version of a process",
    **asks("definitions.read", 404),
)
def read_definition(rt: Rt, id: Id) -> Response:
    with rt.reading() as reading:
        return said(shapes.definition_json(_found(reading, id)))


@router.get(
    "/v1/definitions/{id}/bpmn",
    summary="Its diagram, byte for byte as it was deployed",
    response_class=Response,
    **asks("definitions.read", 404),
)
def read_diagram(rt: Rt, id: Id) -> Response:
    files = _files(rt, id)
    name = next(name for name in sorted(files) if name.endswith(".bpmn") and b'isExecutable="true"' in files[name])
    return Response(files[name], media_type="application/xml")


@router.get(
    "/v1/definitions/{id}/form",
    response_model=dict[str, Any],
    summary="Its start form, as form-js has it",
    **asks("definitions.read", 404),
)
def read_start_form(rt: Rt, id: Id, lang: models.Language | None = None) -> Response:
    """404 when a case of it starts without a form.  With `lang` its texts are in that language, where they are."""
    with rt.reading() as reading:
        definition = rt.programs.definition(reading, _found(reading, id).id)
    if definition.start_form is None:
        raise NotFound("This process starts without a form.")
    form = form_in(definition.start_form.schema, lang, definition.translations)
    return Response(form, media_type="application/json")


def _found(reading: Reading, id: str) -> DefinitionView:
    view = definitions.visible(reading, parse_id(id))
    if view is None:
        raise NotFound
    return view


def _files(rt: Runtime, id: str) -> dict[str, bytes]:
    with rt.reading() as reading:
        view = _found(reading, id)
        return definitions.files(reading, [view.id])[view.id]
