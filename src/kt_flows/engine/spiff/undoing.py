"""Compensation: what has been done is kept, and undone on demand, the last first (BPMN 2.0.2, 13.5.5).

A scope keeps one record for each activity that was done in it and can be undone, in the order in which they ended.
Undoing takes the records out, so that nothing is undone twice, and runs the handlers one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kt_flows.engine.spiff import events
from kt_flows.engine.spiff.hosts import Inside, Repeating
from kt_flows.engine.spiff.nodes import Node
from kt_flows.engine.spiff.token import Token

if TYPE_CHECKING:
    from kt_flows.engine.spiff.case import Case

Record = list[Any]
"""Element id, the names that its repetition gave it, and the records of what it held."""


def remember(case: Case, token: Token) -> None:
    """Keeps of an activity that is done what its undoing will need, with the scope that it stands in."""
    node, element = token.node, token.node.element
    inner: list[Record] = token.facts.get("undoable", [])
    if isinstance(node, Repeating) or element.for_compensation:
        return
    if element.triggered_by_event:
        if not _undoes(token):
            _records(case, _scope(token)).extend(inner)
        return
    graph = node.graph
    if element.id in graph.undone_by or (element.called is None and (inner or element.id in graph.undone_inside)):
        given = {"loopCounter", element.loop.variable if element.loop else None}
        names = {name: value for name, value in token.local.items() if name in given}
        _records(case, _scope(token)).append([element.id, names, [] if element.id in graph.undone_by else inner])


def records_of(case: Case) -> Iterator[tuple[str, str]]:
    """Process and element of everything that is kept or is being undone: what another version must have as well."""
    for key, records in [
        (case.program.root.definition.key, case.undoable),
        *((_key(token), token.facts[name]) for token in case.tasks.values() for name in _KEPT & token.facts.keys()),
    ]:
        to_do = list(records)
        while to_do:
            id, _, inner = to_do.pop()
            yield key, id
            to_do.extend(inner)


_KEPT = {"undoable", "undo"}


def _key(token: Token) -> str:
    return token.node.element.called or token.node.process_key


class Undo(Node):
    """A thrown compensation: it holds the handlers, one at a time, and goes on when all is undone."""

    def _run_hook(self, token: Token) -> bool | None:
        self.begin(token)
        token.facts["undo"] = self.taken(token)
        token.workflow.note(token, "thrown", compensation=[id for id, _, _ in reversed(token.facts["undo"])])
        if not self.emptied(token):
            return None
        self.close(token)
        return True

    def taken(self, token: Token) -> list[Record]:
        """What is to be undone, the last first from the end; the scopes no longer keep it."""
        case, wanted, found = token.workflow, self.element.undoes, list[Record]()
        scope = _scope(token)
        while True:
            records = _records(case, scope)
            found[:0] = self.flat([record for record in records if wanted in (None, record[0])], {})
            records[:] = [record for record in records if wanted not in (None, record[0])]
            # Thrown in an event sub-process, it is about what is around that as well.
            if scope is None or not scope.node.element.triggered_by_event or _undoes(scope):
                return found
            scope = _scope(scope)

    def flat(self, records: list[Record], names: Mapping[str, Any]) -> list[Record]:
        """Those that have a handler of their own; of a sub-process without one, what it held."""
        found: list[Record] = []
        for id, own, inner in records:
            if id in self.graph.undone_by or id in self.graph.undone_inside:
                found.append([id, {**names, **own}, inner])
            else:
                found += self.flat(inner, {**names, **own})
        return found

    def emptied(self, token: Token) -> bool:
        """Begins the next handler; whether there is none."""
        if not token.facts["undo"]:
            return True
        id, names, inner = token.facts["undo"].pop()
        if id in self.graph.undone_by:
            handler = Token(token.workflow, self.graph.undone_by[id], token)
            handler.local = names
            handler._ready()
        else:
            start = events.begun(token.workflow, self.graph.undone_inside[id], token)
            assert start.host is not None
            start.host.local, start.host.facts["undoable"] = names, inner
            token.workflow.finish(start, {})
        return False

    def close(self, token: Token) -> None:
        self.end(token, {})


class Cancel(Undo):
    """The end that cancels its transaction: all in it is undone, then it is left at its cancel event."""

    def taken(self, token: Token) -> list[Record]:
        case, transaction = token.workflow, token.host
        assert transaction is not None
        found = [*self.flat(_records(case, transaction), {}), *self.unfinished(transaction, {})]
        transaction.facts["undoable"] = []
        for other in [other for other in case.tasks.values() if other.host is transaction and other is not token]:
            if other.id in case.tasks:
                case.cancel_token(other)
        return found

    def unfinished(self, host: Token, names: Mapping[str, Any]) -> list[Record]:
        """What sub-processes that are still open have done already: cancelling leaves nothing half done."""
        found: list[Record] = []
        for token in list(host.workflow.tasks.values()):
            if (
                token.host is host
                and isinstance(token.node, Inside | Repeating)
                and token.node.element.called is None
            ):
                seen = {**names, **token.local}
                found += self.flat(token.facts.get("undoable", []), seen) + self.unfinished(token, seen)
        return found

    def emptied(self, token: Token) -> bool:
        if not super().emptied(token):
            return False
        case, transaction = token.workflow, token.host
        edge = next(
            other
            for other in case.tasks.values()
            if transaction is not None and other.attached == transaction.id and other.node.element.event == "cancel"
        )
        events.fire(case, edge, {})
        return False


def _undoes(token: Token) -> bool:
    """Whether a thrown compensation holds the token."""
    return token.host is not None and isinstance(token.host.node, Undo)


def _scope(token: Token) -> Token | None:
    """The sub-process or call that the token stands in, None for the case itself."""
    level = token.host
    while level is not None and not isinstance(level.node, Inside):
        level = level.host
    return level


def _records(case: Case, scope: Token | None) -> list[Record]:
    if scope is None:
        return case.undoable
    records: list[Record] = scope.facts.setdefault("undoable", [])
    return records
