"""The IMAP server with imaplib: what a mail client does, and each fault."""

from __future__ import annotations

import email
import imaplib
from datetime import timedelta

import pytest

from kt_flows.clock import FixedClock
from kt_flows.sandbox.imap_words import BadCommand, numbers, tokens
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
from support.outside import T0, imap, letter


def fill(sandbox: Sandbox, *numbers: int) -> None:
    for number in numbers or (1, 2, 3):
        sandbox.post.deliver(letter(number).as_bytes(), sender="provider@vendor-support.sandbox")


def uids(client: imaplib.IMAP4, *keys: str) -> list[int]:
    kind, data = client.uid("SEARCH", *keys)
    assert kind == "OK", data
    return [int(uid) for uid in data[0].split()]


def fetched(client: imaplib.IMAP4, uid: int | str, what: str) -> tuple[bytes, bytes]:
    kind, data = client.uid("FETCH", str(uid), what)
    assert kind == "OK", data
    assert isinstance(data[0], tuple)
    return data[0]


def test_a_mail_comes_back_byte_for_byte_and_stays_unseen_under_peek(sandbox: Sandbox) -> None:
    fill(sandbox)
    with imap(sandbox) as client:
        assert uids(client, "UNSEEN") == [1, 2, 3]
        head, raw = fetched(client, 2, "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
        assert raw == sandbox.mailbox.raw(2)
        assert f"RFC822.SIZE {len(raw)}".encode() in head
        assert email.message_from_bytes(raw)["Message-ID"] == "<kt.2@kt.sandbox>"
        assert imaplib.ParseFlags(head) == ()
        assert uids(client, "UNSEEN") == [1, 2, 3]


def test_internaldate_is_the_given_clocks(sandbox: Sandbox, clock: FixedClock) -> None:
    clock.set(T0 + timedelta(days=300, hours=10))
    fill(sandbox, 1)
    with imap(sandbox) as client:
        kind, data = client.uid("FETCH", "1", "(INTERNALDATE)")
        assert kind == "OK"
        assert data == [b'1 (UID 1 INTERNALDATE "27-Dec-2026 15:00:00 +0000")']


def test_rfc822_makes_it_seen_and_store_keeps_flags_for_the_next_session(sandbox: Sandbox) -> None:
    fill(sandbox)
    with imap(sandbox) as client:
        fetched(client, 1, "(RFC822)")
        assert client.uid("STORE", "2", "+FLAGS", "(\\Seen \\Answered)")[1] == [
            b"2 (UID 2 FLAGS (\\Answered \\Seen))"
        ]
        assert client.uid("STORE", "2", "-FLAGS.SILENT", "\\Answered") == ("OK", [None])
    with imap(sandbox) as client:
        assert uids(client, "SEEN") == [1, 2]
        assert uids(client, "UNSEEN") == [3]
        assert uids(client, "ANSWERED") == []


def test_examine_reads_without_a_trace(sandbox: Sandbox) -> None:
    fill(sandbox, 1)
    with imap(sandbox) as client:
        client.select("INBOX", readonly=True)
        fetched(client, 1, "(RFC822)")
        assert client.uid("STORE", "1", "+FLAGS", "(\\Seen)")[0] == "NO"
        assert uids(client, "UNSEEN") == [1]


def test_deleted_mails_go_at_expunge_and_uids_are_not_reused(sandbox: Sandbox) -> None:
    fill(sandbox)
    with imap(sandbox) as client:
        client.uid("STORE", "2:3", "+FLAGS", "(\\Deleted)")
        assert client.expunge() == ("OK", [b"3", b"2"])
        fill(sandbox, 4)
        assert client.noop()[0] == "OK"
        assert uids(client, "ALL") == [1, 4]
        client.uid("STORE", "1", "+FLAGS", "(\\Deleted)")
        client.close()
        assert client.status("INBOX", "(MESSAGES UIDNEXT)")[1] == [b'"INBOX" (MESSAGES 1 UIDNEXT 5)']


def test_new_mail_is_told_to_an_open_session(sandbox: Sandbox) -> None:
    with imap(sandbox) as client:
        fill(sandbox, 1)
        client.noop()
        assert client.response("EXISTS")[1][-1] == b"1"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("2:*",), [2, 3]),
        (("UID", "3"), [3]),
        (("UID", "9:*"), [3]),
        (("NOT", "UID", "1,3"), [2]),
        (("OR", "UID", "1", "UID", "3"), [1, 3]),
        (("(UID 1:2 UNSEEN)", "NOT", "UID", "1"), [2]),
        (("HEADER", "Message-ID", '"<kt.2@kt.sandbox>"'), [2]),
        (("FROM", '"complaints"', "LARGER", "10"), [1, 2, 3]),
        (("SINCE", "2-Mar-2026"), [1, 2, 3]),
        (("BEFORE", "2-Mar-2026"), []),
        (("ON", "02-Mar-2026"), [1, 2, 3]),
        (("TEXT", "kt.3@"), [3]),
    ],
)
def test_search(sandbox: Sandbox, keys: tuple[str, ...], found: list[int]) -> None:
    fill(sandbox)
    with imap(sandbox) as client:
        assert uids(client, *keys) == found


