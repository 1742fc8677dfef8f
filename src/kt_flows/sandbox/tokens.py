"""`var/sandbox.json`: the sandbox's address and a bearer token for each ready actor, for people and tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kt_flows.sandbox.journal import write_whole


@dataclass(frozen=True, slots=True)
class ReadyActor:
    """Somebody to play: what they may do, and whose tasks are theirs."""

    roles: tuple[str, ...]
    groups: tuple[str, ...] = ()


ACTORS: Mapping[str, ReadyActor] = {
    "admin": ReadyActor(("admin",)),
    "crm": ReadyActor(("crm",)),
    "operator_160": ReadyActor(("operator",), ("operator_160",)),
    "supervisor_160": ReadyActor(("supervisor",), ("supervisor_160", "operator_160", "provider_manager")),
    "operator_165": ReadyActor(("operator",), ("operator_165",)),
    "branch_ALA": ReadyActor(("operator",), ("branch_specialist:ALA", "branch_head:ALA")),
    "branch_AST": ReadyActor(("operator",), ("branch_specialist:AST", "branch_head:AST")),
    "compensation_officer": ReadyActor(("operator",), ("compensation_officer",)),
    "gcust_engineer": ReadyActor(("operator",), ("gcust_engineer",)),
    "gcust_shift_lead": ReadyActor(("supervisor",), ("gcust_shift_lead", "gcust_engineer")),
    "analyst": ReadyActor(("analyst",)),
}


def write_tokens(
    var_dir: Path,
    base_url: str,
    *,
    create: Callable[[str, tuple[str, ...], tuple[str, ...]], str],
    valid: Callable[[str], bool] = lambda token: True,
) -> dict[str, str]:
    """Writes `<var_dir>/sandbox.json`, readable by its owner alone, and answers actor to token.

    `create(name, roles, groups)` makes an API key; it is called only for an actor whose token of an earlier run is
    not there or not `valid` any more (a new database), so tokens stay the same over restarts.
    """
    path = Path(var_dir) / "sandbox.json"
    kept = _kept(path)
    tokens: dict[str, str] = {}
    for name, actor in ACTORS.items():
        token = kept.get(name)
        tokens[name] = token if token and valid(token) else create(name, actor.roles, actor.groups)
    content = json.dumps({"baseUrl": base_url, "tokens": tokens}, indent=2) + "\n"
    write_whole(path, content.encode(), mode=0o600)
    os.chmod(path, 0o600)
    return tokens


def _kept(path: Path) -> dict[str, str]:
    try:
        tokens = json.loads(path.read_bytes())["tokens"]
        return {str(name): str(token) for name, token in tokens.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}
