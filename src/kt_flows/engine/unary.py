"""S-FEEL unary tests, the input cells of a decision table (DMN 1.3, clause 9.2), compiled to CEL.

A cell is read into tests, so that a table can be analysed for gaps and overlaps as well as run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from kt_flows.clock import to_text
from kt_flows.engine.calendar import parse_duration
from kt_flows.engine.expression import ExpressionError, SyntaxProblem, compile_expression
from kt_flows.engine.values import moment_of

INPUT = "input_"
"""The name that a cell's CEL text gives to the value of its column."""
MAX_CELL = 1_000

_TEXT = r'"(?:[^"\\]|\\.)*"'
_STRING = re.compile(_TEXT)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_BOUND = rf'(?:{_TEXT}|[^"\[\](),]|\((?:{_TEXT}|[^"()])*\))+?'
_RANGE = re.compile(rf"(?P<open>[\[\](])\s*(?P<low>{_BOUND})\s*\.\.\s*(?P<high>{_BOUND})\s*(?P<close>[\[\])])")
_COMPARE = re.compile(r"(?P<op><=|>=|<|>)\s*(?P<value>.+)", re.DOTALL)
_TIME = re.compile(r'(?P<kind>date and time|timestamp|duration)\(\s*(?P<text>"[^"]*")\s*\)|@\s*(?P<at>"[^"]*")')
_NO_MOMENT = re.compile(r"(?:date|time)\s*\(")

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def kind_of(value: Any) -> str:
    """Which values a value can be compared with: CEL compares whole numbers with fractions, no other two kinds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__
    return "number"


@dataclass(frozen=True, slots=True)
class Operand:
    """What a value is compared with: CEL text, and the literal where it is one."""

    cel: str
    literal: bool = False
    value: Any = None


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a cell: equal to an operand, or on one side of up to two bounds."""

    kind: Literal["equal", "bounds"]
    operand: Operand | None = None
    bounds: tuple[tuple[str, Operand], ...] = ()

    def cel(self) -> str:
        if self.kind == "equal":
            assert self.operand is not None
            return f"{INPUT} == {self.operand.cel}"
        both = " && ".join(f"{INPUT} {op} {operand.cel}" for op, operand in self.bounds)
        return f"({INPUT} != null && {both})"

    def operands(self) -> tuple[Operand, ...]:
        return (self.operand,) if self.operand else tuple(operand for _, operand in self.bounds)

    def holds(self, value: Any) -> bool:
        """Whether the test holds for a value; only for literal operands that it can be compared with."""
        if self.kind == "equal":
            assert self.operand is not None
            return kind_of(value) == kind_of(self.operand.value) and bool(value == self.operand.value)
        return value is not None and all(_COMPARISONS[op](value, operand.value) for op, operand in self.bounds)


@dataclass(frozen=True, slots=True)
class Cell:
    """An input cell: any value, or one of some tests, or none of them."""

    text: str
    tests: tuple[Test, ...] = ()
    negated: bool = False

    @property
    def any(self) -> bool:
        return not self.tests

    @property
    def literal(self) -> bool:
        """Whether the cell can be decided without the case's values."""
        return all(operand.literal for test in self.tests for operand in test.operands())

    def literals(self) -> Iterator[Any]:
        """Every literal in the cell."""
        for test in self.tests:
            yield from (operand.value for operand in test.operands() if operand.literal)

    def cel(self) -> str:
        joined = " || ".join(test.cel() for test in self.tests)
        return f"!({joined})" if self.negated else joined

    def holds(self, value: Any) -> bool:
        return self.any or any(test.holds(value) for test in self.tests) is not self.negated


def read_cell(text: str, word: str) -> Cell:
    """Reads one input cell of a column of type `word`.  Raises SyntaxProblem, for the analyst."""
    stripped = text.strip()
    if len(stripped) > MAX_CELL:
        raise SyntaxProblem(f"ячейка длиннее {MAX_CELL} знаков")
    if stripped in ("", "-"):
        return Cell(text)
    negated = re.match(r"not\s*\(", stripped)
    body = stripped[negated.end() : -1] if negated and stripped.endswith(")") else stripped
    return Cell(text, tuple(_test(part, word) for part in _parts(body)), bool(negated))