def test_a_literal_carries_what_a_quoted_string_cannot(sandbox: Sandbox) -> None:
    fill(sandbox)
    with imap(sandbox) as client:
        client.literal = b"[KT-2]"
        assert uids(client, "CHARSET", "UTF-8", "SUBJECT") == [2]


def test_parts_of_a_mail(sandbox: Sandbox) -> None:
    fill(sandbox, 1)
    with imap(sandbox) as client:
        head, part = fetched(client, 1, "(BODY.PEEK[HEADER.FIELDS (Message-ID To)])")
        assert b"BODY[HEADER.FIELDS (Message-ID To)]" in head
        assert sorted(email.message_from_bytes(part).keys()) == ["Message-ID", "To"]
        _, rest = fetched(client, 1, "(BODY.PEEK[HEADER.FIELDS.NOT (Message-ID)])")
        assert "Message-ID" not in email.message_from_bytes(rest)
        _, header = fetched(client, 1, "(RFC822.HEADER)")
        _, text = fetched(client, 1, "(BODY.PEEK[TEXT])")
        assert header + text == sandbox.mailbox.raw(1)
        head, few = fetched(client, 1, "(BODY.PEEK[]<0.6>)")
        assert few == b"Return"
        assert b"BODY[]<0>" in head


def test_folders(sandbox: Sandbox) -> None:
    with imap(sandbox) as client:
        assert client.list()[1] == [b'(\\HasNoChildren) "/" "INBOX"', b'(\\HasNoChildren) "/" "Sent"']
        assert client.select("Sent")[0] == "OK"
        assert client.select("Nowhere")[0] == "NO"
        assert client.capability()[1] == [b"IMAP4rev1"]


def test_a_wrong_password_and_calls_out_of_turn_are_refused(sandbox: Sandbox) -> None:
    with imap(sandbox) as known:
        known.select("INBOX")
        for command in (
            "FETCH 1 (ENVELOPE)",
            "FETCH 1 (FLAGS",
            "SEARCH NEVER",
            "FETCH",
            "SEARCH SINCE today",
            "IDLE",
        ):
            verb, _, rest = command.partition(" ")
            with pytest.raises(imaplib.IMAP4.error, match="BAD"):
                known.xatom(verb, rest) if verb == "IDLE" else known._simple_command(verb, rest)
        assert known.noop()[0] == "OK"
    port = int(sandbox.imap_url.rpartition(":")[2].partition("/")[0])
    with imaplib.IMAP4("127.0.0.1", port, timeout=10) as one, pytest.raises(imaplib.IMAP4.error, match="Wrong"):
        one.login("complaints", "guess")


def test_the_same_mail_delivered_twice_has_two_uids_and_one_message_id(sandbox: Sandbox) -> None:
    sandbox.tell("imap", Switch("twice", times=1))
    fill(sandbox, 1, 2)
    with imap(sandbox) as client:
        assert uids(client, "ALL") == [1, 2, 3]
        assert fetched(client, 1, "(BODY.PEEK[])")[1] == fetched(client, 2, "(BODY.PEEK[])")[1]


def test_a_uidvalidity_change_ends_open_sessions_and_renumbers(sandbox: Sandbox) -> None:
    fill(sandbox)
    with imap(sandbox) as client:
        before = client.response("UIDVALIDITY")[1]
        client.uid("STORE", "1", "+FLAGS", "(\\Deleted)")
        client.expunge()
        sandbox.tell("imap", Switch("uidvalidity"))
        with pytest.raises(imaplib.IMAP4.abort):
            client.noop()
        client.shutdown()
        client.state = "LOGOUT"
    with imap(sandbox) as client:
        assert client.response("UIDVALIDITY")[1] != before
        assert uids(client, "ALL") == [1, 2]
    assert sandbox.switches.get("imap").behaviour == "ok"


def test_an_outage_refuses_connections_and_ends_at_the_same_address(sandbox: Sandbox) -> None:
    fill(sandbox, 1)
    sandbox.tell("imap", Switch("down"))
    with pytest.raises(ConnectionRefusedError), imap(sandbox):
        pass
    fill(sandbox, 2)
    sandbox.tell("imap", Switch())
    with imap(sandbox) as client:
        assert uids(client, "ALL") == [1, 2]


def test_tokens_of_a_command() -> None:
    command = b'a1 UID SEARCH (HEADER "a \\"b\\"" {3}\r\nx y) BODY[HEADER.FIELDS (To)]<0.5> \\Seen\r\n'
    assert tokens(command) == [
        "a1",
        "UID",
        "SEARCH",
        ["HEADER", 'a "b"', "x y"],
        "BODY[HEADER.FIELDS (To)]<0.5>",
        "\\Seen",
    ]
    for bad in (b"a (b", b"a b)", b'a "b'):
        with pytest.raises(BadCommand):
            tokens(bad)


def test_sequence_sets() -> None:
    assert numbers("1,3:2,9:*", [1, 2, 3, 7]) == {1, 2, 3, 7}
    assert numbers("*", []) == set()
    with pytest.raises(BadCommand):
        numbers("a:b", [1])
