"""Decision tables: DMN 1.1 to 1.3 read into compiled CEL, decided on a case's values.

Hit policies UNIQUE, FIRST, ANY, RULE ORDER and COLLECT (with SUM, MIN, MAX, COUNT).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from kt_flows.engine.expression import Expression, SyntaxProblem, Types, compile_expression
from kt_flows.engine.unary import INPUT, Cell, read_cell
from kt_flows.errors import DiagramError, Finding, FlowsError

NAMESPACES = (
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
)
HIT_POLICIES = ("UNIQUE", "FIRST", "ANY", "RULE ORDER", "COLLECT")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
WORDS = {
    "string": "string",
    "boolean": "bool",
    "integer": "int",
    "long": "int",
    "double": "double",
    "number": "double",
    "date": "timestamp",
    "dateTime": "timestamp",
    "duration": "duration",
    "dayTimeDuration": "duration",
    "any": "any",
    "Any": "any",
    "list": "list",
    "map": "map",
}
MAX_RULES = 1_000
_AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {"SUM": sum, "MIN": min, "MAX": max}


class DecisionError(FlowsError):
    """A decision table has no single answer for these values."""

    code = "decision.failed"


@dataclass(frozen=True, slots=True)
class Input:
    id: str
    label: str
    expression: Expression
    type: str


@dataclass(frozen=True, slots=True)
class Output:
    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    line: int
    cells: tuple[Cell, ...]
    tests: tuple[Expression | None, ...]
    outputs: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a table answered: one result per rule that counts, the rules' ids, and the inputs that it saw."""

    results: tuple[Mapping[str, Any], ...]
    rules: tuple[str, ...]
    inputs: Mapping[str, Any]

    def mapped(self, mode: str) -> Any:
        """The value for `camunda:mapDecisionResult`.  Raises DecisionError where one is asked for and more came."""
        entries = [next(iter(result.values())) for result in self.results]
        if mode == "resultList":
            return [dict(result) for result in self.results]
        if mode == "collectEntries":
            return entries
        if len(self.results) > 1:
            raise DecisionError(f"one result is asked for, rules {', '.join(self.rules)} gave {len(self.results)}")
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

    def decide(self, values: Mapping[str, Any]) -> Outcome:
        """Runs the table on JSON values.

        Raises DecisionError where UNIQUE finds two rules or ANY two answers, ExpressionError where a cell fails.
        """
        seen = [_number(column, column.expression.evaluate(values)) for column in self.inputs]
        hits: list[Rule] = []
        for rule in self.rules:
            if all(
                test is None or test.evaluate({**values, INPUT: value})
                for test, value in zip(rule.tests, seen, strict=True)
            ):
                hits.append(rule)
                if self.hit_policy == "FIRST":
                    break
        if self.hit_policy == "UNIQUE" and len(hits) > 1:
            raise DecisionError(f"{self.id} is UNIQUE, but rules {', '.join(rule.id for rule in hits)} all match")
        results = [self._result(rule, values) for rule in hits]
        if self.hit_policy == "ANY" and results:
            if any(result != results[0] for result in results):
                raise DecisionError(f"{self.id} is ANY, but its matching rules do not agree")
            results, hits = results[:1], hits[:1]
        if self.aggregation:
            results = [self._aggregate(results)]
        inputs = {column.label: value for column, value in zip(self.inputs, seen, strict=True)}
        return Outcome(tuple(results), tuple(rule.id for rule in hits), inputs)

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
            raise DecisionError(f"{self.id}: {self.aggregation} of {entries}: {error}") from error


def _number(column: Input, value: Any) -> Any:
    """A whole number as a fraction where the column is of fractions: CEL compares the two kinds only so."""
    return float(value) if column.type == "double" and isinstance(value, int) and value is not True else value


