"""Deployments over REST: all or nothing, the same bytes once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest

from kt_flows.api import models
from support.api import LOAN, Api, answer, folder, problem

Files = list[tuple[str, tuple[str, bytes]]]


def parts(files: Mapping[str, bytes]) -> Files:
    return [("files", (name, data)) for name, data in files.items()]


def changed(key: str, old: bytes = b"", new: bytes = b"") -> dict[str, bytes]:
    """The loan process under another key, with one change in its diagram."""
    files = {}
    for name, data in folder(LOAN).items():
        data = data.replace(b'process id="loan"', f'process id="{key}"'.encode()).replace(
            b"key: loan\n", f"key: {key}\n".encode()
        )
        files[name.replace("loan/", f"{key}/")] = data.replace(old, new) if old and name.endswith(".bpmn") else data
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_files_or_a_zip_once(api: Api) -> None:
    files = changed("first")
    dry = answer(api.as_("analyst").post("/v1/deployments?dryRun=true", files=parts(files)))
    assert dry["definitions"][0]["key"] == "first"
    assert answer(api.as_("analyst").get("/v1/definitions", params={"key": "first"}))["items"] == []
    done = answer(api.as_("analyst").post("/v1/deployments", files=parts(files)), 201)
    models.Deployment.model_validate(done)
    assert [(one["key"], one["version"]) for one in done["definitions"]] == [("first", 1)]
    again = answer(api.as_("analyst").post("/v1/deployments", files=parts(files)))
    assert again["definitions"] == done["definitions"]
    for content, kind in ((zipped(files), "application/zip"),):
        same = api.as_("analyst").post("/v1/deployments", content=content, headers={"Content-Type": kind})
        assert answer(same)["definitions"] == done["definitions"]
    one = api.as_("analyst").post("/v1/deployments", files=[("files", ("all.zip", zipped(changed("second"))))])
    assert answer(one, 201)["definitions"][0]["key"] == "second"


def test_a_new_version_and_what_it_looks_like(api: Api) -> None:
    answer(api.as_("analyst").post("/v1/deployments", files=parts(changed("third"))), 201)
    newer = changed("third", "Рассмотреть".encode(), "Посмотреть".encode())
    done = answer(api.as_("analyst").post("/v1/deployments", files=parts(newer)), 201)
    assert done["definitions"][0]["version"] == 2
    items = answer(api.as_("crm").get("/v1/definitions", params={"key": "third"}))["items"]
    assert [item["version"] for item in items] == [2, 1]
    latest = answer(api.as_("crm").get("/v1/definitions", params={"latest": "true", "limit": 500}))["items"]
    assert [item["version"] for item in latest if item["key"] == "third"] == [2]
    assert [item["key"] for item in latest] == sorted({item["key"] for item in latest})
    path = f"/v1/definitions/{items[0]['id']}"
    assert answer(api.as_("crm").get(path)) == items[0]
    models.Definition.model_validate(items[0])
    diagram = api.as_("crm").get(f"{path}/bpmn")
    assert (diagram.content, diagram.headers["content-type"]) == (newer["third/process.bpmn"], "application/xml")
    assert answer(api.as_("crm").get(f"{path}/form"))["id"] == "loan_request"
    seen, cursor = [], None
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = answer(api.as_("crm").get("/v1/definitions", params=query))
        seen += [(item["key"], item["version"]) for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert ("third", 1) in seen


def test_a_broken_diagram_is_refused_with_file_element_and_line(api: Api) -> None:
    files = changed("broken", b"amount != null", b"amonut != null") | changed("whole")
    refused = problem(api.as_("analyst").post("/v1/deployments", files=parts(files)), 422, "diagram_refused")
    finding = next(one for one in refused["findings"] if one["severity"] == "error")
    models.FindingTold.model_validate(finding)
    assert finding["file"] == "broken/process.bpmn"
    assert finding["elementId"] == "review"
    line = (
        files["broken/process.bpmn"]
        .decode()
        .splitlines()
        .index(next(text for text in files["broken/process.bpmn"].decode().splitlines() if "amonut" in text))
    )
    assert finding["line"] in range(line - 1, line + 3)
    assert "amonut" in finding["message"]
    assert answer(api.as_("analyst").get("/v1/definitions", params={"key": "whole"}))["items"] == []


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("file", ("a/process.bpmn", b"<x/>"))], 422),
        ([("files", ("a/process.bpmn", b"<x/>")), ("files", ("a/process.bpmn", b"<y/>"))], 422),
        ([("files", ("../process.bpmn", b"<x/>"))], 422),
        ([("files", ("a/process.bpmn", b"\xff\xfe<"))], 422),
        ([("files", ("a.zip", b"PK no zip"))], 422),
        ([("files", ("readme.txt", b"hello"))], 422),
    ],
)
def test_what_is_no_deployment(api: Api, files: Files, status: int) -> None:
    refused = api.as_("analyst").post("/v1/deployments", files=files)
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"


def test_other_bodies(api: Api) -> None:
    problem(api.as_("analyst").post("/v1/deployments", json={}), 415, "unsupported_media_type")
    problem(api.as_("analyst").post("/v1/deployments"), 415, "unsupported_media_type")
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for raw in (b"", b"--x\r\nnonsense", b"--y--"):
        refused = api.as_("analyst").post("/v1/deployments", content=raw, headers=headers)
        assert refused.status_code in (400, 422), refused.text
    large = {"Content-Type": "application/zip"}
    problem(api.as_("analyst").post("/v1/deployments", content=b"x" * (17 << 20), headers=large), 413, "too_large")


def test_only_who_may_deploy(api: Api) -> None:
    for caller in ("crm", "anna", "chief"):
        problem(api.as_(caller).post("/v1/deployments", files=parts(changed("mine"))), 403, "forbidden")