def _parts(text: str) -> Iterator[str | re.Match[str]]:
    """The tests between commas: an interval as its match, whose brackets need not pair; else a text."""
    at = 0
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if (interval := _RANGE.match(text, at)) and text[interval.end() :].lstrip()[:1] in ("", ","):
            yield interval
            end = interval.end() + len(text[interval.end() :]) - len(text[interval.end() :].lstrip())
        else:
            end = _comma(text, at)
            if not text[at:end].strip():
                raise SyntaxProblem("между запятыми пусто", at + 1)
            yield text[at:end].strip()
        if end >= len(text):
            return
        at = end + 1


def _comma(text: str, at: int) -> int:
    """Where the next comma outside quotes and brackets is, or the end."""
    depth = 0
    while at < len(text):
        if text[at] == '"' and (quoted := _STRING.match(text, at)):
            at = quoted.end()
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth < 0:
            break
        if text[at] == "," and depth == 0:
            return at
        at += 1
    if depth:
        raise SyntaxProblem("скобки не сходятся", at + 1)
    return at


def _test(part: str | re.Match[str], word: str) -> Test:
    if isinstance(part, re.Match):
        low, high = (_bound(part[end].strip(), word) for end in ("low", "high"))
        if low.literal and high.literal and kind_of(low.value) == kind_of(high.value) and low.value > high.value:
            raise SyntaxProblem(f"в интервале {part[0]} начало больше конца")
        ops = (">=" if part["open"] == "[" else ">", "<=" if part["close"] == "]" else "<")
        return Test("bounds", bounds=((ops[0], low), (ops[1], high)))
    if found := _COMPARE.fullmatch(part):
        return Test("bounds", bounds=((found["op"], _bound(found["value"].strip(), word)),))
    return Test("equal", _operand(part, word))


def _bound(text: str, word: str) -> Operand:
    operand = _operand(text, word)
    if operand.literal and (operand.value is None or isinstance(operand.value, bool)):
        raise SyntaxProblem(f"с {text} сравнивают только на равенство")
    return operand


def _operand(text: str, word: str) -> Operand:
    if text in ("true", "false", "null"):
        return Operand(text, True, {"true": True, "false": False, "null": None}[text])
    if _NUMBER.fullmatch(text):
        if word == "double":
            return Operand(repr(float(text)), True, float(text))
        if "." in text and word == "int":
            raise SyntaxProblem(f"{text} — не целое число")
        return Operand(text, True, float(text) if "." in text else int(text))
    if (found := _TIME.fullmatch(text)) and found["at"]:
        value = _literal(found["at"])
        return _time(value, "duration" if value.lstrip("-").startswith("P") else "timestamp")
    if found:
        return _time(_literal(found["text"]), "duration" if found["kind"] == "duration" else "timestamp")
    if _STRING.fullmatch(text):
        value = _literal(text)
        return _time(value, word) if word in ("timestamp", "duration") else Operand(text, True, value)
    if _NO_MOMENT.match(text):
        raise SyntaxProblem(f'{text[:40]} без часа и пояса: напишите date and time("2026-03-02T00:00:00+05:00")')
    return Operand(f"({text})")


def _time(text: str, word: str) -> Operand:
    """A time or a length, written in ISO 8601, as CEL's own."""
    try:
        value: datetime | timedelta = moment_of(text) if word == "timestamp" else parse_duration(text, signed=True)
    except ValueError as error:
        raise SyntaxProblem(str(error)) from error
    cel = to_text(value) if isinstance(value, datetime) else f"{value.total_seconds():f}s"
    return Operand(f'{word}("{cel}")', True, value)


def _literal(text: str) -> str:
    """A quoted text as CEL reads it, escapes and all."""
    try:
        return str(compile_expression(text, {}, "string").evaluate({}))
    except ExpressionError as error:
        raise SyntaxProblem(str(error)) from error
