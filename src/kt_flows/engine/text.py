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
        subject = self.subject.text_of(values)
        return " ".join("".join(c if c.isprintable() else " " for c in subject).split()), self.body.text_of(values)


def read_text(data: bytes, file: str, types: Types) -> Text:
    """Reads `mail/<id>.<language>.txt`.  Raises DiagramError naming the file and line."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _finding(file, "файл не в UTF-8", data[: error.start].count(b"\n") + 1) from error
    head, _, body = text.partition("\n\n")
    if not head.startswith("Subject: ") or "\n" in head or not body.strip():
        raise _finding(file, "письмо начинается строкой «Subject: …», затем пустая строка и текст", 1)
    try:
        subject = compile_template(head.removeprefix("Subject: ").strip(), types)
    except SyntaxProblem as error:
        raise _finding(file, str(error), 1) from error
    try:
        return Text(subject, compile_template(body.rstrip() + "\n", types))
    except SyntaxProblem as error:
        raise _finding(file, str(error), 3 + body[: max(0, error.column - 1)].count("\n")) from error


def _finding(file: str, message: str, line: int) -> DiagramError:
    return DiagramError([Finding("error", "mail-text", file, message, "Исправьте текст письма", line=line)])
