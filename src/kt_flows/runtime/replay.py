"""A case as it was: the lines of its history played again, in their order.

What `record` and the engine's trace write is enough for that, from the first line of a case on; a case that an
earlier release began has no such first line, and how it was is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kt_flows.store.history import HistoryView


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a token was, and since when."""

    wait: int
    element_id: str
    definition_key: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Then:
    """`variables` and `tokens` are None where the history does not tell all of it."""

    variables: Mapping[str, Any] | None
    tokens: tuple[Stood, ...] | None
    state: str


_STATUS = {"suspended": "suspended", "resumed": "active", "cancelled": "cancelled"}


class Replay:
    """History played line by line."""

    def __init__(self) -> None:
        self.variables: dict[str, Any] | None = None
        self.tokens: dict[int, Stood] = {}
        self.status = "active"
        self.stuck: dict[int, int | None] = {}
        """What does not go on, and where that only watches: the token for which it is open (0: the case's own)."""

    def line(self, line: HistoryView) -> None:
        if line.wait is not None:
            self._of_token(line, line.wait)
        elif line.kind == "changed":
            self._changed(line.detail)
        elif line.element_id is None and line.kind in _STATUS:
            self.status = _STATUS[line.kind]

    def _of_token(self, line: HistoryView, wait: int) -> None:
        for joined in line.detail.get("joined", ()):
            self._gone(joined)
        watches: int | None = line.detail.get("watches")
        match line.kind:
            case "arrived" | "entered" | "incident" if watches is None:
                here = Stood(wait, str(line.element_id), str(line.definition_key), line.at)
                self.tokens.setdefault(wait, here)
            case "completed" | "cancelled":
                self._gone(wait)
        match line.kind:
            case "incident" | "stuck":
                self.stuck[wait] = watches
            case "job.retried" | "job.skipped" | "job.cancelled":
                self.stuck.pop(wait, None)

    def _gone(self, wait: int) -> None:
        self.tokens.pop(wait, None)
        self.stuck.pop(wait, None)

    def _changed(self, detail: Mapping[str, Any]) -> None:
        if detail.get("whole"):
            self.variables = {}
        if self.variables is not None:
            self.variables.update(detail["set"])
            for name in detail["removed"]:
                self.variables.pop(name, None)

    def then(self) -> Then:
        if self.variables is None:
            return Then(None, None, self.status)
        if self.status == "cancelled":
            return Then(self.variables, (), self.status)
        state = self.status
        if state == "active" and not self.tokens:
            state = "completed"
        elif state == "active" and any(self._is_there(wait, watches) for wait, watches in self.stuck.items()):
            state = "stuck"
        return Then(self.variables, tuple(self.tokens.values()), state)

    def _is_there(self, wait: int, watches: int | None) -> bool:
        return (wait if watches is None else watches) in self.tokens or watches == 0


def replay(lines: Iterable[HistoryView]) -> Then:
    """The case after these lines, which are its first ones."""
    played = Replay()
    for line in lines:
        played.line(line)
    return played.then()
