"""What a scenario's run came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kt_flows.engine.step import Trace


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not as the scenario says.  `step` counts from 1, 0 is the start."""

    step: int
    what: str
    expected: object = None
    actual: object = None

    @property
    def line(self) -> str:
        where = f"шаг {self.step}" if self.step else "начало"
        if self.expected is None and self.actual is None:
            return f"{where}: {self.what}"
        return f"{where}: {self.what}: ожидалось {self.expected}, а есть {self.actual}"


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """Whether a scenario passed, why not, and what it went through.

    `name` is `<process>/<scenario>`.  `elements` and `flows` are `<process>.<id>`, of every process of the case.
    """

    name: str
    title: str
    failures: tuple[Failure, ...]
    trace: tuple[Trace, ...] = ()
    elements: frozenset[str] = frozenset()
    flows: frozenset[str] = frozenset()

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def lines(self) -> Sequence[str]:
        """The failures, a line each, for a terminal."""
        return [failure.line for failure in self.failures]
