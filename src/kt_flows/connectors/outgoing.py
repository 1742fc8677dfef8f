"""Mail out: one message built the same way at every try, handed to an SMTP server (RFC 5321, RFC 5322)."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from kt_flows import tracing
from kt_flows.clock import Clock
from kt_flows.connectors import token
from kt_flows.crash import reach
from kt_flows.errors import Permanent, Temporary
from kt_flows.settings import Settings

log = logging.getLogger(__name__)

LOOP = "kt-flows"
TIMEOUT = 30.0
"""Seconds for each word of the mail server."""
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go, and what must be remembered of it before it goes.

    `skipped` are the groups that it should have gone to and that have no address.
    """

    mail_id: str
    message_id: str
    token: str | None
    subject_mark: str
    recipients: tuple[str, ...]
    skipped: tuple[str, ...]
    subject: str
    text: str
    message: EmailMessage


class Outgoing:
    """Builds letters and submits them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        # Of letters that some recipients' servers took and others' put off: who has it, by Message-ID.
        self._have: OrderedDict[str, frozenset[str]] = OrderedDict()

    def letter(self, asked: Mapping[str, Any], key: str) -> Letter:
        """The letter of an `email.send` job; a repeated job gives the same Message-ID.

        Raises Permanent(mail.rejected) where there is nobody to send it to, or a header cannot be what was asked.
        """
        try:
            return self._letter(asked, key)
        except ValueError as error:
            raise Permanent(f"the mail cannot be written: {error}", code="mail.rejected") from error

    def _letter(self, asked: Mapping[str, Any], key: str) -> Letter:
        sender = Address(addr_spec=self._settings.mail_from)
        recipients, skipped = self.recipients(asked["to"])
        mail_id = key.replace(":", "-")
        message_id = f"<kt.{mail_id}@{sender.domain}>"
        mark = token.subject_mark(self._settings.secret, mail_id)
        correlation = asked.get("correlation_token")
        message = EmailMessage()
        message["From"] = Address("АО «Казахтелеком», «160»", sender.username, sender.domain)
        message["To"] = [Address(addr_spec=address) for address in recipients]
        wants_reply = bool(asked.get("reply_message"))
        subject = " ".join(str(asked["subject"]).split())  # a line break in a value begins no header
        subject = f"{subject} {mark}" if wants_reply else subject
        message["Subject"] = subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = message_id
        if correlation:
            plus = Address(username=f"{sender.username}+{correlation}", domain=sender.domain)
            message["Reply-To"] = plus
        message["X-Loop"] = LOOP
        if asked.get("automatic"):
            message["Auto-Submitted"] = "auto-generated"
            message["X-Auto-Response-Suppress"] = "All"
        message.set_content(str(asked["body"]))
        return Letter(
            mail_id,
            message_id,
            str(correlation) if correlation else None,
            mark,
            recipients,
            skipped,
            subject,
            str(asked["body"]),
            message,
        )

    def recipients(self, to: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Addresses for `provider:<id>`, `group:<name>` and plain ones, and the groups that have none."""
        found: list[str] = []
        skipped: list[str] = []
        for one in [to] if isinstance(to, str) else list(to or []):
            kind, _, name = str(one).partition(":")
            if kind == "provider":
                if name not in self._settings.providers:
                    raise Permanent(f"there is no provider {name} in KT_FLOWS_PROVIDERS", code="mail.rejected")
                found.append(self._settings.providers[name])
            elif kind == "group":
                address = self._settings.group_mail.get(name)
                if address:
                    found.append(address)
                else:
                    skipped.append(name)
            else:
                found.append(_one_address(str(one)))
        if not found:
            raise Permanent(f"nobody of {to} has an address: see KT_FLOWS_GROUP_MAIL", code="mail.rejected")
        return tuple(dict.fromkeys(found)), tuple(skipped)

    def send(self, letter: Letter) -> None:
        """Submits the letter.  Raises Temporary (server away, 4xx) or Permanent(mail.rejected) (5xx).

        Where one recipient of several is put off, a next try goes to that one alone.
        """
        parts = urlsplit(self._settings.smtp_url or "")
        if not parts.hostname:
            raise Temporary("there is no mail server: set KT_FLOWS_SMTP_URL")
        have = self._have.get(letter.message_id, frozenset())
        to = [address for address in letter.recipients if address not in have]
        span = tracing.span("mail", "client", system="smtp", message_id=letter.message_id)
        try:
            with span, self._connected(parts.scheme, parts.hostname, parts.port) as server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                reach("mail", "before", "send")
                refused = server.send_message(letter.message, self._settings.mail_from, to)
                reach("mail", "after", "send")
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            # Against us, not against this mail: an administrator mends it, and the mail is still there.
            raise Temporary(f"the server of KT_FLOWS_SMTP_URL does not take us: {error.smtp_code}") from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, f"the mail server answered {error.smtp_code}") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Permanent(f"the mail server cannot do it: {error}", code="mail.rejected") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Temporary(
                f"the mail server of KT_FLOWS_SMTP_URL cannot be reached: {type(error).__name__} {error}"
            ) from error
        self._judge(letter, have | (set(to) - set(refused)), sorted({code for code, _ in refused.values()}))

    def _judge(self, letter: Letter, have: frozenset[str], codes: list[int]) -> None:
        """What is to be done about recipients that were refused with `codes`."""
        self._have.pop(letter.message_id, None)
        if not codes:
            return
        if codes[0] < 500:
            self._have[letter.message_id] = have
            while len(self._have) > _REMEMBERED:
                self._have.popitem(last=False)
            raise Temporary(f"not every recipient is taken now: {codes}")
        if not have:
            raise Permanent(f"no recipient is taken: {codes}", code="mail.rejected")
        # Others have it: to send it again would be to send it to them twice.
        log.warning("one recipient of a mail was not taken", extra={"code": codes[0]})

    @staticmethod
    def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
        return smtplib.SMTP(host, port or 25, timeout=TIMEOUT)


def _refused(code: int, said: str) -> Temporary | Permanent:
    return Permanent(said, code="mail.rejected") if code >= 500 else Temporary(said)


def _one_address(text: str) -> str:
    """Exactly one addr-spec.  Raises Permanent(mail.rejected) for a list, a name, or a line break."""
    try:
        return Address(addr_spec=text.strip()).addr_spec
    except Exception as error:
        raise Permanent("the recipient is not one e-mail address", code="mail.rejected") from error