def read_decisions(data: bytes, file: str, types: Types) -> dict[str, Decision]:
    """Reads every decision table of a DMN file.  Raises DiagramError with each finding's element and line."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DiagramError([Finding("error", "xml", file, str(error), line=error.lineno)]) from error
    if b"<!DOCTYPE" in data:
        raise DiagramError([Finding("error", "xml-doctype", file, "DOCTYPE запрещён", "Уберите его", line=1)])
    reader = _Reader(file, types)
    found = [reader.decision(item) for item in root if etree.QName(item).localname == "decision"]
    if etree.QName(root).namespace not in NAMESPACES or not found:
        reader.say("dmn", root, "в файле нет таблиц решений DMN", "Создайте таблицу в Camunda Modeler")
    if reader.findings:
        raise DiagramError(reader.findings)
    return {decision.id: decision for decision in found if decision}


class _Reader:
    """Reads one file, collecting findings instead of stopping at the first."""

    def __init__(self, file: str, types: Types) -> None:
        self.file = file
        self.types = types
        self.findings: list[Finding] = []

    def say(self, rule: str, item: Any, message: str, hint: str = "") -> None:
        self.findings.append(
            Finding("error", rule, self.file, message, hint, element_id=item.get("id"), line=item.sourceline)
        )

    def expression(self, item: Any, text: str, types: Types, expects: str | None = None) -> Expression | None:
        try:
            return compile_expression(text, types, expects)
        except SyntaxProblem as problem:
            self.say("expression", item, f"«{text}»: {problem}", "Исправьте выражение")
            return None

    def decision(self, item: Any) -> Decision | None:
        ns = f"{{{etree.QName(item).namespace}}}"
        table = item.find(f"{ns}decisionTable")
        if table is None:
            self.say("dmn", item, "решение без таблицы", "Замените выражение таблицей решений")
            return None
        policy, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation")
        if policy not in HIT_POLICIES or (aggregation and (policy != "COLLECT" or aggregation not in AGGREGATIONS)):
            asked = f"{policy} {aggregation or ''}".strip()
            self.say(
                "dmn-hit-policy", table, f"политика {asked} не выполняется", f"Выберите: {', '.join(HIT_POLICIES)}"
            )
            return None
        inputs = [self.input(column, ns) for column in table.findall(f"{ns}input")]
        outputs = [
            Output(column.get("id", ""), column.get("name") or item.get("id"), self.word(column))
            for column in table.findall(f"{ns}output")
        ]
        rows = table.findall(f"{ns}rule")
        if not outputs or len(rows) > MAX_RULES:
            self.say("dmn", table, f"нужен хотя бы один выход и не больше {MAX_RULES} строк")
            return None
        if None in inputs:
            return None
        columns = tuple(column for column in inputs if column)
        rules = [self.rule(row, ns, columns, outputs) for row in rows]
        return Decision(
            item.get("id"),
            item.get("name", ""),
            self.file,
            item.sourceline,
            policy,
            aggregation,
            columns,
            tuple(outputs),
            tuple(rule for rule in rules if rule),
        )

    def word(self, column: Any) -> str:
        name = column.get("typeRef", "any").rpartition(":")[2]
        if name not in WORDS:
            self.say("dmn-type", column, f"тип {name} неизвестен", f"Выберите: {', '.join(WORDS)}")
        return WORDS.get(name, "any")

    def input(self, column: Any, ns: str) -> Input | None:
        source = column.find(f"{ns}inputExpression")
        text = source.findtext(f"{ns}text", "") if source is not None else ""
        if source is None or not text.strip():
            self.say("dmn", column, "у входа нет выражения", "Назовите переменную")
            return None
        word = self.word(source)
        expression = self.expression(column, text, self.types, None if word == "double" else f"{word}?")
        if expression is None:
            return None
        return Input(column.get("id", ""), column.get("label") or text.strip(), expression, word)

    def rule(self, row: Any, ns: str, inputs: tuple[Input, ...], outputs: list[Output]) -> Rule | None:
        before = len(self.findings)
        entries = [entry.findtext(f"{ns}text", "") for entry in row.findall(f"{ns}inputEntry")]
        answers = [entry.findtext(f"{ns}text", "") for entry in row.findall(f"{ns}outputEntry")]
        if len(entries) != len(inputs) or len(answers) != len(outputs):
            self.say("dmn", row, "в строке не столько ячеек, сколько столбцов")
            return None
        cells: list[Cell] = []
        tests: list[Expression | None] = []
        for column, text in zip(inputs, entries, strict=True):
            try:
                cell = read_cell(text, column.type)
            except SyntaxProblem as problem:
                self.say("dmn-cell", row, f"«{text}»: {problem}", "Исправьте ячейку")
                continue
            cells.append(cell)
            types = {**self.types, INPUT: column.type}
            tests.append(None if cell.any else self.expression(row, cell.cel(), types, "bool"))
        results = [
            self.expression(row, text.strip() or "null", self.types, f"{output.type}?")
            for output, text in zip(outputs, answers, strict=True)
        ]
        if len(self.findings) > before:
            return None
        kept = tuple(result for result in results if result)
        return Rule(row.get("id", ""), row.sourceline, tuple(cells), tuple(tests), kept)
