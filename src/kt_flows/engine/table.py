"""A decision table, decided on a case's values.

Hit policies UNIQUE, FIRST, ANY, RULE ORDER and COLLECT (with SUM, MIN, MAX, COUNT).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kt_flows.engine.coverage import table_findings
from kt_flows.engine.expression import Expression
from kt_flows.engine.unary import INPUT, Cell
from kt_flows.errors import Finding, FlowsError

HIT_POLICIES = ("UNIQUE", "FIRST", "ANY", "RULE ORDER", "COLLECT")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
_AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {"SUM": sum, "MIN": min, "MAX": max}


class DecisionError(FlowsError):
    """A decision table has no single answer for these values."""

    code = "decision.failed"


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions; `allowed` are its input values, which bound what a gap can be."""

    id: str
    label: str
    expression: Expression
    type: str
    allowed: Cell | None = None


@dataclass(frozen=True, slots=True)
class Output:
    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A row; `number` counts from 1, `annotation` is what the analyst wrote beside it."""

    id: str
    number: int
    line: int
    cells: tuple[Cell, ...]
    tests: tuple[Expression | None, ...]
    outputs: tuple[Expression, ...]
    annotation: str = ""

    @property
    def named(self) -> str:
        return f"строка {self.number} ({self.id})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a table answered: the results, the matched rules' ids and annotations, and the inputs that it saw."""

    results: tuple[Mapping[str, Any], ...]
    rules: tuple[str, ...]
    inputs: Mapping[str, Any]
    annotations: tuple[str, ...] = ()

    def mapped(self, mode: str) -> Any:
        """The value for `camunda:mapDecisionResult`.  Raises DecisionError where one is asked for and more came."""
        entries = [next(iter(result.values())) for result in self.results]
        if mode == "resultList":
            return [dict(result) for result in self.results]
        if mode == "collectEntries":
            return entries
        if len(self.results) > 1:
            raise DecisionError(f"нужен один ответ, а строки {', '.join(self.rules)} дали {len(self.results)}")
        if not self.results:
            return None
        return entries[0] if mode == "singleEntry" else dict(self.results[0])


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision table."""

    id: str
    name: str
    file: str
    line: int
    hit_policy: str
    aggregation: str | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    @property
    def names(self) -> frozenset[str]:
        """The variables that the table reads."""
        read = [column.expression.names for column in self.inputs]
        for rule in self.rules:
            read += [output.names for output in rule.outputs]
            read += [test.names - {INPUT} for test in rule.tests if test]
        return frozenset[str]().union(*read)

    def findings(self) -> list[Finding]:
        """Rows that overlap or never count, and values that no row takes."""
        return table_findings(self)

    def decide(self, values: Mapping[str, Any]) -> Outcome:
        """Runs the table on JSON values.

        Raises DecisionError where UNIQUE finds two rules or ANY two answers, ExpressionError where a cell fails.
        """
        seen = [_number(column, column.expression.evaluate(values)) for column in self.inputs]
        hits = self._hits([{**values, INPUT: value} for value in seen])
        if self.hit_policy == "UNIQUE" and len(hits) > 1:
            both = ", ".join(rule.named for rule in hits)
            raise DecisionError(f"таблица {self.id} допускает одну строку (UNIQUE), а подходят {both}")
        results = [self._result(rule, values) for rule in hits]
        if self.hit_policy == "ANY" and results:
            for rule, result in zip(hits, results, strict=True):
                if result != results[0]:
                    message = f"{hits[0].named} и {rule.named} таблицы {self.id} (ANY) отвечают по-разному"
                    raise DecisionError(message)
            results = results[:1]
        if self.aggregation:
            results = [self._aggregate(results)]
        inputs: dict[str, Any] = {}
        for column, value in zip(self.inputs, seen, strict=True):
            inputs[column.label if column.label not in inputs else column.id] = value
        rules = tuple(rule.id for rule in hits)
        return Outcome(tuple(results), rules, inputs, tuple(rule.annotation for rule in hits))

    def _hits(self, contexts: list[dict[str, Any]]) -> list[Rule]:
        """The rules that match; a cell that stands in a column several times is asked once."""
        known: dict[tuple[int, str], bool] = {}
        hits = []
        for rule in self.rules:
            for column, test in enumerate(rule.tests):
                if test is None:
                    continue
                answer = known.get((column, test.text))
                if answer is None:
                    answer = known[column, test.text] = bool(test.evaluate(contexts[column]))
                if not answer:
                    break
            else:
                hits.append(rule)
                if self.hit_policy == "FIRST":
                    break
        return hits

    def _result(self, rule: Rule, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            output.name: expression.evaluate(values)
            for output, expression in zip(self.outputs, rule.outputs, strict=True)
        }

    def _aggregate(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        name = self.outputs[0].name
        entries = [result[name] for result in results]
        if self.aggregation == "COUNT":
            return {name: len(entries)}
        if not entries:
            return {name: None}
        try:
            return {name: _AGGREGATES[str(self.aggregation)](entries)}
        except TypeError as error:
            raise DecisionError(f"таблица {self.id}: {self.aggregation} от {entries} не считается") from error


def _number(column: Input, value: Any) -> Any:
    """A whole number as a fraction where the column is of fractions: so the history shows one kind."""
    return float(value) if column.type == "double" and isinstance(value, int) and value is not True else value
