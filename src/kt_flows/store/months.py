"""Months of cases: what happened in a case and what is left of it lie where its month of birth does.

A case's id is a UUIDv7 and so tells when it began.  `history`, `attachment`, `past_instance` and `past_task` are
parted by it, one partition of each for a month: what is asked of one case touches one of them, and a month goes
without a row being deleted.  A partition `..._rest` takes what no month is there for, so that no write ever fails for
want of one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from kt_flows.store.db import Reading, Transaction
from kt_flows.store.ids import first_of
from kt_flows.store.tables import idempotency, instance, mail_in, mail_out, message, past_instance

PARTED: Mapping[str, str] = {
    "history": "instance_id",
    "attachment": "instance_id",
    "past_instance": "id",
    "past_task": "instance_id",
}
"""Table to the column that has the case's id."""
AHEAD = 2
"""So many months after this one are made beforehand."""
PARTITION = re.compile(rf"(?:{'|'.join(PARTED)})_(?:\d{{4}}_\d{{2}}|rest)")
_BOUNDS = re.compile(r"FOR VALUES FROM \((?:'([0-9a-f-]{36})'|MINVALUE)\) TO \('([0-9a-f-]{36})'\)")
_LEAST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Month:
    """One month's partitions: `name` is the end of theirs, cases from `first` to before `end` are its own."""

    name: str
    first: UUID
    end: UUID


def beginning(moment: datetime, after: int = 0) -> datetime:
    """The first moment of the month (UTC) that is so many after a moment's own."""
    years, month = divmod(moment.astimezone(UTC).month - 1 + after, 12)
    return datetime(moment.astimezone(UTC).year + years, month + 1, 1, tzinfo=UTC)


def month_of(moment: datetime, after: int = 0) -> Month:
    begins = beginning(moment, after)
    return Month(f"{begins:%Y_%m}", first_of(begins), first_of(beginning(begins, 1)))


def there(reading: Reading) -> list[Month]:
    """The months that have partitions, the oldest first."""
    query = """
        select c.relname, pg_get_expr(c.relpartbound, c.oid) as bounds
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'past_instance'::regclass
        """
    found = []
    for row in reading.all(sa.text(query)):
        if bounds := _BOUNDS.fullmatch(row.bounds):
            first = UUID(bounds[1]) if bounds[1] else _LEAST
            found.append(Month(row.relname.removeprefix("past_instance_"), first, UUID(bounds[2])))
    return sorted(found, key=lambda month: month.first)


def make(tx: Transaction, present: datetime) -> list[str]:
    """Makes the partitions of this month and the next ones where they are missing; answers which it made.

    What had come to rest for want of them moves in.  `present` is the time of the ids, which no sandbox moves.
    """
    last = max((month.end for month in there(tx)), default=_LEAST)
    made = []
    for after in range(AHEAD + 1):
        month = month_of(present, after)
        if month.first >= last:
            for table, column in PARTED.items():
                _attach(tx, table, column, month)
            made.append(month.name)
    return made


def _attach(tx: Transaction, table: str, column: str, month: Month) -> None:
    part, between = f"{table}_{month.name}", f"{column} >= '{month.first}' and {column} < '{month.end}'"
    # Attached, not made as a partition: that does not stop those who read and write the others.
    tx.do(sa.text(f"create table {part} (like {table} including all)"))
    moved = f"with moved as (delete from {table}_rest where {between} returning *)"  # noqa: S608 - our own names
    tx.do(sa.text(f"{moved} insert into {part} select * from moved"))  # noqa: S608
    tx.do(
        sa.text(f"alter table {table} attach partition {part} for values from ('{month.first}') to ('{month.end}')")
    )


def over(reading: Reading, now: datetime, present: datetime) -> list[Month]:
    """Past months of which no case is among the running ones, and each that was put away has had its time."""
    ended = first_of(beginning(present))
    return [month for month in there(reading) if month.end <= ended and not _needed(reading, month, now)]


def _needed(reading: Reading, month: Month, now: datetime) -> bool:
    running = sa.exists().where(instance.c.id >= month.first, instance.c.id < month.end)
    until = past_instance.c.kept_until
    kept = sa.exists().where(
        past_instance.c.id >= month.first,
        past_instance.c.id < month.end,
        sa.or_(until.is_(None), until > now),
    )
    return bool(reading.value(sa.select(sa.or_(running, kept))))


def drop(tx: Transaction, month: Month) -> int:
    """Forgets a month's cases with all that belongs to them; answers how many they were.

    Keys of requests, letters and messages go with the cases they led to, and so do messages of that time that led to
    none.  A mail that nobody has sorted yet stays.
    """
    of_month = (past_instance.c.id >= month.first, past_instance.c.id < month.end)
    cases = tx.value(sa.select(sa.func.count()).select_from(past_instance).where(*of_month))
    for table in PARTED:
        tx.do(sa.text(f"drop table {table}_{month.name}"))
    for owned in (idempotency, mail_out, mail_in):
        tx.do(owned.delete().where(owned.c.instance_id >= month.first, owned.c.instance_id < month.end))
    tx.do(
        mail_in.delete().where(
            mail_in.c.instance_id.is_(None), mail_in.c.verdict == "discarded", mail_in.c.id < month.end
        )
    )
    reached = sa.func.unnest(message.c.instance_ids).table_valued("id").render_derived()
    elsewhere = sa.exists().where(sa.or_(reached.c.id < month.first, reached.c.id >= month.end))
    theirs = sa.or_(sa.func.cardinality(message.c.instance_ids) > 0, message.c.id < month.end)
    tx.do(message.delete().where(theirs, message.c.state != "buffered", ~elsewhere))
    return int(cases)
