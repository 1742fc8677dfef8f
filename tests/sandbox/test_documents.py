"""What the sandbox can do stands in docs/reference/sandbox.md, and the settings that it gives are settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from kt_flows.sandbox import provider, switches
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.systems import INDICATORS
from kt_flows.sandbox.tokens import ACTORS
from kt_flows.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs/reference/sandbox.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", [*provider.BEHAVIOURS, *switches.BEHAVIOURS, *ACTORS, *INDICATORS])
def test_each_system_actor_and_indicator_is_documented(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_each_behaviour_has_its_row() -> None:
    for system, behaviours in switches.BEHAVIOURS.items():
        for behaviour in behaviours:
            row = f"| `{system}` | `{behaviour}` |" if system in ("smtp", "imap") else f"| `{behaviour}` |"
            assert row in PAGE or behaviour == "ok", (system, behaviour)


def test_the_sandboxs_settings_are_settings(sandbox: Sandbox) -> None:
    given = sandbox.settings()
    settings = Settings(mode="sandbox", **given)
    assert settings.siebel_url == sandbox.siebel_url
    assert settings.providers == {"default": sandbox.provider_address}
    assert settings.group_mail["branch_head:ALA"] == "branch_head.ALA@kt.sandbox"
    assert set(given) <= set(Settings.model_fields)
