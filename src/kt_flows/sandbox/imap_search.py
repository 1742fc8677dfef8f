"""SEARCH of IMAP4rev1: keys in, a question about one mail out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from kt_flows.sandbox.imap_words import BadCommand, Token, date, numbers, word
from kt_flows.sandbox.mailbox import Folder, Mail
from kt_flows.sandbox.post import read


@dataclass(frozen=True)
class Candidate:
    """A mail as SEARCH sees it; its content is read when a key asks for it."""

    number: int
    mail: Mail
    folder: Folder

    @cached_property
    def raw(self) -> bytes:
        return self.folder.raw(self.mail.uid)

    def header(self, name: str) -> str:
        return " ".join(str(value) for value in read(self.raw).get_all(name, [])).lower()

    @property
    def day(self) -> tuple[int, int, int]:
        return self.mail.at.year, self.mail.at.month, self.mail.at.day


Question = Callable[[Candidate], bool]

_FLAG_KEYS = ("ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN")


def question(keys: Sequence[Token], uids: Sequence[int]) -> Question:
    """True for a mail that all keys fit; `uids` are the view's, in order."""
    rest = list(keys)
    if rest and isinstance(rest[0], str) and rest[0].upper() == "CHARSET":
        rest = rest[2:]
    parts = []
    while rest:
        parts.append(_key(rest, uids))
    return lambda mail: all(part(mail) for part in parts)


def _key(rest: list[Token], uids: Sequence[int]) -> Question:
    token = _next(rest)
    if isinstance(token, list):
        return question(token, uids)
    key = token.upper()
    if key in ("ALL", "OLD"):
        return lambda _: True
    if key in ("NEW", "RECENT"):  # nobody here keeps \Recent
        return lambda _: False
    if key.removeprefix("UN") in _FLAG_KEYS:
        flag, wanted = f"\\{key.removeprefix('UN').title()}", not key.startswith("UN")
        return lambda it: (flag in it.mail.flags) == wanted
    if key == "NOT":
        inner = _key(rest, uids)
        return lambda it: not inner(it)
    if key == "OR":
        left, right = _key(rest, uids), _key(rest, uids)
        return lambda it: left(it) or right(it)
    if key == "UID":
        chosen = numbers(word(_next(rest)), uids)
        return lambda it: it.mail.uid in chosen
    if key[0].isdigit() or key[0] == "*":
        places = numbers(key, range(1, len(uids) + 1))
        return lambda it: it.number in places
    return _content_key(key, rest)


def _content_key(key: str, rest: list[Token]) -> Question:
    if key in ("SINCE", "BEFORE", "ON"):
        day = date(word(_next(rest)))
        if key == "ON":
            return lambda it: it.day == day
        return lambda it: (it.day >= day) == (key == "SINCE")
    if key in ("LARGER", "SMALLER"):
        size = int(word(_next(rest)))
        return lambda it: it.mail.size > size if key == "LARGER" else it.mail.size < size
    if key in ("SUBJECT", "FROM", "TO", "CC", "HEADER"):
        name = word(_next(rest)) if key == "HEADER" else key
        text = word(_next(rest)).lower()
        return lambda it: text in it.header(name) and (bool(text) or name in read(it.raw))
    if key in ("TEXT", "BODY"):
        part = word(_next(rest)).lower()
        return lambda it: part in it.raw.decode("utf-8", "replace").lower()
    raise BadCommand(f"SEARCH has no key {key}")


def _next(rest: list[Token]) -> Token:
    if not rest:
        raise BadCommand("SEARCH ends too early")
    return rest.pop(0)
