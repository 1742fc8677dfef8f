"""Small files that a killed process leaves whole: one value written at once, or a log of JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Puts `data` under `path` so that a reader sees the old content or the new, even after a power cut."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames in `folder` last; a system without folder descriptors does that by itself."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Journal:
    """An append-only file of JSON objects, one a line.

    A process killed in the middle of a line leaves a torn one at the end: it is cut off when the file is opened.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()

    def read(self) -> list[dict[str, Any]]:
        """Everything written so far, oldest first; cuts a torn end off."""
        with self._lock:
            if not self._path.exists():
                return []
            data = self._path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole != len(data):
                with open(self._path, "r+b") as file:
                    file.truncate(whole)
            return [json.loads(line) for line in data[:whole].splitlines()]

    def append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._lock, open(self._path, "ab", buffering=0) as file:
            file.write(line)

    def replace(self, entries: Iterable[dict[str, Any]]) -> None:
        """Writes the file anew with these entries only."""
        lines = [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries]
        with self._lock:
            write_whole(self._path, "".join(lines).encode())
