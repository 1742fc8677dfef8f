"""The words of IMAP4rev1 (RFC 3501): a command's tokens, sequence sets, dates, quoted strings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

Token: TypeAlias = "str | list[Token]"  # noqa: S105 - a word, not a password

_ATOM = re.compile(rb'(?:[^\s()"\[{]|\{(?!\d+\+?\}\r\n)|\[[^\]]*\])+')
_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n")
OPEN_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")
"""The end of a line after which a literal follows: its length, and whether the client waits for a go-ahead."""


class BadCommand(Exception):
    """A command that is not IMAP; its text goes back to the client."""


def tokens(command: bytes) -> list[Token]:
    """A whole command, literals in place, as words and lists of words.

    A section of FETCH (`BODY[HEADER.FIELDS (To)]`) is one word.
    """
    stack: list[list[Token]] = [[]]
    at, end = 0, len(command)
    while at < end:
        char = command[at : at + 1]
        if char.isspace():
            at += 1
        elif char == b"(":
            stack.append([])
            at += 1
        elif char == b")":
            if len(stack) == 1:
                raise BadCommand("Unexpected )")
            inner = stack.pop()
            stack[-1].append(inner)
            at += 1
        elif char == b'"':
            at, text = _quoted(command, at + 1)
            stack[-1].append(text)
        elif literal := _LITERAL.match(command, at):
            at = literal.end() + int(literal[1])
            stack[-1].append(command[literal.end() : at].decode("utf-8", "replace"))
        elif atom := _ATOM.match(command, at):
            stack[-1].append(atom[0].decode("utf-8", "replace"))
            at = atom.end()
        else:
            raise BadCommand("Unexpected character")
    if len(stack) != 1:
        raise BadCommand("Missing )")
    return stack[0]


def _quoted(command: bytes, at: int) -> tuple[int, str]:
    text = bytearray()
    while at < len(command) and command[at : at + 1] != b'"':
        if command[at : at + 1] == b"\\":
            at += 1
        text += command[at : at + 1]
        at += 1
    if at >= len(command):
        raise BadCommand("Missing quote")
    return at + 1, text.decode("utf-8", "replace")


def word(token: Token) -> str:
    """The token as a word; BadCommand for a list."""
    if isinstance(token, list):
        raise BadCommand("Unexpected list")
    return token


def numbers(text: str, present: Iterable[int]) -> set[int]:
    """Those of the `present` numbers that a sequence set (`1,3:5,7:*`) names."""
    there = sorted(present)
    highest = there[-1] if there else 0
    chosen: set[int] = set()
    for part in text.split(","):
        low, colon, high = part.partition(":")
        try:
            ends = [highest if end == "*" else int(end) for end in ((low, high) if colon else (low, low))]
        except ValueError:
            raise BadCommand("Not a sequence set") from None
        chosen.update(number for number in there if min(ends) <= number <= max(ends))
    return chosen


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_time(moment: datetime) -> str:
    """As INTERNALDATE has it, whatever the machine's language."""
    return quoted(f"{moment.day:2d}-{_MONTHS[moment.month - 1]}-{moment:%Y %H:%M:%S %z}")


def date(text: str) -> tuple[int, int, int]:
    """`2-Mar-2026` as year, month, day."""
    try:
        day, month, year = text.split("-")
        return int(year), _MONTHS.index(month.title()) + 1, int(day)
    except ValueError:
        raise BadCommand("Not a date") from None
