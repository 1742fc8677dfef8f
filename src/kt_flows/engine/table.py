"""A decision table, decided on a case's values.

All hit policies of DMN 1.3 (clause 8.2.11), COLLECT with SUM, MIN, MAX and COUNT.  What it requires is decided
first, and seen by the names of their outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kt_flows.engine.coverage import table_findings
from kt_flows.engine.expression import Expression
from kt_flows.engine.unary import INPUT, Cell, kind_of
from kt_flows.errors import Finding, FlowsError

HIT_POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT")
BY_PRIORITY = ("PRIORITY", "OUTPUT ORDER")
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
    """A column of answers; `values` are those it may have, the most important first, where the table says so."""

    id: str
    name: str
    type: str
    values: tuple[Any, ...] = ()

    def rank(self, value: Any) -> int | None:
        """The place of a value among `values`; a null comes after them.  None where it is none of them."""
        if value is None or not self.values:
            return len(self.values)
        equal = (place for place, one in enumerate(self.values) if kind_of(one) == kind_of(value) and one == value)
        return next(equal, None)


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
    required: Mapping[str, Outcome] = field(default_factory=dict)
    """What the decisions answered that had to be made before, by their ids."""

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
    requires: tuple[Decision, ...] = ()

    @property
    def many(self) -> bool:
        """Whether it answers a list."""
        return self.hit_policy in ("RULE ORDER", "OUTPUT ORDER") or (
            self.hit_policy == "COLLECT" and not self.aggregation
        )

    @property
    def given(self) -> dict[str, str]:
        """What it gives to a decision that requires it: name to type."""
        if self.aggregation == "COUNT":
            return {self.outputs[0].name: "int"}
        return {output.name: "list" if self.many else output.type for output in self.outputs}

    def with_required(self) -> list[Decision]:
        """The decision, and those that are made for it, each once."""
        found: dict[str, Decision] = {}
        to_do = [self]
        while to_do:
            one = to_do.pop(0)
            if one.id not in found:
                found[one.id] = one
                to_do.extend(one.requires)
        return list(found.values())

    @property
    def names(self) -> frozenset[str]:
        """The variables that the table and those that it requires read."""
        return frozenset[str]().union(*(one._reads() for one in self.with_required()))

    def _reads(self) -> frozenset[str]:
        read = [column.expression.names for column in self.inputs]
        for rule in self.rules:
            read += [output.names for output in rule.outputs]
            read += [test.names - {INPUT} for test in rule.tests if test]
        below = frozenset(name for one in self.requires for name in one.given)
        return frozenset[str]().union(*read) - below

    def findings(self) -> list[Finding]:
        """Rows that overlap or never count, and values that no row takes."""
        return table_findings(self)

    def decide(self, values: Mapping[str, Any]) -> Outcome:
        """Runs the table on JSON values.

        Raises DecisionError where UNIQUE finds two rules, ANY two answers, or an answer is none of its column's
        values; ExpressionError where a cell fails.
        """
        return self._decide(values, {})

    def _decide(self, values: Mapping[str, Any], known: dict[str, Outcome]) -> Outcome:
        for one in self.requires:
            if one.id not in known:
                known[one.id] = one._decide(values, known)
        for one in self.requires:
            values = {**values, **one._gives(known[one.id])}
        seen = [_number(column.type, column.expression.evaluate(values)) for column in self.inputs]
        hits = self._hits([{**values, INPUT: value} for value in seen])
        if self.hit_policy == "UNIQUE" and len(hits) > 1:
            both = ", ".join(rule.named for rule in hits)
            raise DecisionError(f"таблица {self.id} допускает одну строку (UNIQUE), а подходят {both}")
        results = [self._result(rule, values) for rule in hits]
        if self.hit_policy in BY_PRIORITY:
            # Where two are as important the one that stands first comes first.
            order = sorted(range(len(hits)), key=lambda at: self._ranks(hits[at], results[at]))
            order = order[:1] if self.hit_policy == "PRIORITY" else order
            hits, results = [hits[at] for at in order], [results[at] for at in order]
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
        return Outcome(tuple(results), rules, inputs, tuple(rule.annotation for rule in hits), dict(known))

    def _gives(self, outcome: Outcome) -> dict[str, Any]:
        """An outcome's values by the names under which a decision that requires this one sees them."""
        if self.many:
            return {output.name: [result[output.name] for result in outcome.results] for output in self.outputs}
        result = outcome.results[0] if outcome.results else {}
        return {output.name: _number(output.type, result.get(output.name)) for output in self.outputs}

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
        result = {
            output.name: expression.evaluate(values)
            for output, expression in zip(self.outputs, rule.outputs, strict=True)
        }
        self._ranks(rule, result)
        return result

    def _ranks(self, rule: Rule, result: Mapping[str, Any]) -> list[int]:
        """How important an answer is, the first column first; each must be one of its column's values."""
        ranks = []
        for output in self.outputs:
            rank = output.rank(result[output.name])
            if rank is None:
                message = f"{rule.named} таблицы {self.id}: {result[output.name]!r} нет среди значений {output.name}"
                raise DecisionError(message)
            ranks.append(rank)
        return ranks

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


def _number(word: str, value: Any) -> Any:
    """A whole number as a fraction where the column is of fractions: so the history shows one kind."""
    return float(value) if word == "double" and isinstance(value, int) and not isinstance(value, bool) else value
