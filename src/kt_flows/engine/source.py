"""The text of an expression before it runs: the names in it, what could grow without bound, where a mistake is."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_GROWTH = 64
"""How many times longer `replace` and `join` together may make a text."""
_STRING = r"""(?:[rR]?\"{3}(?:[^\\]|\\.)*?\"{3}|[rR]?\'{3}(?:[^\\]|\\.)*?\'{3}|[rR]"[^"\n]*"|[rR]'[^'\n]*'"""
_STRING += r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
_TOKEN = re.compile(
    rf"{_STRING}|//[^\n]*|\d[\w.]*|(?P<dot>\.\s*\??\s*)?(?P<name>[A-Za-z_]\w*)(?P<call>\s*\()?", re.ASCII | re.DOTALL
)
QUOTED = re.compile(_STRING, re.DOTALL)
_GROWING = re.compile(
    rf"{_STRING}|\.\s*(?P<name>replace|join)\s*\(\s*(?P<none>\))?(?P<first>{_STRING})?\s*(?:,\s*(?P<second>{_STRING})(?=\s*[,)]))?",
    re.DOTALL,
)
_MATCHES = re.compile(rf"{_STRING}|\.\s*matches\s*\(\s*(?P<pattern>{_STRING})\s*\)", re.DOTALL)
_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*?)(?: \||\n| \[INVALID|$)")
_UNKNOWN = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '(.*)'")


class SyntaxProblem(ValueError):
    """An expression that does not compile or type-check; `column` counts from 1 in its text, 0 where unknown."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


def names_in(text: str) -> Iterator[str]:
    """Identifiers that may be variables: neither inside texts and comments, nor members, nor calls."""
    for token in _TOKEN.finditer(text):
        if token["name"] and not token["dot"] and not token["call"]:
            yield token["name"]


def patterns_in(text: str) -> Iterator[tuple[str, int]]:
    """The literals that `matches` is given, with their columns."""
    for call in _MATCHES.finditer(text):
        if call["pattern"]:
            yield call["pattern"], call.start("pattern") + 1


def refuse_growth(text: str) -> None:
    """CEL bounds rounds, not sizes: `a.replace("", a)` squares a text, and a few of them fill any memory."""
    growth = 1.0
    for call in _GROWING.finditer(text):
        if not call["name"] or call["none"]:
            continue
        first, second = (_size(call[group]) for group in ("first", "second"))
        if call["name"] == "join" and not text[call.end() :].lstrip().startswith(")"):
            first = None
        if first is None or (call["name"] == "replace" and (not first or second is None)):
            hint = 'replace("что", "на что") и join("между") берут только готовые тексты'
            raise SyntaxProblem(hint, call.start() + 1)
        # An escape may stand for one character: the shortest needle is the worst case.
        needle = 1 if "\\" in call["first"] else first
        growth *= 1 + first if call["name"] == "join" else max(1.0, (second or 0) / needle)
    if growth > MAX_GROWTH:
        raise SyntaxProblem(f"replace и join вместе удлиняют текст больше чем в {MAX_GROWTH} раза")


def _size(literal: str | None) -> int | None:
    """How many characters stand between a literal's quotes."""
    if literal is None:
        return None
    body = literal.lstrip("rR")
    return len(body) - (6 if len(body) >= 6 and body[:3] in ('"""', "'''") else 2)


def problem_of(said: str, text: str) -> SyntaxProblem:
    """The checker's complaint in Russian, with its column in the whole text."""
    found = _PLACE.search(said)
    if not found:
        return SyntaxProblem(said.splitlines()[0][:400])
    lines = text.split("\n")
    column = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2])
    message = found[3].replace(" (in container '')", "")
    if unknown := _UNKNOWN.search(message):
        message = f"имя {unknown[1]} не объявлено"
    elif overload := _OVERLOAD.search(message):
        types = re.sub(r"wrapper\((\w+)\)", r"\1", overload[2]).replace("google.protobuf.", "").replace("dyn", "any")
        message = f"{overload[1].strip('_').replace('@', '')} не бывает для {types.lower()}"
    elif message.startswith("Syntax error"):
        message = "ошибка записи: " + message.partition(": ")[2].partition(" expecting ")[0].replace("<EOF>", "конец")
    return SyntaxProblem(message, column)
