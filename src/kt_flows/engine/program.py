"""A program: a process and all that it calls, linked and ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kt_flows.engine.definition import Definition
from kt_flows.engine.dialect import Element
from kt_flows.engine.spiff.graph import Graph
from kt_flows.errors import Broken
from kt_flows.topics import TOPICS


class Program:
    """The definitions of a bundle and their graphs.  Immutable, shared by all its cases and threads."""

    def __init__(self, root: Definition, called: Mapping[str, Definition]) -> None:
        self.definitions: dict[str, Definition] = {**called, root.key: root}
        self.graphs = {key: Graph(definition) for key, definition in self.definitions.items()}
        self.root = self.graphs[root.key]
        self.conditional = any(
            element.event == "conditional" for one in self.definitions.values() for element in one.elements.values()
        )
        """Whether anything waits for a condition: only then are conditions looked at."""
        self.constants: dict[str, dict[str, Any]] = {
            key: definition.manifest.constant_values for key, definition in self.definitions.items()
        }

    @staticmethod
    def inputs_of(element: Element) -> Mapping[str, str]:
        """The inputs that the element's topic knows."""
        return TOPICS[str(element.topic)].inputs


def link(root: Definition, called: Mapping[str, Definition]) -> Program:
    """Links a process with the closure of what it calls, by key.  Raises Broken where one is missing."""
    to_do, needed = [root], {root.key}
    while to_do:
        for key in to_do.pop().calls - needed:
            if key not in called:
                raise Broken(f"{root.key} calls {key}, which is not in the bundle")
            needed.add(key)
            to_do.append(called[key])
    return Program(root, {key: called[key] for key in needed if key != root.key})
