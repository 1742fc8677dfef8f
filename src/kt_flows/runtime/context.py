"""What a verb is handed: the database, the clock, the settings, the programs of the deployed processes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from kt_flows import tracing
from kt_flows.clock import Clock
from kt_flows.engine.definition import Definition, read_definition
from kt_flows.engine.program import Program, link
from kt_flows.errors import Broken, NotFound
from kt_flows.settings import Settings
from kt_flows.store import definitions
from kt_flows.store.db import Database, Reading, Transaction


class Programs:
    """Parsed definitions by id and linked programs by bundle: immutable, so kept for ever or until they are many."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._definitions: OrderedDict[UUID, Definition] = OrderedDict()
        self._programs: OrderedDict[str, Program] = OrderedDict()
        self._kept: set[str] = set()

    def definition(self, reading: Reading, id: UUID) -> Definition:
        return self._read(reading, [id])[id]

    def linked(self, reading: Reading, bundle_id: str, key: str) -> Program:
        """The program of a bundle whose root process is `key`."""
        with self._lock:
            program = self._programs.get(f"{bundle_id}/{key}")
            if program is not None:
                self._programs.move_to_end(f"{bundle_id}/{key}")
                return program
        members = definitions.members(reading, bundle_id)
        if key not in members:
            raise Broken(f"bundle {bundle_id} lacks {key}")
        parsed = self._read(reading, list(members.values()))
        by_key = {name: parsed[id] for name, id in members.items()}
        program = link(by_key[key], by_key)
        with self._lock:
            self._programs[f"{bundle_id}/{key}"] = program
            while len(self._programs) > self._most:
                self._programs.popitem(last=False)
        return program

    def bound_now(self, reading: Reading, root: definitions.DefinitionView) -> dict[str, UUID]:
        """Process key to definition id of a root and all that it calls, each at its latest version."""
        bound, to_do = {root.key: root.id}, [root.id]
        while to_do:
            parsed = self._read(reading, to_do)
            wanted = sorted({key for one in parsed.values() for key in one.calls} - set(bound))
            newest = definitions.latest(reading, wanted) if wanted else {}
            for key in wanted:
                if key not in newest:
                    raise NotFound(f"The process {key}, which {root.key} calls, is not deployed.")
                bound[key] = newest[key].id
            to_do = [newest[key].id for key in wanted]
        return bound

    def keep_bundle(self, tx: Transaction, members: Mapping[str, UUID]) -> str:
        """The bundle of these versions, written once; its id."""
        id = definitions.bundle_of(members)
        if id not in self._kept:
            definitions.keep_bundle(tx, members)
            tx.after_commit(lambda: self._kept.add(id))
        return id

    def _read(self, reading: Reading, ids: list[UUID]) -> Mapping[UUID, Definition]:
        with self._lock:
            found = {id: self._definitions[id] for id in ids if id in self._definitions}
        missing = [id for id in ids if id not in found]
        if missing:
            for id, files in definitions.files(reading, missing).items():
                found[id] = read_definition(files)
            with self._lock:
                self._definitions.update({id: found[id] for id in missing if id in found})
                while len(self._definitions) > self._most:
                    self._definitions.popitem(last=False)
        return found


@dataclass(frozen=True)
class Runtime:
    """Made once per process by `app.py`; shared by all threads."""

    db: Database
    clock: Clock
    settings: Settings
    programs: Programs = field(default_factory=Programs)
    on_commit: list[Callable[[], None]] = field(default_factory=list)
    """Called after each commit: the process's event feed wakes up."""
    on_work: list[Callable[[], None]] = field(default_factory=list)
    """Called after a commit that may have made a job due: the process's own worker wakes up."""

    @contextmanager
    def transaction(self, verb: str = "") -> Iterator[Transaction]:
        """Commits at its end; then whom it concerns in this process is woken.  `verb` is one of `crash.COMMITS`."""
        with tracing.part(verb), self.db.transaction(verb) as tx:
            yield tx
        for wake in (*self.on_commit, *(self.on_work if tx.makes_work else ())):
            wake()

    def reading(self) -> AbstractContextManager[Reading]:
        return self.db.reading()

    def glance(self) -> AbstractContextManager[Reading]:
        """For one query."""
        return self.db.glance()
