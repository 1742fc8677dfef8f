"""A form's tree of fields, and how what a person submitted is taken from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from kt_flows.engine.field import Field, Wrong
from kt_flows.engine.hide import Condition
from kt_flows.errors import FieldError, InvalidValues

MAX_ROWS = 500
MAX_ERRORS = 100
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Components under one path, or under none; a repeated one holds a list of rows."""

    path: Path
    parts: tuple[Field | Group, ...]
    hide: Condition | None = None
    repeated: bool = False
    rows: int | None = None
    """So many rows, no more and no fewer."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field, or a list of rows, by its whole path, with every condition that may hide it."""

    path: Path
    item: Field | tuple[Leaf, ...]
    hides: tuple[Condition, ...]
    rows: int | None = None

    def hidden(self, values: Mapping[str, Any]) -> bool:
        return any(condition.hides(values) for condition in self.hides)

    @property
    def disabled(self) -> bool:
        return isinstance(self.item, Field) and self.item.disabled

    @property
    def computed(self) -> bool:
        return isinstance(self.item, Field) and self.item.formula is not None


def leaves_of(group: Group) -> tuple[Leaf, ...]:
    """The leaves of a group, their paths relative to where it stands."""
    found: list[Leaf] = []
    for part in group.parts:
        own = (part.hide,) if part.hide else ()
        if isinstance(part, Field):
            found.append(Leaf(tuple(part.key.split(".")), part, own))
        elif part.repeated:
            found.append(Leaf(part.path, leaves_of(part), own, part.rows))
        else:
            found += (Leaf(part.path + leaf.path, leaf.item, own + leaf.hides, leaf.rows) for leaf in leaves_of(part))
    return tuple(found)


@dataclass(frozen=True)
class Form:
    """A form by its id, with the schema's own bytes for the browser."""

    id: str
    schema: bytes
    root: Group

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        return leaves_of(self.root)

    def fields(self) -> Iterator[tuple[str, Field]]:
        """Each field with its dotted path; rows are named `list[]`."""
        yield from _fields(self.leaves, "")

    @property
    def variables(self) -> dict[str, str]:
        """The process variables that a submission sets, with their type words."""
        return {
            leaf.path[0]: "map" if len(leaf.path) > 1 else leaf.item.word if isinstance(leaf.item, Field) else "list"
            for leaf in self.leaves
        }

    def check(
        self, values: Mapping[str, Any], context: Mapping[str, Any] | None = None, now: datetime | None = None
    ) -> dict[str, Any]:
        """The submitted values as the case takes them: hidden and disabled fields left out.

        `context` are the case's variables, which conditions, bounds and options may read where the form says nothing;
        `now` is the time by which a date has passed.  Raises InvalidValues with a FieldError for each field at fault,
        by its path; the task stays open and the person at the form mends it.
        """
        errors: list[FieldError] = []
        kept = _Check(dict(context or {}), errors, now).of(self.leaves, values, "")
        if errors:
            raise InvalidValues(errors[:MAX_ERRORS], "Проверьте поля формы")
        return kept


def _fields(leaves: tuple[Leaf, ...], prefix: str) -> Iterator[tuple[str, Field]]:
    for leaf in leaves:
        name = prefix + ".".join(leaf.path)
        if isinstance(leaf.item, Field):
            yield name, leaf.item
        else:
            yield from _fields(leaf.item, f"{name}[].")


