"""Correlation tokens: `v1.<case>.<mac>`, which nobody can guess or move to another case."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

TOKEN = re.compile(r"v1\.[a-z2-7]{12}\.[a-z2-7]{32}")
_MARK = re.compile(r"\[KT-([A-Z2-7]{8})-([a-z2-7]{10})\]")


def issue(secret: str, case: str, nonce: str) -> str:
    """A token of 160 bits of HMAC-SHA256 over the case and the place it is for.

    Lower case only: it travels in the local part of an address, where case may be lost.
    """
    short = _base32(hashlib.sha256(case.encode()).digest())[:12]
    return f"v1.{short}.{_mac(secret, f'token:{case}:{nonce}')[:32]}"


def subject_mark(secret: str, mail_id: str) -> str:
    """The mark in a mail's subject, for a provider whose help desk strips headers."""
    short = _base32(hashlib.sha256(mail_id.encode()).digest())[:8].upper()
    return f"[KT-{short}-{_mac(secret, f'mark:{mail_id}')[:10]}]"


def marks_in(subject: str) -> tuple[str, ...]:
    return tuple(found[0] for found in _MARK.finditer(subject))


def tokens_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(TOKEN.findall(text.lower())))


def _mac(secret: str, text: str) -> str:
    return _base32(hmac.digest(secret.encode(), text.encode(), "sha256"))


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
