"""The ready actors' tokens: one file, for its owner only, the same over restarts."""

from __future__ import annotations

import json
from pathlib import Path

from kt_flows.sandbox.tokens import ACTORS, write_tokens
from kt_flows.security import ROLES


class Keys:
    """Makes keys and knows those it made."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}

    def create(self, name: str, roles: tuple[str, ...], groups: tuple[str, ...]) -> str:
        token = f"key-{len(self.made)}"
        self.made[token] = (name, roles, groups)
        return token


def test_each_ready_actor_has_a_token_and_keeps_it(tmp_path: Path) -> None:
    keys = Keys()
    tokens = write_tokens(tmp_path, "http://127.0.0.1:8080", create=keys.create)
    path = tmp_path / "sandbox.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {"baseUrl": "http://127.0.0.1:8080", "tokens": tokens}
    assert list(tokens) == list(ACTORS)
    again = write_tokens(tmp_path, "http://127.0.0.1:9090", create=keys.create, valid=keys.made.__contains__)
    assert again == tokens
    assert len(keys.made) == len(ACTORS)
    assert json.loads(path.read_text())["baseUrl"] == "http://127.0.0.1:9090"


def test_a_token_that_the_database_does_not_know_is_made_anew(tmp_path: Path) -> None:
    old = write_tokens(tmp_path, "http://x", create=Keys().create)
    fresh = Keys()
    new = write_tokens(tmp_path, "http://x", create=fresh.create, valid=lambda token: token == old["crm"])
    assert new["crm"] == old["crm"]
    assert len(fresh.made) == len(ACTORS) - 1


def test_a_torn_file_of_an_earlier_run_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "sandbox.json").write_text('{"tokens": ["')
    (tmp_path / "sandbox.json").chmod(0o644)
    write_tokens(tmp_path, "http://x", create=Keys().create)
    assert (tmp_path / "sandbox.json").stat().st_mode & 0o777 == 0o600


def test_actors_have_roles_that_there_are_and_the_groups_of_the_contract(tmp_path: Path) -> None:
    assert set(ACTORS) == {
        "admin",
        "crm",
        "operator_160",
        "supervisor_160",
        "operator_165",
        "branch_ALA",
        "branch_AST",
        "compensation_officer",
        "gcust_engineer",
        "gcust_shift_lead",
        "analyst",
    }
    assert all(role in ROLES for actor in ACTORS.values() for role in actor.roles)
    assert ACTORS["branch_ALA"].groups == ("branch_specialist:ALA", "branch_head:ALA")
    assert ACTORS["supervisor_160"].groups == ("supervisor_160", "operator_160", "provider_manager")
