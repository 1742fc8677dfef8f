"""Whose fault an error is: the job's, which counts a try, or the database's, which does not."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from kt_flows.errors import Broken, FlowsError
from kt_flows.store.embedded import NoPostgres

_ITS_OWN = ("08", "40", "53", "55", "57", "58")
"""SQLSTATE classes: connection, rollback, resources, object in use, intervention, system."""
_TOO_SLOW = "57014"
"""A statement that ran out of its time: to run it for ever would hold up the others."""


def database_away(error: BaseException) -> bool:
    """Whether the database is gone, starting, full or too busy; False where it refuses what the job brings."""
    if isinstance(error, NoConnection | NoPostgres | psycopg.OperationalError):  # the latter: not back yet
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None and not error.connection_invalidated:
        return state != _TOO_SLOW and state[:2] in _ITS_OWN
    return error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")


def contended(error: SQLAlchemyError) -> bool:
    """Whether the database is there and only this piece of work did not get its turn."""
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return state is not None and state[:2] in ("40", "55")


def as_ours(error: Exception) -> FlowsError:
    """A fault of ours in the words that a job's row keeps; a database's text may quote data and stays out."""
    if isinstance(error, FlowsError):
        return error
    text = type(error).__name__
    if not isinstance(error, SQLAlchemyError):
        text = f"{text}: {error}".replace("\x00", "")[:500]
    return Broken(text)
