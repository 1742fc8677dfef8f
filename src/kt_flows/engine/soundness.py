"""Plays every choice of a scope through: does a join wait for a token that never comes, do tokens grow without end?

Tokens move independently of each other until they meet at a join, so the order in which they move does not matter:
always the first that can goes on, and only its choices are branched over (van der Aalst's soundness of workflow nets,
on the net that the gateways and edges of one scope make; a sub-process is one element of the scope around it).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from kt_flows.engine.definition import Definition, say
from kt_flows.engine.dialect import Element
from kt_flows.engine.links import linked
from kt_flows.engine.ways import awaited, leaving, ways_into_joins
from kt_flows.errors import Finding

T = TypeVar("T")
MOST_STATES = 5_000
"""More than that is not looked at: a finding may be missed, never invented."""
MOST_TOKENS = 60
"""So many may stand at one place; a wide fork has as many, each at its own."""
MOST_WAYS = 6
_JOINS = ("parallelGateway", "inclusiveGateway")
_ENDS_SCOPE = ("terminate", "error", "cancel")
Token = tuple[str, str]
"""Element, and the flow by which it came."""
Marking = tuple[Token, ...]
"""In the order in which they move: each has its turn, so that only what truly multiplies grows."""


def soundness_findings(definition: Definition) -> Iterator[Finding]:
    """Warnings: what a condition keeps from happening cannot be seen from the drawing."""
    game = _Game(definition)
    seen: set[tuple[str, str]] = set()
    for element in definition.elements.values():
        holder = definition.elements.get(element.parent or "")
        if element.type == "startEvent" and not (holder is not None and holder.for_compensation):
            for finding in game.play(element):
                if (finding.rule, str(finding.element_id)) not in seen:
                    seen.add((finding.rule, str(finding.element_id)))
                    yield finding


def subsets(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """Every choice among a few; among many none, each alone, and all."""
    sizes = range(len(items) + 1) if len(items) <= MOST_WAYS else (0, 1, len(items))
    for size in sizes:
        yield from itertools.combinations(items, size)


class _Game:
    """The tokens of one scope and their moves."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.ways = leaving(definition)
        self.into: dict[str, list[str]] = {id: [] for id in definition.elements}
        for flow in definition.flows.values():
            self.into[flow.target].append(flow.id)
        self.lands = {thrown.id: caught.id for thrown, caught in linked(definition)}
        self.edges: dict[str, list[Element]] = {}
        for element in definition.elements.values():
            if element.type == "boundaryEvent" and not element.undone_at_edge:
                self.edges.setdefault(str(element.attached_to), []).append(element)
        self.before = ways_into_joins(definition)

    def play(self, start: Element) -> Iterator[Finding]:
        first: Marking = ((start.id, ""),)
        to_do, seen = [first], {first}
        while to_do and len(seen) < MOST_STATES:
            marking = to_do.pop()
            after = self.moves(marking)
            if not after and marking:
                yield self.stands(marking)
            for one in after or ():
                if len(one) > MOST_TOKENS and max(Counter(one).values()) > MOST_TOKENS:
                    yield self.grows(one)
                    return
                if (same := tuple(sorted(one))) not in seen:
                    seen.add(same)
                    to_do.append(one)

    def moves(self, marking: Marking) -> list[Marking] | None:
        """What may follow; None where nothing can move."""
        for at, (id, _) in enumerate(marking):
            if not self.joins(id):
                rest = marking[:at] + marking[at + 1 :]
                return [self.with_(rest, way) for way in self.outcomes(self.definition.elements[id])]
        for id in dict.fromkeys(id for id, _ in marking):
            here = {flow for at, flow in marking if at == id}
            if self.definition.elements[id].type == "parallelGateway":
                ready = here == set(self.into[id])
            else:
                ready = not any(awaited(self.before[id], here, at) for at, _ in marking if at != id)
            if ready:
                left = list(marking)
                for flow in here:
                    left.remove((id, flow))
                return [self.with_(tuple(left), way) for way in self.outcomes(self.definition.elements[id])]
        return None

    def joins(self, id: str) -> bool:
        return self.definition.elements[id].type in _JOINS and len(self.into[id]) > 1

    @staticmethod
    def with_(rest: Marking, way: Marking | None) -> Marking:
        return () if way is None else rest + way

    def outcomes(self, element: Element) -> list[Marking | None]:
        """By which flows a token may leave; None where its scope ends with it."""
        if element.type == "endEvent":
            return [None] if element.event in _ENDS_SCOPE else [()]
        if element.id in self.lands:
            return [((self.lands[element.id], ""),)]
        ways = [(flow.target, flow.id) for flow in self.ways[element.id]]
        if element.type in ("exclusiveGateway", "eventBasedGateway"):
            return [(way,) for way in ways]
        if element.type == "parallelGateway":
            return [tuple(ways)]
        edges = [
            (edge, tuple((flow.target, flow.id) for flow in self.ways[edge.id]))
            for edge in self.edges.get(element.id, ())
        ]
        instead = [way for edge, way in edges if edge.interrupting]
        beside = [way for edge, way in edges if not edge.interrupting]
        leaves = [*self.several(element), *instead]
        both = ((way + sum(aside, ())) for aside in subsets(beside) for way in leaves)
        return list(itertools.islice(both, MOST_STATES))

    def several(self, element: Element) -> Iterator[Marking]:
        """As many of the conditional flows as may hold, those that always go, and the default where none holds."""
        flows = self.ways[element.id]
        conditional = [flow for flow in flows if flow.condition is not None]
        always = [flow for flow in flows if flow.condition is None and not flow.default]
        default = [flow for flow in flows if flow.default]
        if element.type == "inclusiveGateway" and not conditional:
            conditional, always = always, []
        for chosen in subsets(conditional):
            taken = [*always, *(chosen or default)]
            if taken or element.type != "inclusiveGateway":
                yield tuple((flow.target, flow.id) for flow in taken)

    def stands(self, marking: Marking) -> Finding:
        id = marking[0][0]
        here = {flow for at, flow in marking if at == id}
        missing = ", ".join(sorted(set(self.into[id]) - here))
        message = f"здесь может ждать вечно: поток {missing} не придёт"
        hint = "Сведите ветви шлюзом того же вида, каким их развели, и ни одну не уводите мимо"
        return say(self.definition, self.definition.elements[id], "deadlock", message, hint, "warning")

    def grows(self, marking: Marking) -> Finding:
        ids = [id for id, _ in marking]
        id = max(ids, key=ids.count)
        message, hint = "ветвей становится всё больше", "Сведите параллельные ветви до возврата в цикл"
        return say(self.definition, self.definition.elements[id], "endless-fork", message, hint, "warning")
