"""FETCH of IMAP4rev1: the attributes asked for in, bytes out.

Offered are FLAGS, UID, INTERNALDATE, RFC822.SIZE, RFC822 and its parts, and BODY sections of the whole mail; who asks
for ENVELOPE, BODYSTRUCTURE or a part's number is told that it is not here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kt_flows.sandbox.imap_words import BadCommand, Token, date_time, word
from kt_flows.sandbox.mailbox import Folder, Mail

_SECTION = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<part>|HEADER|TEXT|HEADER\.FIELDS(?:\.NOT)? \((?P<names>[^)]*)\))\]"
    r"(?:<(?P<from>\d+)\.(?P<count>\d+)>)?",
    re.IGNORECASE,
)
_WHOLE = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}
_PLAIN = ("FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE")
FAST = ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]


@dataclass(frozen=True)
class Attribute:
    """One thing asked for: its name as it goes back, and the section of the mail where it is one."""

    name: str
    section: re.Match[str] | None = None

    @property
    def reads(self) -> bool:
        """Whether asking for it makes the mail \\Seen."""
        return self.section is not None and not self.section["peek"]


def attributes(asked: Token, *, uid: bool) -> list[Attribute]:
    """What a FETCH asks for; a UID FETCH always has the UID in its answer."""
    words = [word(item) for item in asked] if isinstance(asked, list) else [asked]
    if len(words) == 1 and words[0].upper() == "FAST":
        words = list(FAST)
    if uid and "UID" not in (text.upper() for text in words):
        words.insert(0, "UID")
    return [_attribute(text) for text in words]


def _attribute(text: str) -> Attribute:
    name = text.upper()
    if name in _PLAIN:
        return Attribute(name)
    section = _SECTION.fullmatch(_WHOLE.get(name, text))
    if section is None:
        raise BadCommand(f"FETCH {text} is not offered here")
    if name in _WHOLE:
        return Attribute(name, section)
    shown = re.sub(r"^BODY\.PEEK", "BODY", text, flags=re.IGNORECASE)
    return Attribute(re.sub(r"<(\d+)\.\d+>$", r"<\1>", shown), section)


def answer(mail: Mail, folder: Folder, wanted: Sequence[Attribute]) -> bytes:
    """The part of the answer between the parentheses."""
    raw = folder.raw(mail.uid) if any(attribute.section for attribute in wanted) else b""
    return b" ".join(attribute.name.encode() + b" " + _value(attribute, mail, raw) for attribute in wanted)


def _value(attribute: Attribute, mail: Mail, raw: bytes) -> bytes:
    if attribute.section is not None:
        data = _cut(attribute.section, raw)
        return b"{%d}\r\n%s" % (len(data), data)
    if attribute.name == "FLAGS":
        return f"({' '.join(sorted(mail.flags))})".encode()
    if attribute.name == "UID":
        return str(mail.uid).encode()
    return (date_time(mail.at) if attribute.name == "INTERNALDATE" else str(mail.size)).encode()


def _cut(section: re.Match[str], raw: bytes) -> bytes:
    head, gap, text = raw.partition(b"\r\n\r\n")
    part = section["part"].upper()
    if part == "":
        data = raw
    elif part == "TEXT":
        data = text
    elif part == "HEADER":
        data = head + gap
    else:
        names = {name.strip('"').lower().encode() for name in section["names"].split()}
        lines = re.split(rb"\r\n(?![ \t])", head)
        keep = [
            line
            for line in lines
            if (line.partition(b":")[0].strip().lower() in names) != part.startswith("HEADER.FIELDS.NOT")
        ]
        data = b"".join(line + b"\r\n" for line in keep) + b"\r\n"
    if section["from"] is not None:
        start = int(section["from"])
        data = data[start : start + int(section["count"])]
    return data
