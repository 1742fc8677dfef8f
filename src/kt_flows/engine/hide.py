"""`conditional.hide` of form-js.

form-js hides a field when its condition is true, and also when it is null, which a misspelt name or a comparison of
unlike things makes it.  Here both are refused at deployment; a null that comes from an empty field hides, as there.
A `not(…)` around the whole condition is a test of its own: on a null it shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kt_flows.engine.expression import Expression, ExpressionError, SyntaxProblem, Types, compile_expression
from kt_flows.engine.feel import Parser


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition; `negated` where `not(…)` stands around the whole."""

    text: str
    test: Expression
    negated: bool

    def hides(self, values: Mapping[str, Any]) -> bool:
        """Whether the field is hidden for these values, as form-js decides it."""
        try:
            answer = self.test.evaluate(values)
        except ExpressionError:
            # FEEL answers with a null where CEL answers with an error: a null compared, a text asked for its members.
            answer = None
        return answer is False if self.negated else answer in (True, None)


def compile_hide(text: str, types: Types) -> Condition:
    """Compiles a form's condition (`=service != "ott"`); `types` are the names that it may read, by type word.

    Raises SyntaxProblem naming what is not supported.
    """
    if not text.startswith("="):
        raise SyntaxProblem("условие начинается со знака «=», без него оно не действует", 1)
    parser = Parser(text, types)
    negated = parser.negates()
    cel, kind = parser.condition()
    if negated:
        parser.need(")")
    if parser.kind() != "end":
        raise parser.problem(f"лишнее «{parser.peek()}»")
    if kind not in ("bool", "any"):
        raise SyntaxProblem("условие не даёт ни да, ни нет", 1)
    return Condition(text, compile_expression(cel, dict.fromkeys(types, "any")), negated)
