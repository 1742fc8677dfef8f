"""DMN 1.1 to 1.3 files: decision tables read into compiled CEL, every mistake named by element and line.

The table itself, which decides, is engine/table.py; its input cells are engine/unary.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from kt_flows.engine.decision_names import strangers
from kt_flows.engine.expression import Expression, ExpressionError, SyntaxProblem, Types, compile_expression
from kt_flows.engine.table import (
    AGGREGATIONS,
    BY_PRIORITY,
    HIT_POLICIES,
    Decision,
    DecisionError,
    Input,
    Outcome,
    Output,
    Rule,
)
from kt_flows.engine.unary import INPUT, Cell, read_cell
from kt_flows.engine.values import fits
from kt_flows.engine.xml import read_xml
from kt_flows.errors import DiagramError, Finding

__all__ = ["Decision", "DecisionError", "Outcome", "read_decisions"]

NAMESPACES = (
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
)
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
MAX_DECISIONS = 100
MAX_TESTS = 10_000
"""So many values and bounds in the input cells of one file."""
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def read_decisions(data: bytes, file: str, types: Types) -> dict[str, Decision]:
    """Reads every decision table of a DMN file.  Raises DiagramError with each finding's element and line."""
    namespace = next((name for name in NAMESPACES if name.encode() in data), NAMESPACES[0])
    root = read_xml(data, file, f"{{{namespace}}}definitions")
    reader = _Reader(file, types, f"{{{namespace}}}")
    found = reader.document(root)
    if not found and not reader.findings:
        reader.say("dmn", root, "в файле нет таблиц решений DMN", "Создайте таблицу в Camunda Modeler")
    if reader.findings:
        raise DiagramError(reader.findings)
    return {decision.id: decision for decision in found}


