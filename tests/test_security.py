"""API keys and roles."""

from __future__ import annotations

import re

import pytest

from kt_flows.security import (
    PERMISSIONS,
    ROLES,
    Actor,
    Signer,
    check_roles,
    digest,
    key_id,
    make_key,
    same,
)


def test_a_key_has_its_id_and_a_check_sum() -> None:
    key = make_key()
    assert re.fullmatch(r"ktf_live_[A-Za-z0-9]{8}_[A-Za-z0-9]{32}_[0-9a-f]{6}", key.token)
    assert key_id(key.token) == key.id
    assert key.digest == digest(key.token)
    assert key.token not in key.digest
    assert make_key().token != key.token


def test_a_mistyped_key_has_no_id() -> None:
    token = make_key(sandbox=True).token
    other = "B" if token[20] != "B" else "C"
    for text in (token[:-1], token[:20] + other + token[21:], "", "ktf_live_", token + "\n", "x" * 10_000):
        assert key_id(text) is None


def test_roles_say_what_an_actor_may() -> None:
    crm = Actor("siebel", frozenset({"crm"}))
    assert crm.may("instances.start")
    assert crm.may("messages.send")
    assert not crm.may("tasks.work")
    assert not crm.may("definitions.deploy")
    operator = Actor("anna", frozenset({"operator"}), frozenset({"operator_160"}))
    assert operator.may("tasks.work")
    assert not operator.may("tasks.assign")
    assert not operator.sees_all_instances
    analyst = Actor("dana", frozenset({"analyst"}))
    assert analyst.may("definitions.deploy")
    assert not analyst.may("instances.start")
    assert all(Actor("root", admin=True).may(permission) for permission in PERMISSIONS)
    assert all(Actor("root", frozenset({"admin"})).may(permission) for permission in PERMISSIONS)
    assert not any(Actor("nobody", frozenset({"no-such-role"})).may(permission) for permission in PERMISSIONS)


def test_a_role_that_there_is_not_is_named() -> None:
    assert check_roles(["crm", "crm"]) == {"crm"}
    with pytest.raises(ValueError, match=r"'boss'.*crm"):
        check_roles(["boss"])
    assert set(ROLES) == {"crm", "operator", "supervisor", "analyst", "admin"}


def test_a_signed_text_comes_back_in_its_context_only() -> None:
    signer = Signer("secret", "cursor")
    signed = signer.sign('["2026", 1]', "anna")
    assert signer.read(signed, "anna") == '["2026", 1]'
    changed = ("A" if signed[-2] != "A" else "B").join((signed[:-2], signed[-1]))
    for text, context in ((signed, "boris"), (changed, "anna"), ("", "anna"), ("💥", "anna"), ("A" * 9999, "anna")):
        with pytest.raises(ValueError, match="not signed"):
            signer.read(text, context)
    with pytest.raises(ValueError, match="not signed"):
        Signer("secret", "other purpose").read(signed, "anna")


def test_secrets_are_compared() -> None:
    assert same("ключ", "ключ")
    assert not same("a", "b")
