"""Gaps, overlaps and dead rows of a decision table, found by trying each column on values that stand for all others.

Between two neighbouring literals of a column every value behaves alike, so one probe per literal and one per space
between them decide the whole column exactly.  Cells that are computed from variables are not judged.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache, reduce
from itertools import accumulate, islice, pairwise
from operator import and_, xor
from typing import TYPE_CHECKING, Any

from kt_flows.clock import to_text
from kt_flows.engine.calendar import duration_text
from kt_flows.engine.unary import Cell, kind_of
from kt_flows.errors import Finding

if TYPE_CHECKING:
    from kt_flows.engine.table import Decision, Input, Rule

MAX_OVERLAPS = 20
MAX_STEPS = 100_000
_STEPS: dict[str, Any] = {"datetime": timedelta(days=1), "timedelta": timedelta(hours=1)}


class _Other:
    """Whatever is none of a column's literals, where these have no order."""

    def __repr__(self) -> str:
        return "другое"


class _TooMany(Exception):
    """There are more combinations than are tried."""


class _Column:
    """One input with its probes; sets of probes and of rules are bits of whole numbers."""

    def __init__(self, index: int, column: Input, rules: tuple[Rule, ...]) -> None:
        cells = [rule.cells[index] for rule in rules]
        literals = [value for cell in cells for value in cell.literals()]
        self.judged = all(cell.literal for cell in cells)
        kinds = {kind_of(value) for value in literals if value is not None}
        ordered = any(test.kind == "bounds" for cell in cells for test in cell.tests)
        if ordered and len(kinds) > 1:
            self.judged = False
        if not self.judged:
            return
        self.probes = [*_probes(column, [value for value in literals if value is not None], kinds), None]
        if ordered:
            self.probes[:-1] = sorted(self.probes[:-1])
        # A null is asked for where a row speaks of it; that no row takes it is not worth a warning everywhere.
        asked = self.probes if None in literals else self.probes[:-1]
        if column.allowed is not None:
            asked = [value for value in asked if value is None or column.allowed.holds(value)] or asked
        self.asked = asked
        places = {(kind_of(value), value): place for place, value in enumerate(self.probes)}
        every = (1 << len(self.probes)) - 1
        self.held = [_held(cell, self.probes, places, every) for cell in cells]
        self.taken = _turned(self.held, len(self.probes))
        """The rules that take each probe."""

    def rules_for(self, value: Any) -> int:
        """The rules that take this probe."""
        return self.taken[next(number for number, probe in enumerate(self.probes) if probe is value)]

    def near(self) -> Iterator[int]:
        """For each rule those that take some value that it takes."""
        known: dict[int, int] = {}
        for held in self.held:
            if held not in known:
                common = 0
                for place in _bits(held):
                    common |= self.taken[place]
                known[held] = common
            yield known[held]


def _held(cell: Cell, probes: list[Any], places: dict[tuple[str, Any], int], every: int) -> int:
    """The probes that a cell takes; those of a column with bounds are in their order, the null last."""
    if cell.any:
        return every
    found = 0
    for test in cell.tests:
        if test.kind == "bounds":
            first, last = 0, len(probes) - 1
            for op, operand in test.bounds:
                side = bisect_left if op in (">=", "<") else bisect_right
                at = side(probes, operand.value, 0, len(probes) - 1)
                first, last = (max(first, at), last) if op[0] == ">" else (first, min(last, at))
            found |= ((1 << last) - 1) & ~((1 << first) - 1) if first < last else 0
        elif test.operand is not None:
            place = places.get((kind_of(test.operand.value), test.operand.value))
            found |= 0 if place is None else 1 << place
    return every & ~found if cell.negated else found


def _turned(held: list[int], many: int) -> list[int]:
    """Of sets of probes by rule the sets of rules by probe."""
    turns = [0] * (many + 1)
    for rule, probes in enumerate(held):
        for place in _bits(probes ^ (probes << 1)):  # where it begins to take them, and where it ends
            turns[place] ^= 1 << rule
    return list(accumulate(turns[:many], xor))


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def _probes(column: Input, literals: list[Any], kinds: set[str]) -> list[Any]:
    if column.type == "bool" or kinds == {"bool"}:
        return [True, False]
    if not literals or len(kinds) > 1:
        return [*literals, _Other()]
    points = sorted(set(literals))
    if kinds == {"str"}:
        # No text lies between a text and the same with a zero character after it.
        ends = [point + "\0" for point in points]
        before = [""] if points[0] else []
        return [
            *before,
            *points,
            *(end for end, point in zip(ends, [*points[1:], None], strict=True) if end != point),
        ]
    whole = column.type == "int"
    step = _STEPS.get(kinds.copy().pop(), 1)
    between = [a + 1 if whole else a + (b - a) / 2 for a, b in pairwise(points) if not whole or b - a > 1]
    return [points[0] - step, *points, *between, points[-1] + step]


