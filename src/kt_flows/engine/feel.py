"""The part of FEEL that a form needs, read and written as CEL.

form-js takes a null for a yes where it hides fields, and a misspelt name or a comparison of unlike things is a null.
Both are refused here: who misspells a name learns it at deployment.
"""

from __future__ import annotations

import json
import re
from typing import Any

from kt_flows.engine.expression import SyntaxProblem, Types

MAX_DEPTH = 20
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?)(?![A-Za-z_])|(?P<op><=|>=|!=|\.\.|[=<>(),\[\]-])'
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*))",
    re.ASCII,
)
_ORDERS = ("<", "<=", ">", ">=")
_RESERVED = {"if", "then", "else", "for", "some", "every", "function", "return", "instance", "satisfies", "or", "and"}
_KINDS = {"string": "string", "timestamp": "string", "duration": "string", "int": "number", "double": "number"}
_KINDS |= {"bool": "bool", "list": "list", "list(string)": "list", "map": "map"}
# name: (arguments' kinds, result's kind, CEL)
_FUNCTIONS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "contains": (("string", "string"), "bool", "{0}.contains({1})"),
    "starts with": (("string", "string"), "bool", "{0}.startsWith({1})"),
    "ends with": (("string", "string"), "bool", "{0}.endsWith({1})"),
    "list contains": (("list", "any"), "bool", "({1} in {0})"),
    "count": (("list",), "number", "double(size({0}))"),
    "string length": (("string",), "number", "double(size({0}))"),
    "not": (("bool",), "bool", "!({0})"),
}
Part = tuple[str, str]
"""CEL text, and the kind of its value: string, number, bool, null, list, map or any."""


def whole(text: str, types: Types, *, condition: bool = False) -> Part:
    """One value, or condition, that is all there is."""
    if not text.startswith("="):
        raise SyntaxProblem("выражение начинается со знака «=»", 1)
    parser = Parser(text, types)
    answer = parser.condition() if condition else parser.value()
    if parser.kind() != "end":
        raise parser.problem(f"лишнее «{parser.peek()}»")
    return answer


