"""A task is found by what people say of its case: on the phone, in a hurry, as it is written elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from kt_flows.store.db import Database
from kt_flows.store.words import LONGEST, MOST, query, words
from support.postgres import fresh_database

VARIABLES = {
    "appeal_id": "160-2026-000123",
    "siebel_sr": "1-4Q2XZ",
    "subscriber": {
        "id": "SUB-77",
        "name": "Артём О'Нил-Петров",
        "phone": "+7 (727) 250-12-34",
        "email": "a.oneil@mail.kz",
    },
    "due_at": "2031-03-02T10:00:00Z",
    "problem": "Не включается приставка " * 10,
    "transfer_count": 31415,
}
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def db() -> Iterator[Database]:
    with fresh_database(migrated=False) as db:
        yield db


def found(db: Database, text: str, **more: object) -> bool:
    """Whether PostgreSQL finds the task by it."""
    asked = query(text)
    if asked is None:
        return False
    given = {"words": words("Check broadband", "B/2026-7", {**VARIABLES, **more}), "asked": asked}
    with db.reading() as reading:
        matches = sa.text("select array_to_tsvector(cast(:words as text[])) @@ cast(:asked as tsquery)")
        return bool(reading.first(matches, given)[0])  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "Артём", "артем", "АРТ", "петров", "о'нил", "артем петр", "O'".replace("O", "О"),
        "160-2026-000123", "160-2026", "000123", "1602026000123", "0123",
        "1-4Q2XZ", "1-4q2", "4q2xz", "sub-77", "SUB-77", "77",
        "+7 (727) 250-12-34", "+77272501234", "87272501234", "8 727 250 12 34", "7272501234", "250-12-34", "1234",
        "2501234", "a.oneil@mail.kz", "a.oneil", "oneil", "check broad", "B/2026-7",
    ],
)  # fmt: skip
def test_found(db: Database, text: str) -> None:
    assert found(db, text)


@pytest.mark.parametrize(
    "text",
    ["тём", "250-12-35", "приставка", "2031", "31415", "артем иванов", "--", "' | 'ю", "&", "!артем & x", ":*", "\\"],
)
def test_not_found(db: Database, text: str) -> None:
    assert not found(db, text)


@pytest.mark.parametrize("name", ["'", "\\", "a'b\\c", "' | '", "x:*", "<->", "ﬃ", "\u202eabc", "а" * 300, "\0"])
def test_whatever_stands_there_is_taken_and_found_again(db: Database, name: str) -> None:
    found(db, name, nick=name)
    if query(name) is not None:
        assert found(db, name, nick=name[:90])


def test_no_more_words_than_an_index_should_have() -> None:
    many = words("n", "b", {f"v{n}": f"word{n} other{n} {'x' * 80}" for n in range(MOST)})
    assert len(many) == MOST
    assert max(map(len, many)) == LONGEST
    assert len(set(many)) == MOST
