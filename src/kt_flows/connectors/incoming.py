"""Raw mail to what the service knows of it.  Nothing that stands in a mail can stop the reader.

Who wrote it is found out first (a program, a mail server, ourselves), then what it answers (RFC 3834, RFC 3464,
RFC 5322 and the signs that mail programs really use).
"""

from __future__ import annotations

import codecs
import email
import email.header
import email.parser
import email.policy
import hashlib
import html
import re
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, cast

from kt_flows.connectors import token
from kt_flows.connectors.outgoing import LOOP
from kt_flows.mail import Enclosed, IncomingMail

MAX_TEXT = 20_000
MAX_PARTS = 200
MAX_HEADER = 50_000
MAX_HEADERS = 200
MAX_ATTACHMENTS = 50
_ID = re.compile(r"<[^<>\s]{1,400}>")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_HIDDEN = re.compile(r"<(script|style)\b", re.IGNORECASE)
_HIDDEN_END = {name: re.compile(rf"</{name}[^<>]{{0,200}}>", re.IGNORECASE) for name in ("script", "style")}
_BREAK = re.compile(r"<\s*(br|/p|/div|/tr|/li)\b[^<>]{0,200}>", re.IGNORECASE)
# Not `noreply@`: many a help desk sends its people's answers from there.
_ROBOTS = re.compile(r"(mailer-daemon|postmaster)@", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Codecs that are no charsets of mail: slow beyond measure, or a language of their own.
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape")
_UNSAFE = re.compile(r"[^\w .()-]+")


def read_mail(raw: bytes, internal_date: datetime | None, now: datetime) -> IncomingMail:
    """One mail, whatever it is.  `internal_date` is the mailbox server's own time of arrival."""
    # The body alone: the same mail has other trace headers in every mailbox that it lies in.
    body = b"\n".join(line.rstrip() for line in re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1].splitlines())
    digest = hashlib.sha256(body).hexdigest()
    try:
        message = cast(EmailMessage, email.message_from_bytes(raw, policy=email.policy.compat32))
    except Exception:  # a mail that cannot be cut into parts still has its headers
        parser = email.parser.BytesParser(policy=email.policy.compat32)
        message = cast(EmailMessage, parser.parsebytes(raw, headersonly=True))
    text = _text(message)
    ids = _ID.findall(_header(message, "Message-ID"))
    recipients = tuple(_addresses(message, "To", "Cc", "Delivered-To", "X-Original-To"))
    senders = _addresses(message, "From")
    bounce_of, bounce_status = _bounce(message)
    return IncomingMail(
        message_id=ids[0] if ids else f"<{digest}@without-message-id>",
        digest=digest,
        received_at=_received_at(message) or internal_date or now,
        sender=senders[0][:320] if senders else "",
        recipients=recipients[:100],
        subject=_header(message, "Subject")[:1_000],
        text=text,
        first_line=_first_line(text),
        in_reply_to=tuple(_ID.findall(_header(message, "In-Reply-To"))[:50]),
        references=tuple(reversed(_ID.findall(_header(message, "References"))[-50:])),
        tokens=token.tokens_in(" ".join(recipients)),
        marks=token.marks_in(_header(message, "Subject")),
        automatic=_automatic(message, senders),
        own=LOOP in _all(message, "X-Loop"),
        bounce_of=bounce_of,
        bounce_status=bounce_status,
        attachments=_attachments(message),
        raw=raw,
    )


def headers_of(raw: bytes) -> list[tuple[str, str]]:
    """A mail's headers in their order, decoded, for people; a long one by its beginning."""
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(raw, headersonly=True)
    return [
        (_whole(str(name))[:200], _whole(_decoded(value))[:2_000]) for name, value in message.items()[:MAX_HEADERS]
    ]


def _whole(text: str) -> str:
    """Without halves of characters, which no JSON takes."""
    return text.encode("utf-8", "replace").decode()


def unread_mail(raw: bytes, internal_date: datetime | None, now: datetime) -> IncomingMail:
    """A mail that is not to be read: its bytes, and when it came."""
    digest = hashlib.sha256(raw).hexdigest()
    return IncomingMail(
        message_id=f"<{digest}@unread>",
        digest=digest,
        received_at=internal_date or now,
        sender="",
        recipients=(),
        subject="Письмо, которое не удалось прочитать",
        text="",
        first_line="",
        in_reply_to=(),
        references=(),
        tokens=(),
        marks=(),
        automatic=False,
        own=False,
        bounce_of=None,
        attachments=(),
        raw=raw,
    )


def _all(message: Message[Any, Any], *names: str) -> list[str]:
    return [_decoded(value) for name in names for value in (message.get_all(name) or [])[:50]]


def _addresses(message: Message[Any, Any], *names: str) -> list[str]:
    """The addresses of headers; one that cannot be taken apart has none."""
    return [address for value in _all(message, *names) for address in _addresses_in(value)]


def _addresses_in(value: str) -> list[str]:
    try:
        return [address for _, address in getaddresses([value]) if address]
    except Exception:  # comments in comments in comments
        return []


def _header(message: Message[Any, Any], name: str) -> str:
    found = _all(message, name)
    return found[0] if found else ""


def _decoded(value: Any) -> str:
    """A header as text: raw bytes and encoded words decoded where they can be, on one line, without NUL."""
    try:
        text = value if isinstance(value, str) else _joined(value)
        text = _joined(text[:MAX_HEADER])
    except Exception:  # a broken encoded word is shown as it came
        text = str(value)[:MAX_HEADER]
    return " ".join(text.replace("\x00", "").split())


