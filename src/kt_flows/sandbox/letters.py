"""What the simulated provider writes: plain answers as people write them, an out-of-office note, a bounce."""

from __future__ import annotations

import email.utils
from datetime import datetime
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP

from kt_flows.sandbox.post import DOMAIN, text_of

ADDRESS = "provider@vendor-support.sandbox"
NAME = "Служба поддержки поставщика"

_ANSWER = """Здравствуйте!

Проверили: лицензия абонента была заблокирована по ошибке на нашей стороне. Лицензия восстановлена,
попросите абонента перезапустить программу и войти заново.

С уважением,
дежурный инженер поставщика
"""
_VENDOR = """ВЕНДОР: ошибка на стороне разработчика программы, передали ему в работу.

Здравствуйте! Причина не у нас: после обновления программа не запускается ни у кого.
Сообщим, как только разработчик выпустит исправление.

С уважением,
дежурный инженер поставщика
"""
_AWAY = """Здравствуйте! Спасибо за ваше письмо.

Меня нет на рабочем месте до понедельника. Это автоматический ответ, отвечать на него не нужно.
"""


def answer(original: EmailMessage, id: str, at: datetime) -> bytes:
    """A person's answer to Reply-To, the original quoted below."""
    return _reply(original, id, at, _ANSWER + _quote(original)).as_bytes(policy=SMTP)


def vendor_claim(original: EmailMessage, id: str, at: datetime) -> bytes:
    """A person's first reply: the fault is the vendor's (clause 5.2б); the answer proper comes later."""
    return _reply(original, id, at, _VENDOR + _quote(original)).as_bytes(policy=SMTP)


def out_of_office(original: EmailMessage, id: str, at: datetime) -> bytes:
    """What a mail program answers for somebody who is away (RFC 3834)."""
    reply = _reply(original, id, at, _AWAY)
    reply.replace_header("Subject", f"Автоответ: {original.get('Subject', '')}")
    reply["Auto-Submitted"] = "auto-replied"
    reply["X-Auto-Response-Suppress"] = "All"
    reply["Precedence"] = "bulk"
    return reply.as_bytes(policy=SMTP)


def bounce(original: EmailMessage, id: str, at: datetime, to: str) -> bytes:
    """A delivery status notification to the envelope's sender (RFC 3464): the provider's address is unknown."""
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{ADDRESS.partition('@')[2]}>"
    report["To"] = to
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = email.utils.format_datetime(at)
    report["Message-ID"] = id
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"<{ADDRESS}>: 550 5.1.1 User unknown; the message could not be delivered.\n"))
    host, about = Message(), Message()
    host["Reporting-MTA"] = f"dns; mx.{DOMAIN}"
    host["Arrival-Date"] = email.utils.format_datetime(at)
    about["Final-Recipient"] = f"rfc822; {ADDRESS}"
    about["Original-Recipient"] = f"rfc822; {ADDRESS}"
    about["Action"] = "failed"
    about["Status"] = "5.1.1"
    about["Diagnostic-Code"] = "smtp; 550 5.1.1 User unknown"
    status = MIMEBase("message", "delivery-status")
    status.attach(host)
    status.attach(about)
    report.attach(status)
    headers = MIMEBase("text", "rfc822-headers")
    headers.set_payload("".join(f"{name}: {value}\n" for name, value in _raw_headers(original)))
    report.attach(headers)
    return report.as_bytes(policy=SMTP)


def _reply(original: EmailMessage, id: str, at: datetime, text: str) -> EmailMessage:
    reply = EmailMessage(policy=SMTP)
    reply["From"] = email.utils.formataddr((NAME, ADDRESS))
    reply["To"] = str(original.get("Reply-To") or original["From"])
    subject = str(original.get("Subject", ""))
    reply["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    reply["Date"] = email.utils.format_datetime(at)
    reply["Message-ID"] = id
    if asked := original.get("Message-ID"):
        reply["In-Reply-To"] = str(asked).strip()
        reply["References"] = f"{original.get('References', '')} {asked}".strip()
    reply.set_content(text, cte="quoted-printable")
    return reply


def _quote(original: EmailMessage) -> str:
    lines = text_of(original).splitlines()[:60]
    who = ", ".join(str(original[name]) for name in ("Date", "From") if original[name])
    return f"\n{who}:\n" + "".join(f"> {line}\n" for line in lines)


def _raw_headers(original: EmailMessage) -> list[tuple[str, str]]:
    """Headers as they were on the wire: a bounce quotes, it does not decode."""
    return [(name, value) for name, value in original.raw_items() if value.isascii()]
