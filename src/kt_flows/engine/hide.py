"""`conditional.hide` of form-js: the part of FEEL that a form needs, as CEL.

form-js hides a field when the condition is true, and also when it is null, which a misspelt name makes it.  Here a
name that the form does not know is refused at deployment; a null that comes from an empty field hides, as there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kt_flows.engine.expression import Expression, ExpressionError, SyntaxProblem, Types, compile_expression

_TOKEN = re.compile(r'\s+|"(?:[^"\\]|\\.)*"|<=|>=|!=|[=<>()+*/,-]|\d+(?:\.\d+)?|[A-Za-z_][\w.]*', re.ASCII)
_WORDS = {"and": "&&", "or": "||", "=": "=="}
_REFUSED = {"if", "for", "some", "every", "function", "between", "in", "instance", "then", "else", "return"}
_FUNCTIONS = {"not": "!"}


def compile_hide(text: str, types: Types) -> Expression:
    """Compiles a form's condition (`=service != "ott"`).  Raises SyntaxProblem naming what is not supported."""
    source = text.strip().removeprefix("=")
    out, at = [], 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if not found:
            raise SyntaxProblem(f"«{source[at : at + 10]}» is not understood in a condition", at + 1)
        token = found[0]
        following = source[found.end() :].lstrip()
        if token in _REFUSED:
            raise SyntaxProblem(f"«{token}» is not supported: use comparisons, and, or, not(…)", at + 1)
        if token in _FUNCTIONS and not following.startswith("("):
            raise SyntaxProblem("write not(…) with parentheses: without them form-js hides the field always", at + 1)
        if token[0].isalpha() and following.startswith("(") and token not in _FUNCTIONS:
            raise SyntaxProblem(f"the function «{token}» is not supported", at + 1)
        out.append(_WORDS.get(token, _FUNCTIONS.get(token, token)))
        at = found.end()
    return compile_expression("".join(out), types)


def hides(condition: Expression | None, values: Mapping[str, Any]) -> bool:
    """Whether the field is hidden for these values, as form-js decides it."""
    if condition is None:
        return False
    try:
        return condition.evaluate(values) in (True, None)
    except ExpressionError:
        return True