def table_findings(decision: Decision) -> list[Finding]:
    """Overlaps under UNIQUE (errors: at run time they are incidents), dead rows and gaps (warnings)."""
    columns = [_Column(index, column, decision.rules) for index, column in enumerate(decision.inputs)]
    if not decision.rules or not all(column.judged for column in columns):
        return []
    findings: list[Finding] = []
    if decision.hit_policy == "UNIQUE":
        findings += islice(_overlaps(decision, columns), MAX_OVERLAPS)
    if decision.hit_policy == "FIRST":
        findings += _dead(decision, columns)
    if decision.hit_policy in ("UNIQUE", "FIRST", "ANY") and (gap := _gap(columns, len(decision.rules))) is not None:
        message = f"для {_shown(decision, gap)} в таблице {decision.id} нет строки"
        hint = "Добавьте строку или последнюю строку «-»"
        findings.append(_finding(decision, "warning", "dmn-gap", decision.id, decision.line, message, hint))
    return findings


def _finding(
    decision: Decision, severity: Any, rule: str, id: str, line: int | None, message: str, hint: str
) -> Finding:
    return Finding(severity, rule, decision.file, message, hint, element_id=id, line=line)


def _shown(decision: Decision, values: list[Any]) -> str:
    return ", ".join(
        f"{column.label} = {_value(value)}" for column, value in zip(decision.inputs, values, strict=True)
    )


def _value(value: Any) -> str:
    if isinstance(value, str):
        return "другое" if not value or value.endswith("\0") else f'"{value}"'
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, timedelta):
        return duration_text(value)
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    return repr(value)


def _overlaps(decision: Decision, columns: list[_Column]) -> Iterator[Finding]:
    for one, sets in enumerate(
        zip(*(column.near() for column in columns), strict=True) if columns else _alone(decision)
    ):
        common_to_all = reduce(and_, sets) >> (one + 1)
        for two in (one + 1 + place for place in _bits(common_to_all)):
            common = [column.held[one] & column.held[two] for column in columns]
            first, second = decision.rules[one], decision.rules[two]
            values = [
                column.probes[(bits & -bits).bit_length() - 1] for column, bits in zip(columns, common, strict=True)
            ]
            message = f"{first.named} и {second.named} таблицы {decision.id} подходят обе"
            message += f": {_shown(decision, values)}" if values else ""
            hint = "Разведите условия строк или выберите политику FIRST"
            yield _finding(decision, "error", "dmn-overlap", second.id, second.line, message, hint)


def _alone(decision: Decision) -> Iterator[tuple[int]]:
    """Without a column every rule takes whatever every other does."""
    return (((1 << len(decision.rules)) - 1,) for _ in decision.rules)


def _dead(decision: Decision, columns: list[_Column]) -> Iterator[Finding]:
    for two, rule in enumerate(decision.rules):
        for one in range(two):
            if all(column.held[two] & ~column.held[one] == 0 for column in columns):
                earlier = decision.rules[one].named
                message = f"{rule.named} таблицы {decision.id} не сработает никогда: раньше подходит {earlier}"
                hint = "Переставьте или уберите строку"
                yield _finding(decision, "warning", "dmn-dead-row", rule.id, rule.line, message, hint)
                break


def _gap(columns: list[_Column], rules: int) -> list[Any] | None:
    """Values that no rule matches, or None; also None where there are too many combinations to try."""
    every = (1 << rules) - 1
    classes = [{column.rules_for(value): value for value in reversed(column.asked)} for column in columns]
    # Rules that take whatever comes from this column on: while one of them is left, there is no gap below.
    carefree = [every]
    for found in reversed(classes):
        carefree.append(carefree[-1] & _common(found))
    carefree.reverse()
    steps = 0

    @cache
    def search(index: int, left: int) -> tuple[Any, ...] | None:
        nonlocal steps
        steps += 1
        if steps > MAX_STEPS:
            raise _TooMany
        if not left:
            return tuple(column.asked[0] for column in columns[index:])
        if left & carefree[index]:
            return None
        for taken, value in classes[index].items():
            if (rest := search(index + 1, left & taken)) is not None:
                return (value, *rest)
        return None

    try:
        found = search(0, every)
    except _TooMany:
        return None
    return None if found is None else list(found)


def _common(classes: dict[int, Any]) -> int:
    common = -1
    for taken in classes:
        common &= taken
    return common
