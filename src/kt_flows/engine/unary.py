"""S-FEEL unary tests, the input cells of a decision table (DMN 1.3, clause 9.2), compiled to CEL.

A cell is read into tests, so that a table can be analysed for gaps and overlaps as well as run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from kt_flows.engine.expression import SyntaxProblem

INPUT = "input_"
"""The name that a cell's CEL text gives to the value of its column."""
MAX_CELL = 1_000

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_RANGE = re.compile(r"(?P<open>[\[\](])\s*(?P<low>.+?)\s*\.\.\s*(?P<high>.+?)\s*(?P<close>[\[\])])", re.DOTALL)
_COMPARE = re.compile(r"(?P<op><=|>=|<|>)\s*(?P<value>.+)", re.DOTALL)
_TIME = re.compile(r'(?:date and time|duration)\(\s*("[^"]*")\s*\)', re.DOTALL)

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


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
        """Whether the test holds for a value; only for literal operands."""
        if self.kind == "equal":
            assert self.operand is not None
            return type(value) is type(self.operand.value) and bool(value == self.operand.value)
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

    def cel(self) -> str:
        joined = " || ".join(test.cel() for test in self.tests)
        return f"!({joined})" if self.negated else joined

    def holds(self, value: Any) -> bool:
        return self.any or any(test.holds(value) for test in self.tests) is not self.negated


def read_cell(text: str, word: str) -> Cell:
    """Reads one input cell of a column of type `word`.  Raises SyntaxProblem, for the analyst."""
    stripped = text.strip()
    if len(stripped) > MAX_CELL:
        raise SyntaxProblem(f"a cell has at most {MAX_CELL} characters")
    if stripped in ("", "-"):
        return Cell(text)
    negated = stripped.startswith("not(") and stripped.endswith(")")
    body = stripped[4:-1] if negated else stripped
    return Cell(text, tuple(_test(part.strip(), word) for part in _parts(body)), negated)


def _parts(text: str) -> list[str]:
    """The text cut at commas outside quotes and brackets."""
    parts, depth, at, start = [], 0, 0, 0
    while at < len(text):
        if text[at] == '"' and (quoted := _STRING.match(text, at)):
            at = quoted.end()
            continue
        if text[at] in "({":
            depth += 1
        elif text[at] in ")}":
            depth -= 1
        elif text[at] == "," and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _test(text: str, word: str) -> Test:
    if not text:
        raise SyntaxProblem("a test between two commas is empty")
    if found := _RANGE.fullmatch(text):
        low = ">=" if found["open"] == "[" else ">"
        high = "<=" if found["close"] == "]" else "<"
        return Test("bounds", bounds=((low, _operand(found["low"], word)), (high, _operand(found["high"], word))))
    if found := _COMPARE.fullmatch(text):
        return Test("bounds", bounds=((found["op"], _operand(found["value"], word)),))
    return Test("equal", _operand(text, word))


def _operand(text: str, word: str) -> Operand:
    if _STRING.fullmatch(text):
        value = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if word in ("timestamp", "duration"):
            return Operand(f"{word}({text})")
        return Operand(text, True, value)
    if text in ("true", "false", "null"):
        return Operand(text, True, {"true": True, "false": False, "null": None}[text])
    if _NUMBER.fullmatch(text):
        if word == "double":
            return Operand(repr(float(text)), True, float(text))
        if "." in text and word == "int":
            raise SyntaxProblem(f"{text} is not a whole number")
        return Operand(text, True, float(text) if "." in text else int(text))
    if found := _TIME.fullmatch(text):
        return Operand(f"{'duration' if text.startswith('duration') else 'timestamp'}({found[1]})")
    return Operand(f"({text})")
