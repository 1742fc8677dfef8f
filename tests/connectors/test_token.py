"""Tokens and marks: found again, and nobody else's."""

from __future__ import annotations

import pytest

from kt_flows.connectors import token

SECRET = "s" * 32


def test_a_token_is_the_same_for_the_same_place_and_another_for_any_other() -> None:
    one = token.issue(SECRET, "case", "7")
    assert one == token.issue(SECRET, "case", "7")
    others = {token.issue(SECRET, "case", "8"), token.issue(SECRET, "other", "7"), token.issue("t" * 32, "case", "7")}
    assert one not in others
    assert len(others) == 3
    assert token.TOKEN.fullmatch(one)


def test_a_token_has_at_least_128_bits_of_mac() -> None:
    mac = token.issue(SECRET, "case", "7").rpartition(".")[2]
    assert len(mac) * 5 >= 128


def test_a_token_survives_an_address_that_lost_its_case() -> None:
    one = token.issue(SECRET, "case", "7")
    assert token.tokens_in(f"<Complaints+{one.upper()}@KT.kz> {one}") == (one,)


@pytest.mark.parametrize("text", ["v1.short.mac", "v2." + "a" * 12 + "." + "a" * 32, "", "v1." + "1" * 12 + "." * 33])
def test_what_has_no_token_s_shape_is_none(text: str) -> None:
    assert token.tokens_in(text) == ()


def test_a_mark_is_found_among_other_words_of_a_subject() -> None:
    mark = token.subject_mark(SECRET, "mail-1")
    assert token.marks_in(f"Re: [Ticket#12] Жалоба {mark} (fwd)") == (mark,)
    assert token.marks_in("Re: [KT-000123-AAAAAAAA] x") == ()
    assert mark != token.subject_mark("t" * 32, "mail-1")
