"""Settings: read from the environment, refused with the name of what to set."""

from __future__ import annotations

from typing import Any

import pytest

from kt_flows.settings import (
    DEFAULT_SECRET,
    PLACEHOLDER_PROVIDER,
    BadSettings,
    Settings,
    placeholder,
    read_settings,
    require_ready,
    unknown_settings,
)

GOOD: dict[str, Any] = {
    "secret": "s" * 32,
    "providers": {"default": "support@provider.kz"},
    "mail_from": "160@telecom.kz",
    "smtp_url": "smtp://mail.telecom.kz:25",
    "imap_url": "imaps://u:p@mail.telecom.kz/INBOX",
}


def test_production_starts_when_all_is_set() -> None:
    require_ready(Settings(**GOOD), keys_exist=True)


@pytest.mark.acceptance("8")
@pytest.mark.parametrize("address", [PLACEHOLDER_PROVIDER, "provider@example.com", "support@x.example", "", "todo"])
def test_a_placeholder_provider_address_is_refused_by_name(address: str) -> None:
    with pytest.raises(BadSettings, match="KT_FLOWS_PROVIDERS"):
        require_ready(Settings(**GOOD | {"providers": {"ivi": address}}), keys_exist=True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret": DEFAULT_SECRET}, "KT_FLOWS_SECRET"),
        ({"secret": "short"}, "KT_FLOWS_SECRET"),
        ({"providers": {}}, "KT_FLOWS_PROVIDERS"),
        ({"mail_from": "kt-flows@example.invalid"}, "KT_FLOWS_MAIL_FROM"),
        ({"smtp_url": None}, "KT_FLOWS_SMTP_URL"),
        ({"imap_url": None}, "KT_FLOWS_IMAP_URL"),
        ({"group_mail": {"operator_160": "x@test.invalid"}}, "KT_FLOWS_GROUP_MAIL"),
    ],
)
def test_production_names_what_is_missing(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        require_ready(Settings(**GOOD | change), keys_exist=True)


def test_production_wants_authentication() -> None:
    with pytest.raises(BadSettings, match="key create"):
        require_ready(Settings(**GOOD), keys_exist=False)
    require_ready(Settings(**GOOD, bootstrap_token="b" * 32), keys_exist=False)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(BadSettings) as refused:
        require_ready(Settings(), keys_exist=False)
    for name in ("SECRET", "PROVIDERS", "MAIL_FROM", "SMTP_URL", "IMAP_URL", "BOOTSTRAP_TOKEN"):
        assert f"KT_FLOWS_{name}" in refused.value.message


def test_the_sandbox_stays_on_this_machine() -> None:
    require_ready(Settings(mode="sandbox"), keys_exist=False)
    with pytest.raises(BadSettings, match="KT_FLOWS_HOST"):
        require_ready(Settings(mode="sandbox", host="0.0.0.0"), keys_exist=False)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KT_FLOWS_PORT", "8123")
    monkeypatch.setenv("KT_FLOWS_PROVIDERS", '{"ivi": "help@ivi.kz"}')
    monkeypatch.setenv("KT_FLOWS_PROT", "1")
    settings = read_settings()
    assert (settings.port, settings.providers) == (8123, {"ivi": "help@ivi.kz"})
    assert unknown_settings() == ["KT_FLOWS_PROT"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KT_FLOWS_PORT", "70000"),
        ("KT_FLOWS_MODE", "staging"),
        ("KT_FLOWS_DATABASE_URL", "mysql://x"),
        ("KT_FLOWS_SMTP_URL", "mail"),
        ("KT_FLOWS_BOOTSTRAP_TOKEN", "short"),
        ("KT_FLOWS_PROVIDERS", "not json"),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name.removesuffix("PROVIDERS") if "PROVIDERS" in name else name):
        read_settings()


def test_secrets_are_not_in_the_settings_text() -> None:
    shown = repr(Settings(**GOOD, bootstrap_token="b" * 32))
    assert "s" * 32 not in shown
    assert "b" * 32 not in shown
    assert "u:p@" not in shown


def test_real_addresses_are_no_placeholders() -> None:
    assert not placeholder("helpdesk@ott-provider.kz")
    assert not placeholder("support+160@mail.provider.com")
