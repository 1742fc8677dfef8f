"""CEL expressions and the texts around them: compiled and type-checked at deployment, evaluated on JSON values.

Every expression is compiled twice.  Once against its variables' declared types in their nullable form, which finds
a misspelt name or a wrong type; once with variables of any type, since only that form can be bound to a null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from kt_flows.engine import calendar
from kt_flows.engine.values import CHECKED, TIMES, as_json, bindable, fits, word_of
from kt_flows.errors import FlowsError

MAX_TEXT = 4_000
_TOKEN = re.compile(
    r"""r?"(?:[^"\\\n]|\\.)*"|r?'(?:[^'\\\n]|\\.)*'|\d[\w.]*|(?P<dot>\.\s*\??\s*)?(?P<name>[A-Za-z_]\w*)(?P<call>\s*\()?""",
    re.ASCII,
)
_QUOTED = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*?)(?: \||\n| \[INVALID|$)")

Types = Mapping[str, str]
"""Type word by variable name."""

IMPLICIT: Types = {"now": "timestamp", "instance_id": "string", "business_key": "any"}
"""Names that every expression may use: this move's time, the case's id and its business key."""


class ExpressionError(FlowsError):
    """An expression could not be evaluated on the case's values."""

    code = "expression.failed"


class SyntaxProblem(ValueError):
    """An expression that does not compile or type-check; `column` counts from 1 in its text, 0 where unknown."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


def _functions() -> list[Any]:
    text, whole = cel.Type.STRING, cel.Type.INT
    moment, length, table = cel.Type.TIMESTAMP, cel.Type.DURATION, cel.Type.Map(cel.Type.STRING, cel.Type.DYN)

    def declare(name: str, result: Any, parameters: list[Any], function: Any) -> Any:
        return cel.FunctionDecl(name, [cel.Overload(name, result, parameters, False, function)])

    return [
        declare("civilDayEnd", moment, [moment, whole, text], calendar.civil_day_end),
        declare("workingTime", moment, [moment, length, table], calendar.working_time),
        declare("addMonths", moment, [moment, whole, text], calendar.add_months),
        declare("localText", text, [moment, text], calendar.local_text),
    ]


@lru_cache(maxsize=512)
def _checking(signature: frozenset[tuple[str, str]]) -> Any:
    return _environment({name: CHECKED[word] for name, word in signature})


@lru_cache(maxsize=512)
def _running(signature: frozenset[tuple[str, str]]) -> Any:
    return _environment({name: TIMES.get(word, cel.Type.DYN) for name, word in signature})


def _environment(variables: Mapping[str, Any]) -> Any:
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
    return cel.NewEnv(variables=variables, functions=_functions(), extensions=extensions)


def _names(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        if token["name"] and not token["dot"] and not token["call"]:
            yield token["name"]


class Expression:
    """One compiled expression.  `names` are the variables it reads, `type` the word of its result."""

    __slots__ = ("_programs", "_words", "expects", "names", "text", "type")

    def __init__(self, text: str, words: dict[str, str], type_: str, expects: str | None) -> None:
        self.text = text
        self.type = type_
        self.expects = expects
        self.names = frozenset(words)
        self._words = words
        self._programs: dict[frozenset[str], Any] = {}
        self._program(frozenset())

    def _program(self, unset: frozenset[str]) -> Any:
        """The program for calls in which these times and lengths are null: CEL can bind a null to no time."""
        program = self._programs.get(unset)
        if program is None:
            words = {name: "any" if name in unset else word for name, word in self._words.items()}
            program = self._programs[unset] = _running(frozenset(words.items())).compile(self.text)
        return program

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """The result on these JSON values, as JSON; an unset name is null.

        Raises ExpressionError where CEL answers with an error, or the result is not of the expected type.
        """
        try:
            data = {name: bindable(word, values.get(name)) for name, word in self._words.items()}
            unset = frozenset(name for name, value in data.items() if value is None and self._words[name] in TIMES)
            answer = self._program(unset).eval(data=data)
            if answer.type() == cel.Type.ERROR:
                raise ValueError(str(answer.value()).replace("\n", " "))
            result = as_json(answer.plain_value())
        except (ValueError, RuntimeError, TypeError) as error:
            raise ExpressionError(f"{self.text}: {error}") from error
        if self.expects == "bool" and not isinstance(result, bool):
            raise ExpressionError(f"{self.text}: the condition is {result!r}, neither true nor false")
        return result

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def compile_expression(text: str, types: Types, expects: str | None = None) -> Expression:
    """Compiles CEL text (without `${}`) against the declared types and the implicit names.

    `expects` is the type word that the result must fit.  Raises SyntaxProblem, for the analyst.
    """
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        raise SyntaxProblem(f"an expression has 1 to {MAX_TEXT} characters")
    known = {**IMPLICIT, **types}
    words = {name: known[name] for name in _names(text) if name in known}
    try:
        # Only the names in the text, so that an environment serves many expressions; a misspelt one is unknown still.
        type_ = word_of(_checking(frozenset(words.items())).compile(text).return_type().name())
        expression = Expression(text, words, type_, expects)
    except RuntimeError as error:
        raise _problem(str(error)) from error
    if expects is not None:
        if expects == "bool" and type_ == "bool?":
            raise SyntaxProblem(f"«{text}» may be null: write {text} == true")
        if not fits(type_, expects):
            raise SyntaxProblem(f"the result is of type {type_}, {expects} is asked for")
    return expression


def _problem(said: str) -> SyntaxProblem:
    found = _PLACE.search(said)
    if not found:
        return SyntaxProblem(said.splitlines()[0][:400])
    return SyntaxProblem(found[3].replace(" (in container '')", ""), int(found[2]))


class Template:
    """A text with `${…}` in it.  One `${…}` alone keeps its value's type; otherwise the result is a text."""

    __slots__ = ("names", "parts", "text", "type")

    def __init__(self, text: str, parts: tuple[str | Expression, ...]) -> None:
        self.text = text
        self.parts = parts
        self.names = frozenset[str]().union(*(part.names for part in parts if isinstance(part, Expression)))
        alone = parts[0] if len(parts) == 1 else ""
        self.type = alone.type if isinstance(alone, Expression) else "string"

    @property
    def literal(self) -> str | None:
        """The text where nothing in it is computed, else None."""
        return "".join(map(str, self.parts)) if not any(isinstance(part, Expression) for part in self.parts) else None

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """The value, or the text, on these JSON values.  Raises ExpressionError; a null inside a text is one."""
        if len(self.parts) == 1:
            only = self.parts[0]
            return only.evaluate(values) if isinstance(only, Expression) else only
        return "".join(part if isinstance(part, str) else self._word(part, values) for part in self.parts)

    @staticmethod
    def _word(part: Expression, values: Mapping[str, Any]) -> str:
        value = part.evaluate(values)
        if value is None:
            raise ExpressionError(f"{part.text} is not set, and a text needs it")
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"


def compile_template(text: str, types: Types, expects: str | None = None) -> Template:
    """Compiles a text with any number of `${…}`.  Raises SyntaxProblem with the column in the whole text."""
    parts: list[str | Expression] = []
    pieces = list(_pieces(text))
    for start, piece, computed in pieces:
        if not computed:
            parts.append(piece)
            continue
        try:
            parts.append(compile_expression(piece, types, expects if len(pieces) == 1 else None))
        except SyntaxProblem as problem:
            raise SyntaxProblem(str(problem), start + problem.column) from problem
    template = Template(text, tuple(parts) or ("",))
    if expects is not None and not fits(template.type, expects):
        raise SyntaxProblem(f"the text is of type {template.type}, {expects} is asked for")
    return template


def _pieces(text: str) -> Iterator[tuple[int, str, bool]]:
    """(start, piece, computed) from left to right; braces and quotes inside `${…}` are balanced."""
    stripped = text.strip()
    if stripped.startswith("${") and _end(stripped, 2) == len(stripped) - 1:
        text = stripped
    at = 0
    while (begin := text.find("${", at)) >= 0:
        if begin > at:
            yield at, text[at:begin], False
        end = _end(text, begin + 2)
        if end < 0:
            raise SyntaxProblem("«${» is not closed by «}»", begin + 1)
        yield begin + 2, text[begin + 2 : end], True
        at = end + 1
    if at < len(text):
        yield at, text[at:], False


def _end(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        character = text[at]
        if character in "\"'" and (quoted := _QUOTED.match(text, at)):
            at = quoted.end()
            continue
        if character == "{":
            depth += 1
        elif character == "}":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    return -1