def _joined(header: Any) -> str:
    parts = email.header.decode_header(header)
    return "".join(part if isinstance(part, str) else _bytes(part, charset) for part, charset in parts)


def _bytes(data: bytes, charset: str | None) -> str:
    """Bytes as text.  The declared charset may be a lie: UTF-8 that is UTF-8 is read as that."""
    for name in ("utf-8", charset or "ascii", "windows-1251"):
        try:
            if codecs.lookup(name).name in _NO_CHARSETS:
                continue
            text = data.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
        return text.replace("\x00", "")
    return data.decode("ascii", "replace").replace("\x00", "")


def _parts(message: Message[Any, Any]) -> list[Message[Any, Any]]:
    found: list[Message[Any, Any]] = []
    to_do: list[tuple[Message[Any, Any], int]] = [(message, 0)]
    while to_do and len(found) < MAX_PARTS:
        part, depth = to_do.pop(0)
        found.append(part)
        payload = part.get_payload()
        if isinstance(payload, list) and depth < 20:
            to_do[:0] = [(one, depth + 1) for one in payload if isinstance(one, Message)]
    return found


def _text(message: Message[Any, Any]) -> str:
    """The first plain text, else the first HTML without its markup."""
    leaves = [part for part in _parts(message) if not part.is_multipart()]
    for kind in ("text/plain", "text/html"):
        for part in leaves:
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                data = _payload(part)
                text = _bytes(data[: MAX_TEXT * 8], part.get_content_charset())
                if kind == "text/html":
                    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", _shown(text))))
                if text.strip():
                    return text.replace("\r\n", "\n").strip()[:MAX_TEXT]
    return ""


def _shown(text: str) -> str:
    """HTML without its scripts and styles; one that never ends hides the rest, as in a browser."""
    parts, position = [], 0
    while opening := _HIDDEN.search(text, position):
        parts.append(text[position : opening.start()])
        closing = _HIDDEN_END[opening[1].lower()].search(text, opening.end())
        if closing is None:
            return "".join(parts)
        position = closing.end()
    return "".join([*parts, text[position:]])


def _payload(part: Message[Any, Any]) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except Exception:  # a transfer encoding that lies
        data = str(part.get_payload()).encode("utf-8", "replace")
    return data if isinstance(data, bytes) else b""


def _first_line(text: str) -> str:
    """The first line that the sender wrote, past empty ones and quotes."""
    for line in text.splitlines()[:200]:
        if line.strip() and not line.lstrip().startswith(">"):
            return line.strip()[:500]
    return ""


def _received_at(message: Message[Any, Any]) -> datetime | None:
    """The topmost `Received:` is our own server's; what stands below, and `Date:`, the sender could write."""
    received = message.get_all("Received")
    if not received:
        return None
    try:
        moment = parsedate_to_datetime(str(received[0]).rpartition(";")[2].strip()[:200])
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError):
        return None


def _automatic(message: Message[Any, Any], senders: list[str]) -> bool:
    submitted = _header(message, "Auto-Submitted").lower()
    precedence = _header(message, "Precedence").lower()
    return (
        (bool(submitted) and not submitted.startswith("no"))
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(
            message.get(name) is not None
            for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
        )
        or _header(message, "Return-Path") == "<>"
        or message.get_content_type() == "multipart/report"
        or any(_ROBOTS.match(sender) for sender in senders)
    )


def _bounce(message: Message[Any, Any]) -> tuple[str | None, str | None]:
    """The Message-ID of our mail that a delivery status notification (RFC 3464) returns, and its status code."""
    parts = _parts(message)
    if "message/delivery-status" not in {part.get_content_type() for part in parts}:
        return None, None
    failed = [
        part
        for part in parts
        if str(part.get("Action", "")).strip().lower() == "failed"
        or str(part.get("Status", "")).strip().startswith("5")
    ]
    if not failed:
        return None, None
    code = _STATUS.search(str(failed[0].get("Status", ""))[:200])
    return _returned(message, parts), code[0] if code else None


def _returned(message: Message[Any, Any], parts: list[Message[Any, Any]]) -> str | None:
    for part in parts[1:]:
        if part.get_content_type() == "text/rfc822-headers":
            returned = email.message_from_string(_bytes(_payload(part), None))
        else:
            returned = part
        found = _ID.findall(str(returned.get("Message-ID", "")))
        if found:
            return str(found[0])
    answered = _ID.findall(_header(message, "In-Reply-To") + _header(message, "References"))
    return str(answered[-1]) if answered else None


def _attachments(message: Message[Any, Any]) -> tuple[Enclosed, ...]:
    """What has a file name."""
    found: list[Enclosed] = []
    lengths: dict[int, int] = {}  # of each part once, whatever lies in what
    for part in _parts(message):
        try:
            name = part.get_filename()
        except Exception:  # a file name in an encoding that is none
            name = "unnamed"
        if name and len(found) < MAX_ATTACHMENTS:
            last = str(name).replace("\\", "/").rpartition("/")[2]
            safe = _UNSAFE.sub("_", last).strip(" .")[:150] or "unnamed"
            inside = [leaf for leaf in _parts(part) if not leaf.is_multipart()]
            lengths |= {id(leaf): len(_payload(leaf)) for leaf in inside if id(leaf) not in lengths}
            size = sum(lengths[id(leaf)] for leaf in inside)
            found.append(Enclosed(safe, part.get_content_type()[:100], size))
    return tuple(found)
