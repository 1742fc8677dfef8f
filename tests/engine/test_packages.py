"""Uploaded files: folders become processes, archives come in only as what they say they are."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from kt_flows.engine.packages import MAX_BYTES, MAX_FILES, read_path, read_zip, split_packages
from kt_flows.errors import DiagramError


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes], level: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", level) as file:
        for name, data in entries:
            file.writestr(name, data)
    return buffer.getvalue()


def rule(data: bytes) -> str:
    with pytest.raises(DiagramError) as caught:
        read_zip(data)
    return caught.value.findings[0].rule


def test_an_archive_of_two_processes() -> None:
    data = archive(("a/process.bpmn", b"1"), ("a/forms/x.form", b"2"), ("b/process.bpmn", b"3"))
    assert split_packages(read_zip(data)) == {
        "a": {"process.bpmn": b"1", "forms/x.form": b"2"},
        "b": {"process.bpmn": b"3"},
    }


@pytest.mark.parametrize(
    "name",
    ["../x.bpmn", "/etc/x.bpmn", "a/../../x.bpmn", "..\\x.bpmn", "C:\\x.bpmn", "a//x", "a/\u202ex", "a/" * 9 + "x"],
)
def test_paths_outwards(name: str) -> None:
    assert rule(archive((name, b""))) == "file-name"


def test_links_and_archives_inside() -> None:
    link = zipfile.ZipInfo("a/process.bpmn")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert rule(archive((link, b"/etc/passwd"))) == "zip-entry"
    assert rule(archive(("a/more.zip", archive(("b.bpmn", b""))))) == "zip-entry"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice() -> None:
    assert rule(archive(("a/process.bpmn", b"1"), ("a/process.bpmn", b"2"))) == "zip-entry"


def test_too_many_and_too_much() -> None:
    assert rule(archive(*((f"a/{n}.form", b"") for n in range(MAX_FILES + 1)))) == "zip-size"
    assert rule(archive(("a/process.bpmn", bytes(MAX_BYTES + 1)))) == "zip-size"


def test_an_archive_that_lies_about_its_size() -> None:
    data = bytearray(archive(("a/process.bpmn", bytes(1_000_000))))
    real, said = (1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert data.count(real) == 2
    assert rule(bytes(data.replace(real, said))) in ("zip-entry", "zip")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip", archive(("a.bpmn", b"x"))[:-30]], ids=range(4))
def test_what_is_no_archive(data: bytes) -> None:
    assert rule(data) == "zip"


def test_files_without_a_folder_are_one_process() -> None:
    assert split_packages({"process.bpmn": b"", "mail/a.ru.txt": b""}) == {
        ".": {"process.bpmn": b"", "mail/a.ru.txt": b""}
    }


def test_a_file_beside_no_diagram_belongs_nowhere() -> None:
    with pytest.raises(DiagramError) as caught:
        split_packages({"a/process.bpmn": b"", "b/x.form": b""})
    assert caught.value.findings[0].file == "b/x.form"
    with pytest.raises(DiagramError):
        split_packages({})


def test_a_folder_keeps_its_name(tmp_path: Path) -> None:
    home = tmp_path / "bpmn" / "loan"
    (home / "forms").mkdir(parents=True)
    (home / "process.bpmn").write_bytes(b"1")
    (home / "forms" / "a.form").write_bytes(b"2")
    (home / ".hidden").write_bytes(b"3")
    wanted = {"loan/process.bpmn": b"1", "loan/forms/a.form": b"2"}
    assert read_path(home) == wanted
    assert read_path(home.parent) == wanted