class _Reader:
    """Reads one file, collecting findings instead of stopping at the first."""

    def __init__(self, file: str, types: Types, ns: str) -> None:
        self.file = file
        self.declared = types
        self.types = types
        """Those declared, and while a table is read what it sees of the decisions that it requires."""
        self.ns = ns
        self.findings: list[Finding] = []
        self.ids: frozenset[str] = frozenset()
        self.tests = 0

    def say(self, rule: str, item: Any, message: str, hint: str = "", within: Any = None) -> None:
        """Notes a finding at `item`'s line, under the id of `within` (a row, for a cell) or its own."""
        id = (item if within is None else within).get("id")
        self.findings.append(Finding("error", rule, self.file, message, hint, element_id=id, line=item.sourceline))

    def document(self, root: Any) -> list[Decision]:
        for item, message, hint, within in strangers(root, self.ns):
            self.say("dmn", item, message, hint, within)
        items: dict[str, Any] = {}
        for item in root:
            if item.tag == f"{self.ns}decision":
                items[item.get("id", "")] = item
        self.ids = frozenset(items)
        if len(items) > MAX_DECISIONS:
            self.say("budget", root, f"в файле больше {MAX_DECISIONS} решений", "Разделите файл")
            return []
        found: dict[str, Decision | None] = {}
        requires = {id: self.required(item) for id, item in items.items()}
        for id in self.in_order(requires, items):
            found[id] = self.decision(items[id], [found[one] for one in requires[id]])
        if self.tests > MAX_TESTS:
            self.say("budget", root, f"в ячейках файла больше {MAX_TESTS} значений и границ", "Разделите файл")
        return [decision for id in items if (decision := found.get(id))]

    def required(self, item: Any) -> list[str]:
        """Ids of the decisions in this file that a decision requires."""
        wanted = item.findall(f"{self.ns}informationRequirement/{self.ns}requiredDecision")
        return [id for one in wanted if (id := one.get("href", "").removeprefix("#")) in self.ids]

    def in_order(self, requires: Mapping[str, list[str]], items: Mapping[str, Any]) -> list[str]:
        """Each decision after those that it requires."""
        try:
            return list(TopologicalSorter(requires).static_order())
        except CycleError as error:
            [*round, _] = error.args[1]
            self.say("dmn", items[round[0]], f"решения требуют друг друга: {', '.join(round)}", "Уберите одну связь")
            return []

    def decision(self, item: Any, requires: list[Decision | None]) -> Decision | None:
        table = item.find(f"{self.ns}decisionTable")
        if table is None or not item.get("id"):
            self.say("dmn", item, "решение без таблицы или без id", "Замените выражение таблицей решений")
            return None
        policy, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation")
        if policy not in HIT_POLICIES or (aggregation and (policy != "COLLECT" or aggregation not in AGGREGATIONS)):
            message = f"политика {policy} {aggregation or ''}".strip() + " не выполняется"
            self.say("dmn-hit-policy", table, message, f"Выберите: {', '.join(HIT_POLICIES)}")
            return None
        below = self.given(item, requires)
        if below is None:
            return None
        self.types = {**self.declared, **below}
        inputs = [self.input(column) for column in table.findall(f"{self.ns}input")]
        outputs = self.outputs(table, item.get("id"), aggregation)
        if policy in BY_PRIORITY and not any(output.values for output, _ in outputs):
            message = f"для политики {policy} нужны значения выхода, от важных к неважным"
            self.say("dmn-hit-policy", table, message, "Заполните «Output Values» хотя бы у одного выхода")
        rows = table.findall(f"{self.ns}rule")
        if not outputs or not rows or len(rows) > MAX_RULES:
            self.say("dmn", table, f"нужен хотя бы один выход и от 1 до {MAX_RULES} строк", "Разделите таблицу")
            return None
        if None in inputs:
            return None
        columns = tuple(column for column in inputs if column)
        rules = [self.rule(row, number, columns, outputs) for number, row in enumerate(rows, 1)]
        kept = tuple(rule for rule in rules if rule)
        id, name = item.get("id"), item.get("name", "")
        words = tuple(output for output, _ in outputs)
        made = tuple(one for one in requires if one)
        return Decision(id, name, self.file, item.sourceline, policy, aggregation, columns, words, kept, made)

    def given(self, item: Any, requires: list[Decision | None]) -> dict[str, str] | None:
        """What the decision sees of those that it requires: name to type; None where one of them does not read."""
        wanted = item.findall(f"{self.ns}informationRequirement/{self.ns}requiredDecision")
        for one in wanted:
            if one.get("href", "").removeprefix("#") not in self.ids:
                hint = "Соедините с решением этого же файла"
                self.say("dmn", one, f"решения {one.get('href', '')[:60]} в файле нет", hint, within=item)
        if None in requires or len(requires) < len(wanted):
            return None
        found: dict[str, str] = {}
        for decision in requires:
            for name, word in decision.given.items() if decision else ():
                if name in found or name in self.declared:
                    message = f"имя {name}, которое даёт решение {decision.id if decision else ''}, уже занято"
                    self.say("dmn-output", item, message, "Назовите его выход иначе")
                found[name] = word
        return found

    def text(self, item: Any) -> str:
        return str(item.findtext(f"{self.ns}text", "") or "").strip()

    def word(self, column: Any, owner: Any) -> str:
        name = column.get("typeRef", "any").rpartition(":")[2]
        if name not in WORDS:
            self.say("dmn-type", column, f"тип {name} неизвестен", f"Выберите: {', '.join(WORDS)}", owner)
        return WORDS.get(name, "any")

    def input(self, column: Any) -> Input | None:
        source = column.find(f"{self.ns}inputExpression")
        if source is None or not self.text(source):
            self.say("dmn", column, "у входа нет выражения", "Назовите переменную")
            return None
        word = self.word(source, column)
        try:
            expression = compile_expression(self.text(source), self.types, None if word == "double" else f"{word}?")
            if not fits(expression.type, word):
                raise SyntaxProblem(f"тип {expression.type}, а у столбца {word}")
            values = column.find(f"{self.ns}inputValues")
            allowed = None if values is None else read_cell(self.text(values), word)
        except SyntaxProblem as problem:
            self.say("expression", source, f"«{self.text(source)}»: {problem}", "Исправьте выражение", column)
            return None
        kept = allowed if allowed and allowed.literal and not allowed.any else None
        return Input(column.get("id", ""), column.get("label") or self.text(source), expression, word, kept)

    def outputs(self, table: Any, default: str, aggregation: str | None) -> list[tuple[Output, str | None]]:
        """The columns of answers, each with the type word that its cells must fit."""
        found: list[tuple[Output, str | None]] = []
        columns = table.findall(f"{self.ns}output")
        for column in columns:
            name = column.get("name") or (default if len(columns) == 1 else "")
            if not _NAME.fullmatch(name) or any(output.name == name for output, _ in found):
                message = f"имя выхода «{name}» пусто, повторяется или не латиницей"
                self.say("dmn-output", column, message, "Латинские буквы, цифры и _")
            word = self.word(column, column)
            # A `number` may stay whole; a `double` becomes a fraction.
            number = column.get("typeRef", "").rpartition(":")[2] == "number"
            values = self.values(column, word)
            found.append((Output(column.get("id", ""), name, word, values), None if number else f"{word}?"))
        if aggregation and len(columns) > 1:
            self.say("dmn-output", table, f"{aggregation} считается по одному выходу", "Разделите таблицу")
        return found

    def values(self, column: Any, word: str) -> tuple[Any, ...]:
        """The values that an output may have, the most important first."""
        listed = column.find(f"{self.ns}outputValues")
        if listed is None or not self.text(listed):
            return ()
        try:
            if word not in ("string", "int", "double", "bool"):
                raise SyntaxProblem("перечень бывает у текстов, чисел и true/false")
            cell = read_cell(self.text(listed), word)
            if (
                cell.negated
                or not cell.tests
                or not all(test.operand and test.operand.literal for test in cell.tests)
            ):
                raise SyntaxProblem("нужны готовые значения через запятую")
            return tuple(cell.literals())
        except SyntaxProblem as problem:
            self.say("dmn-output", listed, f"«{self.text(listed)}»: {problem}", "Исправьте «Output Values»", column)
            return ()

    def rule(
        self, row: Any, number: int, inputs: tuple[Input, ...], outputs: list[tuple[Output, str | None]]
    ) -> Rule | None:
        before = len(self.findings)
        entries, answers = row.findall(f"{self.ns}inputEntry"), row.findall(f"{self.ns}outputEntry")
        if len(entries) != len(inputs) or len(answers) != len(outputs):
            self.say("dmn", row, f"в строке {number} не столько ячеек, сколько столбцов")
            return None
        cells = [self.cell(row, entry, column) for column, entry in zip(inputs, entries, strict=True)]
        results = [
            self.answer(row, entry, output, expects)
            for (output, expects), entry in zip(outputs, answers, strict=True)
        ]
        if len(self.findings) > before:
            return None
        notes = [row.findtext(f"{self.ns}description", "")]
        notes += [self.text(note) for note in row.findall(f"{self.ns}annotationEntry")]
        return Rule(
            row.get("id") or f"row_{number}",
            number,
            row.sourceline,
            tuple(cell for cell, _ in cells if cell),
            tuple(test for _, test in cells),
            tuple(result for result in results if result),
            "; ".join(note.strip() for note in notes if note and note.strip()),
        )

    def cell(self, row: Any, entry: Any, column: Input) -> tuple[Cell | None, Expression | None]:
        text = self.text(entry)
        try:
            cell = read_cell(text, column.type)
            self.tests += len(cell.tests)
            if self.tests > MAX_TESTS:
                return None, None
            for test in cell.tests:
                for operand in test.operands():
                    if not operand.literal:
                        # Alone first: a bracket that closes another's would change the test around it.
                        compile_expression(operand.cel, self.types)
            types = {**self.types, INPUT: column.type}
            return cell, None if cell.any else compile_expression(cell.cel(), types, "bool")
        except SyntaxProblem as problem:
            self.say("dmn-cell", entry, f"«{text}» ({column.label}): {problem}", "Исправьте ячейку", row)
            return None, None

    def answer(self, row: Any, entry: Any, output: Output, expects: str | None) -> Expression | None:
        text = self.text(entry) or "null"
        try:
            expression = compile_expression(text, self.types, expects)
            if not fits(expression.type, output.type):
                raise SyntaxProblem(f"тип {expression.type}, а нужен {output.type}")
            if not expression.names and output.rank(expression.evaluate({})) is None:
                raise SyntaxProblem("этого значения нет среди «Output Values»")
            return expression
        except (SyntaxProblem, ExpressionError) as problem:
            self.say("dmn-cell", entry, f"«{text}» ({output.name}): {problem}", "Исправьте ячейку", row)
            return None
