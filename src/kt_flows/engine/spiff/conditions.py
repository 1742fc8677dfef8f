"""Conditional events: which of them has turned from false to true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.scope import values_of
from kt_flows.engine.spiff.token import Token
from kt_flows.errors import FlowsError

if TYPE_CHECKING:
    from kt_flows.engine.spiff.case import Case


def turned(case: Case, attached: Token | None = None) -> Token | None:
    """The first open conditional event, in order of age, whose condition is true now and was not when last looked at.

    With `attached` only of those at this activity's edge.  What a condition was is kept with its token, so that a
    case that was restored does not fire again.  One that cannot be evaluated is an incident there.
    """
    for token in list(case.tasks.values()):
        if "was" not in token.facts or token.facts.keys() & {"incident", "passing"}:
            continue
        if attached is not None and token.attached != attached.id:
            continue
        try:
            holds = _holds(token)
        except FlowsError as error:
            case.park(token, error)
            continue
        before, token.facts["was"] = token.facts["was"], holds
        if holds and not before:
            return token
    return None


def _holds(token: Token) -> bool:
    condition = token.node.element.condition
    assert condition is not None
    values = values_of(token)
    try:
        return condition.evaluate(values) is True
    except ExpressionError:
        # What it asks about is not known yet: it is not true yet.
        if any(values.get(name) is None for name in condition.names):
            return False
        raise
