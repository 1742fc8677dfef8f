"""What people keep of their task list: a filter under a name, shared with groups of theirs if they like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from kt_flows.errors import Conflict, FieldError, Forbidden, InvalidValues, NotFound
from kt_flows.runtime.context import Runtime
from kt_flows.security import Actor
from kt_flows.store import filters
from kt_flows.store.db import Transaction, retried
from kt_flows.store.filters import FilterView
from kt_flows.store.ids import new_id

MOST = 100
"""Filters of one person; two at the same moment may both find room for the last one, which harms nobody."""


@retried
def keep(rt: Runtime, actor: Actor, *, name: str, query: str, groups: Sequence[str]) -> FilterView:
    """A new filter; the same again is the one that there is.

    Raises InvalidValues (a group that is not the caller's), Conflict (the name is taken, or there are as many as one
    may have).
    """
    _their_own(actor, groups)
    view = FilterView(new_id(), actor.name, name, query, tuple(sorted(set(groups))), rt.clock.now())
    with rt.transaction("filters.keep") as tx:
        there = filters.named(tx, actor.name, name)
        if there is not None:
            if (there.query, there.groups) != (view.query, view.groups):
                raise _taken(name)
            return there
        if filters.count(tx, actor.name) >= MOST:
            raise Conflict(f"There are {MOST} already: drop one first.", code="too_many_filters")
        if not filters.add(tx, view):
            raise _taken(name)
        return view


@retried
def change(rt: Runtime, actor: Actor, id: UUID, *, name: str, query: str, groups: Sequence[str]) -> FilterView:
    """The filter as it is now.  Raises NotFound, Forbidden (another's), InvalidValues, Conflict (a name in use)."""
    _their_own(actor, groups)
    with rt.transaction("filters.change") as tx:
        view = replace(_held(tx, actor, id), name=name, query=query, groups=tuple(sorted(set(groups))))
        there = filters.named(tx, view.owner, name)
        if there is not None and there.id != id:
            raise _taken(name)
        filters.keep(tx, id, {"name": name, "query": query, "groups": list(view.groups)})
        return view


@retried
def drop(rt: Runtime, actor: Actor, id: UUID) -> None:
    """It is there for nobody any more.  Raises NotFound, Forbidden (another's)."""
    with rt.transaction("filters.drop") as tx:
        _held(tx, actor, id)
        filters.drop(tx, id)


def _held(tx: Transaction, actor: Actor, id: UUID) -> FilterView:
    view = filters.hold(tx, id)
    if view is None or not (actor.admin or actor.name == view.owner or not actor.groups.isdisjoint(view.groups)):
        raise NotFound
    if not (actor.admin or actor.name == view.owner):
        raise Forbidden("Only who made a filter changes it; keep one of your own.")
    return view


def _their_own(actor: Actor, groups: Sequence[str]) -> None:
    strange = sorted(set(groups) - actor.groups)
    if strange and not actor.admin:
        raise InvalidValues([FieldError("groups", f"{strange[0]!r} is not a group of yours.", "unknown")])


def _taken(name: str) -> Conflict:
    return Conflict(f"You have a filter called {name!r} already.", code="filter_name_taken")
