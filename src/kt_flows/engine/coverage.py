"""Gaps and overlaps of a decision table, found by trying each cell on values that stand for all others.

Between two neighbouring literals of a column every value behaves alike, so one probe per literal and one per space
between them decide the whole column exactly.  Columns with computed cells are left out of the judgement.
"""

from __future__ import annotations

from itertools import combinations, pairwise, product
from math import prod
from typing import Any

from kt_flows.engine.decision import Decision, Rule
from kt_flows.errors import Finding

MAX_COMBINATIONS = 50_000
_OTHER = "\N{REPLACEMENT CHARACTER} any other text"


def table_findings(decision: Decision) -> list[Finding]:
    """Overlaps under UNIQUE (errors: at run time they are incidents) and gaps (warnings)."""
    if not all(cell.literal for rule in decision.rules for cell in rule.cells):
        return []
    probes = [_probes(decision, column) for column in range(len(decision.inputs))]
    findings = []
    if decision.hit_policy == "UNIQUE":
        findings = [
            _finding(
                decision,
                "error",
                "dmn-overlap",
                two.line,
                f"строки {one.id} и {two.id} таблицы {decision.id} подходят обе: {_shown(decision, common)}",
                "Разведите условия строк или выберите политику FIRST",
            )
            for one, two in combinations(decision.rules, 2)
            if (common := _common(one, two, probes)) is not None
        ]
    if decision.hit_policy != "COLLECT" and (gap := _gap(decision, probes)) is not None:
        findings.append(
            _finding(
                decision,
                "warning",
                "dmn-gap",
                decision.line,
                f"для {_shown(decision, gap)} в таблице {decision.id} нет строки",
                "Добавьте строку или последнюю строку «-»",
            )
        )
    return findings


def _finding(decision: Decision, severity: Any, rule: str, line: int, message: str, hint: str) -> Finding:
    return Finding(severity, rule, decision.file, message, hint, element_id=decision.id, line=line)


def _shown(decision: Decision, values: tuple[Any, ...]) -> str:
    pairs = zip(decision.inputs, values, strict=True)
    return ", ".join(f"{column.label} = {'другое' if value == _OTHER else value!r}" for column, value in pairs)


def _probes(decision: Decision, column: int) -> list[Any]:
    literals = {
        operand.value
        for rule in decision.rules
        for test in rule.cells[column].tests
        for operand in test.operands()
        if operand.value is not None
    }
    word = decision.inputs[column].type
    if word == "bool":
        return [True, False]
    if word in ("int", "double"):
        points = sorted(literals) or [0]
        step = 1 if word == "int" else 0.5
        between = [(a + b) / 2 for a, b in pairwise(points) if word == "double" or b - a > 1]
        return [points[0] - step, *points, *between, points[-1] + step]
    return [*sorted(literals, key=str), _OTHER]


def _common(one: Rule, two: Rule, probes: list[list[Any]]) -> tuple[Any, ...] | None:
    """Values that both rules match, or None."""
    chosen = []
    for column, values in enumerate(probes):
        both = [value for value in values if one.cells[column].holds(value) and two.cells[column].holds(value)]
        if not both:
            return None
        chosen.append(both[0])
    return tuple(chosen)


def _gap(decision: Decision, probes: list[list[Any]]) -> tuple[Any, ...] | None:
    """Values that no rule matches, or None; also None where there are too many combinations to try."""
    if prod(len(values) for values in probes) > MAX_COMBINATIONS:
        return None
    for values in product(*probes):
        if not any(
            all(cell.holds(value) for cell, value in zip(rule.cells, values, strict=True)) for rule in decision.rules
        ):
            return values
    return None
