"""Mail texts: a subject line, a blank line, a body, each with `${…}` in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kt_flows.engine.expression import SyntaxProblem, Template, Types, compile_template
from kt_flows.errors import DiagramError, Finding


@dataclass(frozen=True, slots=True)
class Text:
    """One mail text in one language."""

    subject: Template
    body: Template

    def render(self, values: Mapping[str, Any]) -> tuple[str, str]:
        """Subject and body on the case's values.  Raises ExpressionError; a subject stays on one line."""
        return " ".join(str(self.subject.evaluate(values)).split()), str(self.body.evaluate(values))


def read_text(data: bytes, file: str, types: Types) -> Text:
    """Reads `mail/<id>.<language>.txt`.  Raises DiagramError naming the file and line."""
    line = 1
    try:
        head, _, body = data.decode("utf-8").partition("\n\n")
        if not head.startswith("Subject: ") or "\n" in head:
            raise SyntaxProblem("a mail text begins with «Subject: …» and a blank line")
        subject = compile_template(head.removeprefix("Subject: ").strip(), types)
        line = 3
        return Text(subject, compile_template(body.rstrip("\n") + "\n", types))
    except (UnicodeDecodeError, SyntaxProblem) as error:
        column = error.column if isinstance(error, SyntaxProblem) else 0
        if line == 3:
            line += body[:column].count("\n")
        finding = Finding("error", "mail-text", file, str(error), "Исправьте текст письма", line=line)
        raise DiagramError([finding]) from error
