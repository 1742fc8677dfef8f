"""Uploaded files to process folders: one folder with a diagram is one process."""

from __future__ import annotations

import io
import posixpath
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from kt_flows.errors import DiagramError, Finding

MAX_FILES = 1_000
MAX_BYTES = 20 * 1024 * 1024
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,127}", re.ASCII)


def _refuse(rule: str, file: str, message: str, hint: str = "") -> DiagramError:
    return DiagramError([Finding("error", rule, file[:200], message, hint)])


def check_path(path: str) -> str:
    """A relative path of plain names.  Raises DiagramError for anything that could leave its folder."""
    clean = path.replace("\\", "/")
    parts = clean.split("/")
    if not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts) or len(parts) > 8:
        raise _refuse("file-name", path, "негодное имя файла", "Латинские буквы, цифры, _ - . и папки")
    return clean


def read_zip(data: bytes) -> dict[str, bytes]:
    """The files of an archive by path.

    Raises DiagramError for an archive that is broken, too large when unpacked, or holds links, other archives or
    paths outwards; nothing is ever written to a disk.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise _refuse("zip-size", "zip", f"больше {MAX_FILES} файлов или {MAX_BYTES} байт", "Разделите архив")
            files: dict[str, bytes] = {}
            for entry in entries:
                name = check_path(entry.filename)
                if stat.S_ISLNK(entry.external_attr >> 16) or name.lower().endswith((".zip", ".gz", ".tar", ".7z")):
                    raise _refuse("zip-entry", name, "ссылки и архивы в архиве запрещены", "Положите сами файлы")
                if name in files:
                    raise _refuse("zip-entry", name, "файл стоит в архиве дважды")
                with archive.open(entry) as source:
                    # One byte more than was announced shows an archive that lies about its size.
                    content = source.read(entry.file_size + 1)
                if len(content) != entry.file_size:
                    raise _refuse("zip-entry", name, "размер файла не тот, что объявлен")
                files[name] = content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _refuse("zip", "zip", f"архив не читается: {error}", "Соберите его заново") from error
    return files


def split_packages(files: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Folder to its files, paths relative to it; files without folders are one process (`.`).

    Raises DiagramError for a file that belongs to no process.
    """
    checked = {check_path(path): data for path, data in files.items()}
    if sum(map(len, checked.values())) > MAX_BYTES or len(checked) > MAX_FILES:
        raise _refuse("package", ".", f"больше {MAX_FILES} файлов или {MAX_BYTES} байт")
    homes = sorted({posixpath.dirname(path) for path in checked if path.endswith(".bpmn")}, key=len, reverse=True)
    found: dict[str, dict[str, bytes]] = {home or ".": {} for home in homes}
    for path, data in checked.items():
        home = next((home for home in homes if path.startswith(f"{home}/") or not home), None)
        if home is None:
            raise _refuse("package", path, "рядом нет схемы .bpmn", "Положите файл в папку процесса")
        found[home or "."][path[len(home) + 1 :] if home else path] = data
    if not found:
        raise _refuse("package", ".", "среди файлов нет ни одной схемы .bpmn", "Приложите папку процесса")
    return found


def read_path(path: Path) -> dict[str, bytes]:
    """The files of a .zip, of a process folder (which keeps its name), or of the process folders in a folder."""
    if path.is_file():
        return read_zip(path.read_bytes())
    root = path.resolve()
    homes = [root] if any(root.glob("*.bpmn")) else sorted({file.parent for file in root.rglob("*.bpmn")})
    above = root.parent if homes == [root] else root
    return {
        file.relative_to(above).as_posix(): file.read_bytes()
        for home in homes
        for file in sorted(home.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }
