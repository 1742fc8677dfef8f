"""What a person does to a token that is stuck: put its data right and try again, or go past it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.spiff.hosts import Inside, Repeating
from kt_flows.engine.spiff.scope import variables_of
from kt_flows.engine.spiff.token import Token
from kt_flows.engine.spiff.waiting import Job
from kt_flows.engine.values import fitting
from kt_flows.errors import Conflict, FieldError, InvalidValues
from kt_flows.topics import TOPICS

if TYPE_CHECKING:
    from kt_flows.engine.spiff.case import Case


class ElementRefuses(Conflict):
    """The element does not take this."""

    code = "element_refuses"


def put(token: Token, variables: Mapping[str, Any]) -> None:
    """Sets variables of the process that the token's element stands in.

    Raises InvalidValues for one that the process does not declare, or declares as another type.
    """
    declared = token.workflow.program.definitions[token.node.process_key].manifest.variables
    words = {name: declared[name].type for name in variables if name in declared}
    variables_of(token.host, token.workflow.variables).update(_fitting("variables", words, variables))


def ask_anew(token: Token, payload: Mapping[str, Any], *, renewed: bool) -> None:
    """An outside call with these values in its payload; `renewed`: after its inputs were read again.

    Raises InvalidValues for what the call does not take, ElementRefuses where the inputs cannot be read.
    """
    node, facts = token.node, token.facts
    if not isinstance(node, Job):
        if payload:
            raise InvalidValues([FieldError("payload", "Здесь ничего не вызывается", "unknown")])
        return
    if renewed:
        try:
            node.begin(token)
            node.open(token)
        except ExpressionError as error:
            raise ElementRefuses(f"{node.element.id}: {error.message}") from error
    words = dict.fromkeys(facts["payload"], "any") | _types(TOPICS[str(node.element.topic)].inputs)
    facts["payload"] = {**facts["payload"], **_fitting("payload", words, payload)}


def skip(case: Case, token: Token, result: Mapping[str, Any] | None) -> None:
    """Goes on as if the outside had answered `result`, or past an activity that cannot do its work.

    Raises InvalidValues for a result that the call does not give, ElementRefuses where going past has no meaning or
    the element does not take the result.
    """
    node, facts = token.node, token.facts
    incident = "incident" in facts
    if incident:
        _must_have_a_way_past(token)
    if result is not None and not isinstance(node, Job):
        raise InvalidValues([FieldError("result", "Здесь ничего не вызывается", "unknown")])
    if isinstance(node, Job) and not (incident and result is None):
        outputs = _types(TOPICS[str(node.element.topic)].outputs)
        case.finish(token, dict.fromkeys(outputs) | _fitting("result", outputs, result or {}))
        if "incident" in facts:
            raise ElementRefuses(f"{node.element.id}: {facts['incident']['message']}")
        return
    if isinstance(node, Inside | Repeating):
        case.cancel_inside(token)
    for name in ("incident", "payload_in"):
        facts.pop(name, None)
    facts["passing"] = True
    token._ready()


def _must_have_a_way_past(token: Token) -> None:
    id, type_ = token.node.element.id, token.node.element.type
    if token.watching or type_.endswith(("Event", "Gateway")) or "passing" in token.facts:
        raise ElementRefuses(
            f"{id}: past it there is no way to choose. Retry it with the variables that its expression needs, "
            "migrate the case to a version that is put right, or cancel the case."
        )


def _types(given: Mapping[str, str]) -> dict[str, str]:
    return {name: word.removesuffix("?") for name, word in given.items()}


def _fitting(field: str, words: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the declared types.  Raises InvalidValues naming each at fault."""
    kept, faults = fitting(words, values)
    errors = list(_unknown(field, words, values))
    errors += [FieldError(f"{field}.{name}", said, "type") for name, said in faults]
    if errors:
        raise InvalidValues(errors)
    return kept


def _unknown(field: str, words: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in values:
        if name not in words:
            yield FieldError(f"{field}.{name[:100]}", "Такого имени здесь нет", "unknown")
