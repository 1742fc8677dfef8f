"""What a form computes: bounds, where options come from, values; FEEL of engine/feel.py, compiled to CEL."""

from __future__ import annotations

from kt_flows.engine.expression import Expression, SyntaxProblem, Types, compile_expression
from kt_flows.engine.feel import whole

_WORDS = {"string": "string", "number": "double", "bool": "bool", "list": "list", "map": "map"}


def compile_number(text: str, types: Types) -> Expression:
    """A bound that a form computes: a name that holds a number, `count(…)`, `string length(…)`, or a number.

    Raises SyntaxProblem naming what is not supported.
    """
    cel, kind = whole(text, types)
    if kind not in ("number", "any"):
        raise SyntaxProblem(f"нужно число, а здесь {kind}", 1)
    return compile_expression(cel, dict.fromkeys(types, "any"))


def compile_path(text: str, types: Types) -> Expression:
    """A name, with dots or without, that holds a list of options.  Raises SyntaxProblem where it is none."""
    cel, kind = whole(text, types)
    if kind not in ("list", "any"):
        raise SyntaxProblem(f"нужен список, а здесь {kind}", 1)
    return compile_expression(cel, dict.fromkeys(types, "any"))


def compile_formula(text: str, types: Types) -> tuple[Expression, str]:
    """What a form computes: a condition or a value, and the type word of the answer.

    Raises SyntaxProblem naming what is not supported.
    """
    cel, kind = whole(text, types, condition=True)
    return compile_expression(cel, dict.fromkeys(types, "any")), _WORDS.get(kind, "any")
