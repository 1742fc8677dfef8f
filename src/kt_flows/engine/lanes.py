"""Reads lanes: whose a user task is that names nobody itself."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from kt_flows.engine.allowed import CAMUNDA
from kt_flows.engine.expression import Template
from kt_flows.engine.marks import Marks, children, tag

_GROUP = re.compile(r"[a-z][a-z0-9_]*(?::[A-Za-z0-9_]+)?", re.ASCII)
"""A lane's name that may be taken for a candidate group; any other is a title for people."""
MAX_LANES = 50


class Lanes(Marks):
    """The lanes of a process and of its sub-processes."""

    def lanes(self, holder: Any) -> None:
        """Learns which groups the lanes directly in a process or sub-process give to what lies in them."""
        for item in children(holder):
            if tag(item) == "laneSet":
                self._lane_set(item, (), 0)

    def lane_groups(self, id: str, parent: str | None) -> tuple[Template, ...]:
        """The groups of the innermost lane around an element; a sub-process lies in its lane with all it holds."""
        if id not in self.groups_of and parent is not None:
            self.groups_of[id] = self.groups_of.get(parent, ())
        return self.groups_of.get(id, ())

    def _lane_set(self, item: Any, outer: tuple[Template, ...], depth: int) -> None:
        for lane in children(item):
            if tag(lane) != "lane" or depth > MAX_LANES:
                continue
            groups = self._own(lane) or outer
            for part in children(lane):
                if tag(part) == "flowNodeRef":
                    self._holds(part, groups, depth)
                elif tag(part) == "childLaneSet":
                    self._lane_set(part, groups, depth + 1)

    def _holds(self, ref: Any, groups: tuple[Template, ...], depth: int) -> None:
        """An element in a lane.  In an outer and an inner one it is the inner's; in two side by side nobody's."""
        id = (ref.text or "").strip()
        if self._lane_depths.get(id) == depth:
            said = f"{id[:60]} лежит в двух дорожках"
            self.say("lane", ref, said, "Оставьте его в одной")
        if self._lane_depths.get(id, -1) <= depth:
            self._lane_depths[id] = depth
            self.groups_of[id] = groups

    def _own(self, lane: Any) -> tuple[Template, ...]:
        """What the property `candidateGroups` says, else the lane's name where it is a group's."""
        for value in _properties(lane, "candidateGroups"):
            found = [self.template(lane, part.strip(), self.types) for part in value.split(",") if part.strip()]
            return tuple(group for group in found if group)
        name = lane.get("name", "").strip()
        template = self.template(lane, name, self.types) if _GROUP.fullmatch(name) else None
        return (template,) if template else ()


def _properties(item: Any, name: str) -> list[str]:
    """The values of the modeler's properties of this name."""
    return [
        inner.get("value", "")
        for holder in children(item)
        if tag(holder) == "extensionElements"
        for properties in children(holder)
        if properties.tag == etree.QName(CAMUNDA, "properties")
        for inner in children(properties)
        if inner.get("name") == name
    ]
