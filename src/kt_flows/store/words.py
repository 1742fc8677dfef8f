"""Words by which people find a task: what stands in its variables, cut up, so that an index can answer.

Every short text of the variables counts, and one level of maps below them (a subscriber's name, phone and id): no
variable is known by its name here.  A word is found by how it begins, a number also by its last digits, however it
was grouped.  The same cutting makes the words of a row (`words`) and of what is looked for (`query`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

SHORT = 100
"""Longer texts are what somebody told, not what something is called."""
MOST = 120
LONGEST = 64
ENDS = (10, 7, 4)
"""So many last digits of a number are a word of their own: without the country, without the city, by heart."""
_LEAST_DIGITS = 5
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_NUMBER = re.compile(r"\+?[\d\s()./-]+")
_EDGE = re.compile(r"^\W+|\W+$")
_PARTS = re.compile(r"[\W_]+")


def words(name: str, business_key: str | None, variables: Mapping[str, Any]) -> list[str]:
    """The words of a task, each once; at most `MOST` of them."""
    found: dict[str, None] = {}
    for text in (business_key or "", name, *_texts(variables)):
        for word in _words_of(text):
            found.setdefault(word)
            if len(found) == MOST:
                return list(found)
    return list(found)


def query(text: str) -> str | None:
    """What is looked for, as PostgreSQL reads it: every word must begin a word of the task.  None: no word in it.

    A number is looked for as one, and as it is written where that is one word.
    """
    plain = _plain(text)
    asked = [word for part in plain.split() if (word := _EDGE.sub("", part))]
    if not asked:
        return None
    number = _number(plain)
    if number is None:
        return " & ".join(_begins(word) for word in asked)
    # With a country's code or another's way to dial it: the rest is what both have in common.
    alike = [number[-ENDS[0] :]] if len(number) in (11, 12) else []
    return " | ".join(map(_begins, dict.fromkeys([*asked[: len(asked) == 1], number, *alike])))


def _texts(variables: Mapping[str, Any]) -> Iterator[str]:
    for value in variables.values():
        for one in value.values() if isinstance(value, Mapping) else (value,):
            if isinstance(one, str) and 0 < len(one) <= SHORT and not _MOMENT.match(one):
                yield one


def _words_of(text: str) -> Iterator[str]:
    plain = _plain(text)
    for part in plain.split():
        word = _EDGE.sub("", part)
        if word:
            yield word[:LONGEST]
            yield from (piece[:LONGEST] for piece in _PARTS.split(word) if piece and piece != word)
    number = _number(plain)
    if number is not None:
        yield number[:LONGEST]
        yield from (number[-end:] for end in ENDS if len(number) > end)


def _plain(text: str) -> str:
    """One spelling: no capitals, no `ё`, no marks that only look different."""
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").replace("\0", " ")


def _number(plain: str) -> str | None:
    """The digits of a text that is a number and nothing else: `+7 (727) 250-00-00`."""
    digits = re.sub(r"\D", "", plain)
    if len(digits) < _LEAST_DIGITS or not digits.isascii() or not _NUMBER.fullmatch(plain.strip()):
        return None
    return digits


def _begins(word: str) -> str:
    quoted = word[:LONGEST].replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"
