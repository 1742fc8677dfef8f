"""What a token can see, and where it writes: one variable scope per process, locals on top."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kt_flows.engine.spiff.token import Token


def variables_of(token: Token | None, root: dict[str, Any]) -> dict[str, Any]:
    """The variables of the process that the token runs in: the innermost call's, else the case's."""
    while token is not None:
        if "variables" in token.facts:
            found: dict[str, Any] = token.facts["variables"]
            return found
        token = token.host
    return root


def values_of(token: Token) -> Mapping[str, Any]:
    """Everything that the token's expressions see: locals outwards to its process, its variables, the constants."""
    case = token.workflow
    layers: list[Any] = []
    level: Token | None = token
    while level is not None:
        if level.local:
            layers.append(level.local)
        level = level.host
        if level is not None and "variables" in level.facts:
            break
    variables = variables_of(token.host, case.variables)
    constants: dict[str, Any] = case.program.constants[token.node.process_key]
    return ChainMap(*layers, variables, constants, case.implicit)