class _Check:
    """One submission; `context` is what conditions read."""

    def __init__(self, context: dict[str, Any], errors: list[FieldError], now: datetime | None) -> None:
        self.context = context
        self.errors = errors
        self.now = now

    def of(self, leaves: tuple[Leaf, ...], values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        seen, hidden = self.settled(leaves, values)
        kept: dict[str, Any] = {}
        self.unknown(values, _tree(leaves), prefix)
        for leaf in leaves:
            if leaf.disabled or leaf in hidden:
                continue
            where = prefix + ".".join(leaf.path)
            given, value = _get(values, leaf.path)
            if isinstance(leaf.item, Field) and leaf.item.formula is not None:
                _put(kept, leaf.path, leaf.item.computes(seen))
            elif isinstance(leaf.item, Field):
                self.field(leaf.item.settled(seen), value, given, where, leaf.path, kept)
            elif given:
                _put(kept, leaf.path, self.rows(leaf.item, value, where, seen))
                self.counted(leaf, value, where)
        return kept

    def settled(self, leaves: tuple[Leaf, ...], values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Leaf]]:
        """What conditions see, and the leaves that they hide.

        A hidden, disabled or computed field's value is not the person's to give, so that no other condition may heed
        it: asked again until nothing changes.
        """
        hidden: list[Leaf] = []
        seen: dict[str, Any] = {}
        for _ in range(len(leaves) + 1):
            ignored = {leaf.path for leaf in leaves if leaf.disabled or leaf.computed or leaf in hidden}
            seen = _over(self.context, _without(values, ignored))
            found = [leaf for leaf in leaves if leaf.hidden(seen)]
            if found == hidden:
                break
            hidden = found
        return seen, hidden

    def field(self, item: Field, value: Any, given: bool, where: str, path: Path, kept: dict[str, Any]) -> None:
        try:
            answer = item.check(value, self.now)
        except Wrong as wrong:
            self.errors.append(FieldError(where, str(wrong), item.error_code or wrong.code))
        else:
            if given:
                _put(kept, path, answer)

    def rows(self, leaves: tuple[Leaf, ...], value: Any, where: str, seen: dict[str, Any]) -> list[Any]:
        rows = [] if value is None else value
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            self.errors.append(FieldError(where, f"Нужен список, не больше {MAX_ROWS} строк", "type"))
            return []
        kept = []
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                self.errors.append(FieldError(f"{where}[{number}]", "Нужна строка с полями", "type"))
                continue
            inner = _Check({**seen, "this": row, "parent": seen}, self.errors, self.now)
            kept.append(inner.of(leaves, row, f"{where}[{number}]."))
            if len(self.errors) > MAX_ERRORS:
                break
        return kept

    def counted(self, leaf: Leaf, value: Any, where: str) -> None:
        """Rows that nobody may add or take away are all there."""
        if leaf.rows is not None and isinstance(value, list) and len(value) != leaf.rows:
            self.errors.append(FieldError(where, f"Строк здесь {leaf.rows}", "rows"))

    def unknown(self, values: Mapping[str, Any], tree: Mapping[str, Any], prefix: str) -> None:
        for key, value in values.items():
            inner = tree.get(key)
            if key not in tree:
                self.errors.append(FieldError(f"{prefix}{key}"[:200], "Такого поля в форме нет", "unknown"))
            elif inner is not None and isinstance(value, dict):
                self.unknown(value, inner, f"{prefix}{key}.")
            elif inner is not None and value is not None:
                self.errors.append(FieldError(f"{prefix}{key}", "Нужна группа полей", "type"))


def _tree(leaves: tuple[Leaf, ...]) -> dict[str, Any]:
    """The names that may stand at each level; None where a value stands."""
    tree: dict[str, Any] = {}
    for leaf in leaves:
        level = tree
        for name in leaf.path[:-1]:
            level = level.setdefault(name, {})
        level[leaf.path[-1]] = None
    return tree


def _get(values: Mapping[str, Any], path: Path) -> tuple[bool, Any]:
    """Whether a value was given under the path, and the value."""
    level: Any = values
    for name in path:
        if not isinstance(level, Mapping) or name not in level:
            return False, None
        level = level[name]
    return True, level


def _put(values: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        values = values.setdefault(name, {})
    values[path[-1]] = value


def _without(values: Mapping[str, Any], paths: set[Path], at: Path = ()) -> dict[str, Any]:
    return {
        name: _without(value, paths, (*at, name)) if isinstance(value, dict) else value
        for name, value in values.items()
        if (*at, name) not in paths
    }


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One map over another, groups joined."""
    joined = dict(below)
    for name, value in above.items():
        under = joined.get(name)
        joined[name] = _over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return joined