class Parser:
    """Reads one condition from left to right."""

    def __init__(self, text: str, types: Types) -> None:
        self.types = types
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.depth = 0
        place = 1
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                rest = text[place:].lstrip()
                raise SyntaxProblem(f"«{rest[:10].rstrip()}» не поддержано", len(text) - len(rest) + 1)
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind], found.start(kind) + 1))
            place = found.end()
        self.tokens.append(("end", "", place + 1))

    def negates(self) -> bool:
        """Whether `not(` opens a bracket that only the condition's end closes; then it is passed over."""
        words = [text if kind != "text" else "" for kind, text, _ in self.tokens]
        if words[:2] != ["not", "("]:
            return False
        depth = 0
        for place, word in enumerate(words):
            depth += (word == "(") - (word == ")")
            if place and not depth:
                break
        else:
            return False
        if words[place + 1] != "" or self.tokens[place + 1][0] != "end":
            return False
        self.at = 2
        return True

    def peek(self) -> str:
        return self.tokens[self.at][1]

    def kind(self) -> str:
        return self.tokens[self.at][0]

    def take(self, *wanted: str) -> str:
        """The next token, where it is one of those; else nothing."""
        if self.kind() != "text" and self.peek() in wanted and self.kind() != "end":
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.problem(f"здесь нужно «{wanted}», а стоит «{self.peek()}»")

    def problem(self, message: str) -> SyntaxProblem:
        return SyntaxProblem(message, self.tokens[self.at][2])

    def condition(self) -> Part:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.problem("слишком много скобок")
        answer = self.joined("or", "||", lambda: self.joined("and", "&&", self.comparison))
        self.depth -= 1
        return answer

    def joined(self, word: str, sign: str, read: Any) -> Part:
        parts: list[Part] = [read()]
        while self.take(word):
            parts.append(read())
        if len(parts) == 1:
            return parts[0]
        for _, kind in parts:
            if kind not in ("bool", "any"):
                raise self.problem(f"«{word}» связывает условия, а здесь {kind}")
        return "(" + f" {sign} ".join(cel for cel, _ in parts) + ")", "bool"

    def comparison(self) -> Part:
        left = self.value()
        if sign := self.take("=", "!=", *_ORDERS):
            return self.compared(left, sign, self.value())
        if self.take("between"):
            low = self.value()
            self.need("and")
            return self.within(left, ">=", low, "<=", self.value())
        if self.take("in"):
            return self.member(left)
        return left

    def compared(self, left: Part, sign: str, right: Part) -> Part:
        kinds = {left[1], right[1]} - {"any"}
        if sign in ("=", "!="):
            if len(kinds - {"null"}) > 1:
                raise self.problem(f"{left[1]} и {right[1]} не сравнить: поле было бы скрыто всегда")
            return f"({left[0]} {'==' if sign == '=' else '!='} {right[0]})", "bool"
        if len(kinds) > 1 or kinds - {"number", "string"}:
            raise self.problem(f"{left[1]} и {right[1]} по величине не сравнить: поле было бы скрыто всегда")
        return _null_or(f"{left[0]} {sign} {right[0]}", left, right)

    def within(self, value: Part, above: str, low: Part, below: str, high: Part) -> Part:
        return f"({self.compared(value, above, low)[0]} && {self.compared(value, below, high)[0]})", "bool"

    def member(self, left: Part) -> Part:
        """What follows `in`: a list in round or square brackets, an interval, or a name that holds a list."""
        opened = self.take("(", "[", "]")
        if not opened:
            name = self.value()
            if name[1] not in ("list", "any"):
                raise self.problem("после in нужен список или интервал")
            return f"({left[0]} in {name[0]})", "bool"
        first = self.value()
        if self.take(".."):
            last = self.value()
            closed = self.take(")", "]", "[")
            if not closed:
                raise self.problem("интервал не закрыт")
            return self.within(left, ">=" if opened == "[" else ">", first, "<=" if closed == "]" else "<", last)
        items = [first]
        while self.take(","):
            items.append(self.value())
        self.need(")" if opened == "(" else "]")
        for item in items:
            self.compared(left, "=", item)
        return f"({left[0]} in [{', '.join(cel for cel, _ in items)}])", "bool"

    def value(self) -> Part:
        kind, text, column = self.tokens[self.at]
        if kind == "text":
            self.at += 1
            return json.dumps(json.loads(text), ensure_ascii=False) if _is_json(text) else text, "string"
        if self.take("-"):
            if self.kind() != "number":
                raise self.problem("после «-» нужно число")
            cel, _ = self.value()
            return f"-{cel}", "number"
        if kind == "number":
            self.at += 1
            return repr(float(text)), "number"
        if self.take("("):
            answer = self.condition()
            self.need(")")
            return answer
        if kind != "name" or text in _RESERVED:
            raise self.problem(f"«{text or 'конец'}» здесь не поддержано")
        self.at += 1
        if text in ("true", "false", "null"):
            return text, "null" if text == "null" else "bool"
        if self.kind() == "name" and f"{text} {self.peek()}" in _FUNCTIONS:
            self.at += 1
            text = f"{text} {self.tokens[self.at - 1][1]}"
        if text in _FUNCTIONS and (" " in text or text == "not" or self.peek() == "("):
            return self.call(text, column)
        if self.peek() == "(" and self.kind() == "op":
            raise SyntaxProblem(f"функция «{text}» не поддержана", column)
        return self.path(text, column)

    def call(self, name: str, column: int) -> Part:
        kinds, result, cel = _FUNCTIONS[name]
        if not self.take("("):
            raise SyntaxProblem(f"после {name} нужны скобки: без них form-js скрывает поле всегда", column)
        arguments = [self.condition()]
        while self.take(","):
            arguments.append(self.condition())
        self.need(")")
        if len(arguments) != len(kinds):
            raise SyntaxProblem(f"{name} берёт значений: {len(kinds)}", column)
        for (_, given), wanted in zip(arguments, kinds, strict=True):
            if "any" not in (given, wanted) and given != wanted:
                raise SyntaxProblem(f"{name} берёт {wanted}, а дано {given}: поле было бы скрыто всегда", column)
        answer = cel.format(*(argument for argument, _ in arguments))
        # A list may well hold a null; everything else answers a null with a null.
        return _null_or(answer, *arguments[: 1 if name == "list contains" else None], kind=result)

    def path(self, text: str, column: int) -> Part:
        name, *members = text.split(".")
        # form-js gives the row's names a second time with underscores around.
        name = name.strip("_") if name in ("_this_", "_parent_") else name
        if name not in self.types:
            raise SyntaxProblem(f"имя {name} этой форме неизвестно: поле было бы скрыто всегда", column)
        if not members:
            return name, _KINDS.get(self.types[name], "any")
        if self.types[name] not in ("map", "any"):
            raise SyntaxProblem(f"{name} — {self.types[name]}, без частей", column)
        cel = name
        for member in members:
            cel = f"optional.ofNonZeroValue({cel}).?{member}.orValue(null)"
        return cel, "any"


def _null_or(cel: str, *operands: Part, kind: str = "bool") -> Part:
    """The CEL text, or null where an operand is: FEEL goes on with a null where CEL stops with an error."""
    nulls = [f"{operand} == null" for operand, its in operands if not _constant(operand) and its != "null"]
    return (f"({' || '.join(nulls)} ? dyn(null) : dyn({cel}))" if nulls else f"({cel})"), kind


def _constant(cel: str) -> bool:
    return cel[:1] in '"-0123456789' or cel in ("true", "false")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
