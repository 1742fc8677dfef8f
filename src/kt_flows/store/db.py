"""The one engine, the one commit: transactions that write, readings that cannot."""

from __future__ import annotations

import functools
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from kt_flows.crash import reach

P = ParamSpec("P")
T = TypeVar("T")
Row: TypeAlias = sa.Row[*tuple[Any, ...]]
UNDONE = ("40001", "40P01", "55P03")
"""Serialization failure, deadlock, a lock not had in time: the same work may do next time."""
ATTEMPTS = 5

log = logging.getLogger(__name__)

_OPTIONS = (
    "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000 -c lock_timeout=10000 "
    "-c timezone=UTC -c application_name=kt-flows"
)
# Without these a vanished machine would hold its row locks for hours.
_SOCKET = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def retried(verb: Callable[P, T]) -> Callable[P, T]:
    """Runs a verb anew when PostgreSQL undid its transaction through no fault of its own.

    For verbs that are one transaction, so that what failed has left nothing behind.  A COMMIT that was not answered
    may have been done: that error goes on to the caller, whose key makes a second request harmless.
    """

    @wraps(verb)
    def until_done(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return verb(*args, **kwargs)
            except DBAPIError as error:
                if not _undone(error):
                    raise
                log.info("transaction runs again", extra={"attempt": attempt})
                time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 - spreads the victims, hides nothing
        return verb(*args, **kwargs)

    return until_done


def _undone(error: DBAPIError) -> bool:
    lost_before_commit = error.connection_invalidated and error.statement is not None
    return lost_before_commit or getattr(error.orig, "sqlstate", None) in UNDONE


class Reading:
    """A connection for queries.  Its transaction is read-only: PostgreSQL refuses a write."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def all(self, query: sa.Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row]:
        """`values` are the query's bound parameters: a query that is made once costs less each time."""
        return self._run(query, values).all()

    def first(self, query: sa.Executable, values: Mapping[str, Any] | None = None) -> Row | None:
        return self._run(query, values).first()

    def value(self, query: sa.Executable) -> Any:
        return self._run(query).scalar()

    def _run(self, query: sa.Executable, values: Any = None, **options: Any) -> sa.Result[Any]:
        return self._connection.execute(query, values, **options)


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that changes rows of one table and answers nothing, in psycopg's words (`%(name)s`).

    `adds`: it only adds rows, so that several of them for one table may go together.
    """

    table: str
    text: str
    adds: bool = False


def as_json(value: Any) -> str:
    """A value as the text that a `Write` takes for JSON."""
    return orjson.dumps(value).decode()


@functools.lru_cache(maxsize=256)
def _together(writes: tuple[Write, ...]) -> str:
    """Several writes as one statement.  Each sees the rows as they were before all of them."""
    texts = [write.text.replace("%(", f"%(w{number}_") for number, write in enumerate(writes)]
    first = ", ".join(f"w{number} as ({text})" for number, text in enumerate(texts[:-1]))
    return f"with {first} {texts[-1]}" if first else texts[-1]


class Transaction(Reading):
    """A connection that may write.  What it did is committed when the block that opened it ends well.

    Writes that answer nothing are gathered and sent as one statement: before the next one that does answer, and
    before the commit.  Most verbs are so a lock, a look and one write.
    """

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self._gathered: list[tuple[Write, Mapping[str, Any]]] = []
        self._after: list[Callable[[], None]] = []
        self.makes_work = False
        """Whether a job may be due now that was not before: only then is a worker woken."""

    def do(self, statement: sa.Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Runs a statement (once for all `rows`, where given); answers how many rows it touched."""
        if rows is not None and not rows:
            return 0
        # One row goes as one statement, not as a batch of one.
        given = rows[0] if rows is not None and len(rows) == 1 else rows
        # SQLAlchemy forgets how many rows an INSERT touched unless it is asked to keep it.
        result = self._run(statement, given, execution_options={"preserve_rowcount": True})
        return max(0, result.rowcount) if isinstance(result, sa.CursorResult) else 0

    def gather(self, write: Write, **values: Any) -> None:
        """Takes a write to be sent with the others; what it changes no other of them may change."""
        if any(other.table == write.table and not (other.adds and write.adds) for other, _ in self._gathered):
            self.send()
        self._gathered.append((write, values))

    def send(self) -> None:
        """Sends what was gathered."""
        if not self._gathered:
            return
        gathered, self._gathered = self._gathered, []
        text = _together(tuple(write for write, _ in gathered))
        values = {f"w{n}_{name}": value for n, (_, given) in enumerate(gathered) for name, value in given.items()}
        self._connection.exec_driver_sql(text, values)

    def _run(self, query: sa.Executable, values: Any = None, **options: Any) -> sa.Result[Any]:
        self.send()
        return super()._run(query, values, **options)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Something to do once it lasts, such as waking a worker."""
        if call not in self._after:
            self._after.append(call)


class Database:
    """One pool of connections to one PostgreSQL."""

    def __init__(self, url: str, *, size: int = 12, revive: Callable[[], None] | None = None) -> None:
        """`revive` is called when PostgreSQL cannot be reached; it may bring an embedded one back."""
        url = url.replace("postgresql://", "postgresql+psycopg://", 1) if url.startswith("postgresql://") else url
        self.url = url
        self._revive = revive
        self._reviving = threading.Lock()
        self.engine = sa.create_engine(
            url,
            pool_size=size,
            max_overflow=size,
            pool_timeout=10,
            pool_use_lifo=True,
            hide_parameters=True,
            json_serializer=as_json,
            json_deserializer=orjson.loads,
            connect_args={**_SOCKET, "options": _OPTIONS},
        )

    @contextmanager
    def transaction(self, verb: str = "") -> Iterator[Transaction]:
        """Commits at the end of the block, rolls back when it raises.  The only commit of the service.

        `verb` says what is done, in the words of `crash.COMMITS`.
        """
        with self._connected() as connection, connection.begin() as begun:
            transaction = Transaction(connection)
            yield transaction
            transaction.send()
            reach(verb, "before")
            begun.commit()
            reach(verb, "after")
        for call in transaction._after:
            call()

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent look; writes are refused."""
        with self._connected() as connection:
            connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
            with connection.begin():
                yield Reading(connection)

    @contextmanager
    def glance(self) -> Iterator[Reading]:
        """For one query: a statement is consistent by itself, and needs no transaction around it."""
        with self._connected() as connection:
            yield Reading(connection.execution_options(isolation_level="AUTOCOMMIT"))

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            connection = self.engine.connect()
        except OperationalError:
            self.away()
            connection = self.engine.connect()
        try:
            yield connection
        except DBAPIError as error:
            if error.connection_invalidated:
                self.away()
            raise
        finally:
            connection.close()

    def away(self) -> None:
        """PostgreSQL does not answer: bring it back if it is ours to bring back."""
        if self._revive is None:
            return
        with self._reviving:
            self._revive()

    def close(self) -> None:
        self.engine.dispose()
