"""Mail as it comes: nothing that stands in it stops the reader, and nothing in it is believed too easily."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kt_flows.connectors import token
from kt_flows.connectors.incoming import MAX_TEXT, read_mail, unread_mail
from kt_flows.mail import IncomingMail

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
SAMPLE = sorted((Path(__file__).parents[1] / "data" / "mail").glob("*.eml"))
TOKEN = token.issue("s" * 32, "case", "7")
MARK = token.subject_mark("s" * 32, "mail-1")


def read(raw: bytes | str, internal_date: datetime | None = None) -> IncomingMail:
    return read_mail(raw.encode() if isinstance(raw, str) else raw, internal_date, NOW)


def sample(name: str) -> IncomingMail:
    [path] = [path for path in SAMPLE if path.name.startswith(name)]
    return read(path.read_bytes())


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.stem)
def test_every_mail_of_the_sample_is_read_within_a_second(path: Path) -> None:
    begun = time.monotonic()
    mail = read(path.read_bytes())
    assert time.monotonic() - begun < 1
    assert mail.message_id == "<x@provider.example>"
    assert mail.received_at == NOW  # its `Date:` is a year's end away and is not believed
    assert mail.tokens == ()
    assert not mail.own


@settings(max_examples=200, deadline=1_000)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    mail = read(raw)
    assert "\x00" not in mail.text + mail.subject + mail.sender
    (
        mail.text + mail.subject + mail.sender + mail.message_id + "".join(one.name for one in mail.attachments)
    ).encode()


NAMES = ("From", "To", "Subject", "Message-ID", "Received", "In-Reply-To")
CONTENT = ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition")
HEADERS = st.sampled_from((*NAMES, *CONTENT))


@settings(max_examples=300, deadline=1_000)
@given(st.lists(st.tuples(HEADERS, st.binary(max_size=80)), max_size=8), st.binary(max_size=300))
def test_any_headers_are_a_mail(headers: list[tuple[str, bytes]], body: bytes) -> None:
    raw = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers) + b"\r\n" + body
    mail = read(raw)
    (
        mail.text + mail.subject + mail.sender + mail.message_id + "".join(one.name for one in mail.attachments)
    ).encode()


HEAVY = {
    "scripts that never end": b"Content-Type: text/html\r\n\r\n" + b"<script>" * 20_000,
    "tags that never end": b"Content-Type: text/html\r\n\r\n" + b"<" * 160_000,
    "breaks that never end": b"Content-Type: text/html\r\n\r\n" + b"<br " * 40_000,
    "comments in comments": b"From: " + b"(" * 20_000 + b"\r\nTo: " + b"(" * 20_000 + b"\r\n\r\ntext",
    "punycode": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"\xff" + b"a-" * 80_000,
    "ten thousand references": b"References: " + b"<a@b> " * 10_000 + b"\r\n\r\ntext",
    "a long encoded subject": b"Subject: " + b"=?utf-8?B?" * 20_000 + b"\r\n\r\ntext",
    "a long header": b"Subject: " + b"x" * 1_000_000 + b"\r\n\r\ntext",
    "a long date": b"Received: x; " + b"1 " * 100_000 + b"\r\n\r\ntext",
    "ten thousand headers": b"To: a@b.kz\r\n" * 10_000 + b"\r\ntext",
}


@pytest.mark.parametrize("name", sorted(HEAVY))
def test_a_heavy_mail_takes_no_longer_than_a_second(name: str) -> None:
    begun = time.monotonic()
    read(HEAVY[name])
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("depth", [500, 3_000])
def test_a_mail_in_a_mail_in_a_mail_keeps_its_headers(depth: int) -> None:
    parts = [f"Subject: Жалоба {MARK}\r\nTo: kt+{TOKEN}@kt.kz\r\nMessage-ID: <deep@x>\r\n"]
    parts += [f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n" for level in range(depth)]
    begun = time.monotonic()
    mail = read("".join(parts) + "Content-Type: text/plain\r\n\r\nвнутри\r\n")
    assert time.monotonic() - begun < 1
    assert (mail.message_id, mail.tokens, mail.marks) == ("<deep@x>", (TOKEN,), (MARK,))


# ---- who wrote it


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation)",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: yes",
        "X-Auto-Response-Suppress: All",
        "List-Id: <news.provider.kz>",
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.provider.kz",
        "From: Postmaster <postmaster@provider.kz>",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
    ],
)
def test_what_a_program_wrote_is_automatic(header: str) -> None:
    assert read(f"{header}\r\nSubject: x\r\n\r\nI am away").automatic


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "Precedence: normal", "Return-Path: <a@b.kz>", "X: y"])
def test_what_a_person_wrote_is_not(header: str) -> None:
    # A help desk sends its people's answers from such an address.
    assert not read(f"{header}\r\nFrom: no-reply@provider.kz\r\n\r\nИсправлено").automatic


def test_the_sample_s_robots_are_known() -> None:
    assert sample("07").automatic
    bounce = sample("08")
    assert (bounce.automatic, bounce.bounce_of) == (True, None)  # it does not say what it returns
    assert not sample("01").automatic


def dsn(action: str, status: str, kind: str = "text/rfc822-headers") -> str:
    return (
        "From: MAILER-DAEMON@mx.provider.kz\r\nMessage-ID: <dsn@mx>\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNot delivered\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; a@b.kz\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\nFrom: kt@kt.kz\r\nMessage-ID: <kt.1@kt.kz>\r\n\r\n--b--\r\n"
    )


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_bounce_says_which_mail_it_returns(kind: str) -> None:
    mail = read(dsn("failed", "5.1.1", kind))
    assert (mail.bounce_of, mail.automatic, mail.message_id) == ("<kt.1@kt.kz>", True, "<dsn@mx>")
    assert mail.bounce_status == "5.1.1"


def test_a_delay_is_no_bounce() -> None:
    delayed = read(dsn("delayed", "4.4.1"))
    assert (delayed.bounce_of, delayed.bounce_status) == (None, None)


def test_a_mail_that_is_not_to_be_read_still_has_its_bytes_and_its_time() -> None:
    mail = unread_mail(b"\x00\xff", None, NOW)
    assert (mail.raw, mail.received_at, mail.text) == (b"\x00\xff", NOW, "")
    assert unread_mail(b"other", NOW, NOW).message_id != mail.message_id


def test_our_own_mail_is_known_by_its_loop_header() -> None:
    assert read("X-Loop: kt-flows\r\n\r\nx").own
    assert not read("X-Loop: other\r\n\r\nx").own


@pytest.mark.parametrize(("name", "sender"), [("04", "mallory@evil.example"), ("05", "noc@provider.example")])
def test_a_sender_is_an_address_and_not_the_name_shown(name: str, sender: str) -> None:
    assert sample(name).sender == sender


# ---- what it answers


def test_a_token_is_read_from_where_the_mail_went_and_nowhere_else() -> None:
    assert read(f"To: Казахтелеком <kt+{TOKEN}@kt.kz>\r\n\r\nx").tokens == (TOKEN,)
    assert read(f"Delivered-To: kt+{TOKEN.upper()}@kt.kz\r\n\r\nx").tokens == (TOKEN,)
    elsewhere = read(f"To: kt@kt.kz\r\nFrom: x+{TOKEN}@y.kz\r\nSubject: {TOKEN}\r\n\r\n{TOKEN}")
    assert elsewhere.tokens == ()


def test_a_mark_is_read_from_the_subject_and_not_from_a_quote() -> None:
    assert read(f"Subject: Re: Жалоба {MARK}\r\n\r\nx").marks == (MARK,)
    assert read(f"Subject: new question\r\n\r\n> {MARK}").marks == ()
    assert sample("21").marks == ()
    folded = EmailMessage()
    folded["Subject"] = "Re: " + "Жалоба абонента на качество " * 4 + MARK
    assert read(folded.as_bytes()).marks == (MARK,)


def test_references_are_read_newest_first() -> None:
    mail = read("In-Reply-To: <c@kt>\r\nReferences: <a@kt>\r\n <b@kt> <c@kt>\r\n\r\nx")
    assert mail.in_reply_to == ("<c@kt>",)
    assert mail.references == ("<c@kt>", "<b@kt>", "<a@kt>")


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    assert read("Subject: x\r\n\r\n1").message_id == read("Subject: x\r\n\r\n1").message_id
    assert read("Subject: x\r\n\r\n1").message_id != read("Subject: x\r\n\r\n2").message_id


# ---- what it says


@pytest.mark.parametrize("declared", ["koi8-r", "windows-1251", "utf-8"])
def test_a_declared_charset_is_used(declared: str) -> None:
    body = "Решено".encode(declared)
    assert read(f"Content-Type: text/plain; charset={declared}\r\n\r\n".encode() + body).text == "Решено"


@pytest.mark.parametrize(
    ("declared", "real"),
    [
        ("us-ascii", "utf-8"),
        ("koi8-r", "utf-8"),
        ("us-ascii", "windows-1251"),
        ("unheard-of", "windows-1251"),
        ("hex", "utf-8"),
        ("unicode_escape", "windows-1251"),
    ],
)
def test_a_charset_that_lies_is_seen_through(declared: str, real: str) -> None:
    body = "Проблема решена".encode(real)
    assert read(f"Content-Type: text/plain; charset={declared}\r\n\r\n".encode() + body).text == "Проблема решена"


@pytest.mark.parametrize("real", ["utf-8", "windows-1251"])
def test_a_subject_of_raw_bytes_is_read(real: str) -> None:
    assert read(b"Subject: Re: " + "Жалоба".encode(real) + b"\r\n\r\nx").subject == "Re: Жалоба"


def test_the_sample_s_charsets_are_read() -> None:
    assert sample("13").subject.startswith("Решено")
    assert "ешено" in sample("13").text
    assert sample("14").text == "Решено 😀"


def test_html_alone_is_read_as_text() -> None:
    html = "<style>p{}</style><p>Исправлено&nbsp;&lt;вчера&gt;</p><script>alert(1)</script><div>Да</div>"
    mail = read(f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}")
    assert mail.text.split() == ["Исправлено", "<вчера>", "Да"]
    assert sample("11").text.strip() == "x"


def test_plain_text_goes_before_html_and_is_cut() -> None:
    message = EmailMessage()
    message.set_content("я" * MAX_TEXT * 2)
    message.add_alternative("<p>html</p>", subtype="html")
    assert read(message.as_bytes()).text == "я" * MAX_TEXT


def test_the_first_line_is_what_the_sender_wrote() -> None:
    assert read("Subject: x\r\n\r\n> прежнее\r\n\r\n  ЭСКАЛАЦИЯ: вендор\r\nдалее").first_line == "ЭСКАЛАЦИЯ: вендор"
    assert read("Subject: x\r\n\r\n> только цитата").first_line == ""


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('filename="../../../..pwn.py"', "pwn.py"),
        ('filename="C:\\\\Windows\\\\x.exe"', "x.exe"),
        ("filename*=utf-8''inv%0d%0aoice.html", "inv_oice.html"),
        ("filename*=utf-8''%D0%B0%D0%BA%D1%82.pdf", "акт.pdf"),
        ('filename=".."', "unnamed"),
        ("filename*=unheard-of''%ff%00.txt", None),
        ("filename=" + "a" * 3_000, "a" * 150),
    ],
)
def test_a_hostile_file_name_is_made_safe(header: str, name: str | None) -> None:
    mail = read(f"Content-Type: application/x; x=y\r\nContent-Disposition: attachment; {header}\r\n\r\nx")
    [enclosed] = mail.attachments
    found = enclosed.name
    assert (enclosed.media_type, enclosed.size) == ("application/x", 1)
    assert name is None or found == name
    assert not set(found) & set('/\\\r\n\x00<>"')
    assert mail.text == ""


def test_the_sample_s_attachments_stay_where_they_are() -> None:
    assert [one.name for one in sample("16").attachments] == ["pwn.py", "inv_oice.html"]
    assert [one.name for one in sample("17").attachments] == ["a.zip"]


# ---- when it came


def test_the_time_is_that_of_our_own_server() -> None:
    raw = (
        "Received: from x by mx.kt.kz; Mon, 2 Mar 2026 09:59:30 +0500\r\n"
        "Received: from y by x; Sun, 1 Mar 2026 00:00:00 +0000\r\n"
        "Date: Sat, 28 Feb 2026 00:00:00 +0000\r\n\r\nx"
    )
    assert read(raw, NOW).received_at == datetime(2026, 3, 2, 4, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "stamp", ["", "no date", "; no date", "; Mon, 99 Mar 2026 99:00:00 +0500", "; Fri, 31 Dec 9999 23:59:59 -1200"]
)
def test_without_its_stamp_the_mailbox_s_own_time_counts(stamp: str) -> None:
    earlier = datetime(2026, 3, 1, tzinfo=UTC)
    assert read(f"Received: from x by y{stamp}\r\n\r\nx", earlier).received_at == earlier
    assert read("Subject: x\r\n\r\nx").received_at == NOW
