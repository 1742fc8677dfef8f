"""Mail folders on disk: a file a mail, its name tells UID, time of arrival and flags.

A name is `<uid>.<microseconds since 1970>.<flag letters>.eml`, so every change (arrival, a flag, removal) is one
rename or unlink and survives a kill at any moment.  UIDs grow and are never given twice under one UIDVALIDITY.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kt_flows.sandbox.journal import sync_folder, write_whole

FLAGS = {"\\Answered": "R", "\\Deleted": "T", "\\Draft": "D", "\\Flagged": "F", "\\Seen": "S"}
_LETTERS = {letter: flag for flag, letter in FLAGS.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a folder knows of a mail without opening it; `at` is its INTERNALDATE, `size` in bytes."""

    uid: int
    at: datetime
    flags: frozenset[str]
    size: int

    @property
    def file_name(self) -> str:
        letters = "".join(sorted(FLAGS[flag] for flag in self.flags))
        return f"{self.uid:010d}.{(self.at - _EPOCH) // timedelta(microseconds=1)}.{letters}.eml"


class Folder:
    """One mail folder; its methods may be called from any thread of the one process that has it open."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.RLock()
        for draft in path.glob(".*"):
            draft.unlink()
        self._mails = {mail.uid: mail for mail in sorted(map(_read_name, path.glob("*.eml")), key=lambda m: m.uid)}
        self._state = path / "uids.json"
        state = json.loads(self._state.read_bytes()) if self._state.exists() else {"uidvalidity": 1}
        self.uidvalidity: int = state["uidvalidity"]
        # The file is behind by what came after its last writing, the names never are.
        self.uidnext: int = max(state.get("uidnext", 1), max(self._mails, default=0) + 1)
        self._save()

    def mails(self) -> list[Mail]:
        """All mails by UID."""
        with self._lock:
            return list(self._mails.values())

    def get(self, uid: int) -> Mail | None:
        with self._lock:
            return self._mails.get(uid)

    def raw(self, uid: int) -> bytes:
        """The mail's bytes; KeyError when there is none under this UID."""
        with self._lock:
            return (self._path / self._mails[uid].file_name).read_bytes()

    def add(self, raw: bytes, at: datetime) -> Mail:
        """Stores a mail that arrived `at`; when this returns it outlives a power cut."""
        with self._lock:
            mail = Mail(self.uidnext, at, frozenset(), len(raw))
            write_whole(self._path / mail.file_name, raw)
            self._mails[mail.uid] = mail
            self.uidnext += 1
            return mail

    def mark(self, uid: int, flags: frozenset[str]) -> Mail | None:
        """Gives a mail exactly these flags; None when it has gone."""
        with self._lock:
            old = self._mails.get(uid)
            if old is None:
                return None
            new = replace(old, flags=flags & frozenset(FLAGS))
            if new != old:
                (self._path / old.file_name).replace(self._path / new.file_name)
                self._mails[uid] = new
            return new

    def remove(self, uid: int) -> None:
        with self._lock:
            mail = self._mails.get(uid)
            if mail is not None:
                self._save()  # or the highest UID could be given again after a restart
                (self._path / mail.file_name).unlink()
                del self._mails[uid]

    def renumber(self) -> None:
        """Gives all mails new UIDs from 1 under a new UIDVALIDITY, as a server restored from a backup does."""
        with self._lock:
            self.uidvalidity += 1
            self._save()
            mails: dict[int, Mail] = {}
            for number, old in enumerate(self._mails.values(), start=1):
                new = replace(old, uid=number)  # never above the old one: no name is taken
                (self._path / old.file_name).replace(self._path / new.file_name)
                mails[number] = new
            self._mails = mails
            self.uidnext = len(mails) + 1
            self._save()

    def _save(self) -> None:
        state = {"uidvalidity": self.uidvalidity, "uidnext": self.uidnext}
        write_whole(self._state, json.dumps(state).encode())
        sync_folder(self._path)


def _read_name(path: Path) -> Mail:
    uid, at, letters, _ = path.name.split(".")
    return Mail(
        int(uid),
        _EPOCH + timedelta(microseconds=int(at)),
        frozenset(_LETTERS[letter] for letter in letters),
        os.stat(path).st_size,
    )
