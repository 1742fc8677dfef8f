"""CEL expressions and the texts around them: compiled and type-checked at deployment, evaluated on JSON values.

Every expression is compiled twice.  Once against its variables' declared types in their nullable form, which finds
a misspelt name or a wrong type; once with variables of any type, since only that form can be bound to a null.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from kt_flows.engine import calendar
from kt_flows.engine.source import QUOTED, SyntaxProblem, names_in, patterns_in, problem_of, refuse_growth
from kt_flows.engine.values import CHECKED, TIMES, as_json, bindable, check_value, fits, word_of
from kt_flows.engine.values import MAX_TEXT as MAX_RESULT
from kt_flows.errors import FlowsError

__all__ = [
    "IMPLICIT",
    "Expression",
    "ExpressionError",
    "SyntaxProblem",
    "Template",
    "Types",
    "compile_expression",
    "compile_template",
]

MAX_TEXT = 4_000
MAX_TEMPLATE = 50_000
MAX_SAID = 1_000
_NONE = ctypes.py_object(None)

Types = Mapping[str, str]
"""Type word by variable name."""

IMPLICIT: Types = {"now": "timestamp", "instance_id": "string", "business_key": "any"}
"""Names that every expression may use: this move's time, the case's id and its business key."""


class ExpressionError(FlowsError):
    """An expression could not be evaluated on the case's values."""

    code = "expression.failed"


def _functions() -> list[Any]:
    """Our own functions.

    cel-expr-python 0.1.3 never frees a call's arguments and result: 0.2 kB each, 1 kB with a calendar.  Cheap for
    deadlines, of which a case has a few; no place for what runs on every row.
    """
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


def _plain(answer: Any) -> Any:
    """The answer as Python has it, with every None in it owned.

    cel-expr-python 0.1.3 hands out each null as a reference to None that it has not taken.  Where None is counted
    (before Python 3.12) some thousands of nulls would end the process: «deallocating None».
    """
    value = answer.plain_value()
    for _ in range(_nulls(value)):
        ctypes.pythonapi.Py_IncRef(_NONE)
    return value


def _nulls(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_nulls, value.values()))
    return sum(map(_nulls, value)) if isinstance(value, list) else int(value is None)


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
            result = as_json(_plain(answer))
            if self.expects == "bool" and not isinstance(result, bool):
                raise ValueError(f"условие равно {result!r}, а нужно да или нет")
            return check_value(self.expects.rstrip("?"), result) if self.expects else result
        except (ValueError, RuntimeError, TypeError, OverflowError) as error:
            raise ExpressionError(f"{_short(self.text)}: {error}"[:MAX_SAID]) from error

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def compile_expression(text: str, types: Types, expects: str | None = None) -> Expression:
    """Compiles CEL text (without `${}`) against the declared types and the implicit names.

    `expects` is the type word that the result must fit, now and at run time; `bool` is a condition, which may not be
    null, `bool?` a value that may.  Raises SyntaxProblem, for the analyst.
    """
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        raise SyntaxProblem(f"в выражении должно быть от 1 до {MAX_TEXT} знаков")
    known = {**IMPLICIT, **types}
    words = {name: known[name] for name in names_in(text) if name in known}
    try:
        # Only the names in the text, so that an environment serves many expressions; a misspelt one is unknown still.
        cel_type = _checking(frozenset(words.items())).compile(text).return_type().name()
        if re.search(r"\b(?:UINT|BYTES|TYPE|optional_type)\b", cel_type):
            raise SyntaxProblem(f"результат вида {cel_type} нельзя сохранить")
        expression = Expression(text, words, word_of(cel_type), expects)
    except RuntimeError as error:
        raise problem_of(str(error), text) from error
    refuse_growth(text)
    for pattern, column in patterns_in(text):
        if not _understood(pattern):
            raise SyntaxProblem(f"шаблон {_short(pattern)} не понятен RE2", column)
    if expects is not None:
        if expects == "bool" and _may_be_null(text, words, expression.type):
            raise SyntaxProblem(f"«{text}» может быть не задано (null): напишите {text} == true")
        if not fits(expression.type, expects):
            raise SyntaxProblem(f"тип результата {expression.type}, а нужен {expects.rstrip('?')}")
    return expression


def _understood(pattern: str) -> bool:
    """Whether RE2 takes a pattern (a CEL literal); the checker does not look."""
    try:
        answer = _running(frozenset()).compile(f'"".matches({pattern})').eval(data={})
    except RuntimeError:
        return False
    return bool(answer.type() != cel.Type.ERROR)


def _may_be_null(text: str, words: Types, type_: str) -> bool:
    """Whether a typed result may be null: then, and only then, the checker lets it be compared with null."""
    try:
        return type_ == "bool" and bool(_checking(frozenset(words.items())).compile(f"({text}\n) == null"))
    except RuntimeError:
        return False


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


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
        text = "".join(part if isinstance(part, str) else self._word(part, values) for part in self.parts)
        if len(text) > MAX_RESULT:
            raise ExpressionError(f"{_short(self.text)}: текст длиннее {MAX_RESULT} знаков")
        return text

    def text_of(self, values: Mapping[str, Any]) -> str:
        """The text on these JSON values, also where it is one `${…}` alone.  Raises ExpressionError."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return self._word(only, values) if isinstance(only, Expression) else str(self.evaluate(values))

    @staticmethod
    def _word(part: Expression, values: Mapping[str, Any]) -> str:
        value = part.evaluate(values)
        if value is None:
            raise ExpressionError(f"{_short(part.text)}: не задано, а нужно в тексте")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list | dict):
            raise ExpressionError(f"{_short(part.text)}: список или отображение не вставить в текст")
        return str(value)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"


def compile_template(text: str, types: Types, expects: str | None = None) -> Template:
    """Compiles a text with any number of `${…}`; `expects` is the type word that the whole must fit.

    Raises SyntaxProblem with the column in the whole text.
    """
    if len(text) > MAX_TEMPLATE:
        raise SyntaxProblem(f"текст длиннее {MAX_TEMPLATE} знаков")
    parts: list[str | Expression] = []
    pieces = list(_pieces(text))
    wanted = f"{expects}?" if expects and len(pieces) == 1 else None
    for start, piece, computed in pieces:
        if not computed:
            parts.append(piece)
            continue
        try:
            part = compile_expression(piece, types, wanted)
        except SyntaxProblem as problem:
            raise SyntaxProblem(str(problem), start + problem.column) from problem
        if len(pieces) > 1 and part.type in ("list", "list(string)", "map"):
            raise SyntaxProblem(f"«{piece}» — {part.type}, его не вставить в текст", start + 1)
        parts.append(part)
    template = Template(text, tuple(parts) or ("",))
    if expects is not None and not fits(template.type, expects):
        raise SyntaxProblem(f"тип результата {template.type}, а нужен {expects}")
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
            raise SyntaxProblem("«${» не закрыто скобкой «}»", begin + 1)
        yield begin + 2, text[begin + 2 : end], True
        at = end + 1
    if at < len(text):
        yield at, text[at:], False


def _end(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        character = text[at]
        if character in "\"'rR" and (quoted := QUOTED.match(text, at)):
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
