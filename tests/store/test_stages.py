"""How long tokens stay: histories of every sort, counted by the database and line by line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kt_flows.store import history, reports, stages
from kt_flows.store.db import Database, Transaction
from kt_flows.store.reports import Asked
from support.laid import Shelf
from support.postgres import fresh_database
from support.stays import Stay, heat_of, percentile, stays_in

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
PROCESSES = ("house", "visit")
ELEMENTS = ("look", "wait", "call", "edge")
WAITS = {("house", "look"), ("visit", "wait"), ("visit", "edge")}


@dataclass(frozen=True, slots=True)
class Made:
    id: UUID
    definition_key: str
    bundle: str
    began: datetime
    over: bool


class Writer:
    """The history of one case, drawn: loops, several tokens at once, what is tried again, what has only watched."""

    def __init__(self, tx: Transaction, draw: random.Random, made: Made) -> None:
        self.tx, self.draw, self.made, self.now = tx, draw, made, made.began
        self.before = draw.choice((0, 0, 0, 99, 3))  # so many lines are of a release that wrote no numbers
        self.there: dict[int, tuple[str, str]] = {}
        self.number = 0

    def line(self, kind: str, place: tuple[str, str], wait: int) -> None:
        self.before -= 1
        row = {"kind": kind, "definition_key": place[0], "element_id": place[1]}
        row |= {} if self.before >= 0 else {"wait": wait}
        history.add(self.tx, self.made.id, [row], actor="anna", now=self.now)

    def write(self) -> None:
        history.add(self.tx, self.made.id, [{"kind": "started"}], actor="crm", now=self.now)
        for _ in range(self.draw.randrange(12)):
            self.now += timedelta(seconds=self.draw.choice((0, 1, 60, 3599.5)))
            self.number += 1
            what = self.draw.choice(("come", "come", "go", "go", "go", "edge", "again"))
            if what == "come":
                self.there[self.number] = (self.draw.choice(PROCESSES), self.draw.choice(ELEMENTS[:3]))
                self.line("entered", self.there[self.number], self.number)
            elif what == "edge":
                self.line("completed", (self.draw.choice(PROCESSES), "edge"), self.number)
            elif self.there:
                wait = self.draw.choice(sorted(self.there))
                if what == "go":
                    self.line(self.draw.choice(("completed", "completed", "cancelled")), self.there.pop(wait), wait)
                elif self.before <= 0:
                    self.line("entered", self.there[wait], wait)
            history.add(self.tx, self.made.id, [{"kind": "changed", "detail": {}}], actor="crm", now=self.now)


def lay(db: Database, seed: int, many: int = 60) -> list[Made]:
    draw, made = random.Random(seed), []
    with db.transaction() as tx:
        shelf = Shelf(tx, FIRST, {"both": PROCESSES, "house": ("house",)})
        for _ in range(many):
            began, key = FIRST + timedelta(hours=draw.randrange(48)), draw.choice(PROCESSES)
            bundle = "both" if key == "visit" else draw.choice(("both", "house"))
            status = draw.choice(("active", "suspended", "completed", "cancelled"))
            id = shelf.put(key, began, status, {}, away=draw.random() < 0.5, bundle=bundle)
            made.append(Made(id, key, bundle, began, status in ("completed", "cancelled")))
            Writer(tx, draw, made[-1]).write()
    return made


@pytest.fixture(scope="module", params=(1, 2, 3))
def laid(request: pytest.FixtureRequest) -> Iterator[tuple[Database, list[Made]]]:
    with fresh_database() as db:
        yield db, lay(db, request.param)


ASKED = (
    Asked(FIRST, FIRST + timedelta(hours=48)),
    Asked(FIRST + timedelta(hours=5), FIRST + timedelta(hours=17)),
    Asked(FIRST, FIRST + timedelta(hours=30), "house"),
    Asked(FIRST, FIRST + timedelta(hours=40), bundles=["both"]),
)


def stays(db: Database, made: list[Made], asked: Asked) -> dict[UUID, list[Stay]]:
    found = {}
    with db.reading() as reading:
        for case in made:
            within = asked.begin <= case.began < asked.end and asked.definition_key in (None, case.definition_key)
            if within and (asked.bundles is None or case.bundle in asked.bundles):
                lines = history.up_to(reading, case.id, FIRST + timedelta(days=99))
                found[case.id] = stays_in(lines, over=case.over)
    return found


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_heat_is_what_the_lines_tell(laid: tuple[Database, list[Made]], asked: Asked) -> None:
    db, made = laid
    told = stays(db, made, asked)
    with db.reading() as reading:
        span = reports.span(reading, asked)
        assert span is not None
        assert (span.first, span.last) == (min(told), max(told))
        for key in PROCESSES:
            cases, found = stages.heat(reading, asked, span, key)
            of = [one for case in told.values() for one in case]
            expected = heat_of(of, key)
            assert [one.element_id for one in found] == sorted(expected)
            for one in found:
                assert asdict(one) == pytest.approx(asdict(expected[one.element_id])), one.element_id
            assert cases == sum(any(one.place[0] == key for one in case) for case in told.values())


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_stages_are_what_the_lines_tell(laid: tuple[Database, list[Made]], asked: Asked) -> None:
    db, made = laid
    lengths: dict[tuple[str, str], list[float]] = {}
    for case in stays(db, made, asked).values():
        for one in case:
            if one.place in WAITS and one.seconds is not None:
                lengths.setdefault(one.place, []).append(one.seconds)
    with db.reading() as reading:
        span = reports.span(reading, asked)
        assert span is not None
        found = {(one.definition_key, one.element_id): one for one in stages.stages(reading, asked, span, WAITS)}
    assert {place: one.count for place, one in found.items()} == {place: len(of) for place, of in lengths.items()}
    assert ("visit", "edge") not in found, "it has only watched"
    for place, one in found.items():
        assert (one.p50, one.p95) == pytest.approx(
            (percentile(lengths[place], 0.5), percentile(lengths[place], 0.95))
        )


def test_a_time_without_cases(laid: tuple[Database, list[Made]]) -> None:
    db, _ = laid
    with db.reading() as reading:
        assert reports.span(reading, Asked(FIRST - timedelta(days=2), FIRST)) is None
