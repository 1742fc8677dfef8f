"""What a case was after each of its moves, to be held against its history played again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.replay import replay
from kt_flows.store import history, instances, standing

Tokens = Mapping[int, tuple[str, str]]
"""Number of a token to its element and that one's process."""


@dataclass(frozen=True, slots=True)
class Seen:
    variables: Mapping[str, Any]
    tokens: Tokens
    state: str


def seen(rt: Runtime, id: UUID) -> Seen:
    """The case as it is now, by its row and the engine's own state."""
    with rt.reading() as reading:
        view, case = instances.one(reading, id), standing.of_case(reading, id)
        tokens: dict[int, tuple[str, str]] = {}
        if case is not None:
            program = rt.programs.linked(reading, case.bundle_id, case.definition_key)
            places = machine.places(program, case.snapshot, now=rt.clock.now())
            tokens = {one.wait: (one.element_id, one.process_key) for one in places if one.watches is None}
    return Seen(view.variables, tokens, view.state)


def replayed(rt: Runtime, id: UUID, at: datetime) -> Seen:
    """The case as its history tells that it was."""
    with rt.reading() as reading:
        then = replay(history.up_to(reading, id, at))
    assert then.variables is not None
    assert then.tokens is not None
    return Seen(then.variables, {one.wait: (one.element_id, one.definition_key) for one in then.tokens}, then.state)


@dataclass
class Album:
    """A picture of a case after each move."""

    rt: Runtime
    pictures: dict[datetime, Seen] = field(default_factory=dict)

    def take(self, id: UUID) -> None:
        """Now, by both: they are the same."""
        now = self.rt.clock.now()
        self.pictures[now] = seen(self.rt, id)
        assert replayed(self.rt, id, now) == self.pictures[now]

    def check(self, id: UUID) -> None:
        """Each earlier moment is told as it was."""
        for at, picture in self.pictures.items():
            assert replayed(self.rt, id, at) == picture
