"""The event stream's shared reader: nobody misses anything, however late they come or slow they are."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import pytest

from kt_flows.api import feed as feed_module
from kt_flows.api.feed import Feed, is_position


@dataclass(frozen=True)
class Event:
    position: str


class Source:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.reads = 0
        self.away = False

    def add(self, count: int) -> None:
        start = len(self.events)
        self.events += [Event(f"{10 + number // 3}-{number}") for number in range(start, start + count)]

    def head(self) -> str:
        return self.events[-1].position if self.events else "0-0"

    def after(self, position: str, limit: int) -> list[Event]:
        self.reads += 1
        if self.away:
            raise OSError("away")
        key = tuple(map(int, position.split("-")))
        return [event for event in self.events if tuple(map(int, event.position.split("-"))) > key][:limit]


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def feed(source: Source) -> Feed:
    return Feed(source)


def follow(feed: Feed, position: str, until: str, rung: threading.Event) -> list[str]:
    """What a listener does: from memory, or from the store when memory does not reach back."""
    seen: list[str] = []
    end = time.monotonic() + 10
    while not seen or seen[-1] != until:
        assert time.monotonic() < end, seen[-3:]
        batch = feed.held_after(position)
        if batch is None:
            batch = feed.source.after(position, 500)
        if not batch:
            rung.wait(0.5)
            rung.clear()
            continue
        seen += [event.position for event in batch]
        position = seen[-1]
    return seen


def test_a_listener_sees_all_in_order_from_where_it_left(feed: Feed, source: Source) -> None:
    source.add(1200)
    rung = threading.Event()
    with feed.listening(rung.set):
        source.add(700)
        feed.wake()
        seen = follow(feed, "10-0", source.events[-1].position, rung)
    assert seen == [event.position for event in source.events[1:]]
    feed.close()


def test_a_slow_listener_falls_back_to_the_store(feed: Feed, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "KEPT", 10)
    source.add(1)
    rung = threading.Event()
    with feed.listening(rung.set):
        assert rung.wait(5)
        position = source.head()
        source.add(100)
        feed.wake()
        end = time.monotonic() + 5
        while feed.held_after(position) is not None:
            assert time.monotonic() < end
            rung.wait(0.2)
        seen = follow(feed, position, source.events[-1].position, rung)
    assert seen == [event.position for event in source.events[1:]]
    feed.close()


def test_many_listeners_share_one_reader(feed: Feed, source: Source) -> None:
    source.add(3)
    bells = [threading.Event() for _ in range(50)]
    with feed.listening(bells[0].set):
        assert bells[0].wait(5)
        for bell in bells[1:]:
            feed._listeners.add(bell.set)
        before = source.reads
        source.add(1)
        feed.wake()
        assert all(bell.wait(5) for bell in bells)
        assert source.reads - before <= 4
    feed.close()


def test_the_reader_outlives_an_outage_and_ends_with_its_listeners(feed: Feed, source: Source) -> None:
    rung = threading.Event()
    with feed.listening(rung.set):
        assert rung.wait(5)
        source.away = True
        source.add(2)
        feed.wake()
        source.away = False
        assert follow(feed, "0-0", source.events[-1].position, rung)
        thread = feed._thread
    assert thread is not None
    feed._wake.set()
    thread.join(5)
    assert not thread.is_alive()
    assert feed._thread is None


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("812-4711", True),
        ("5", True),
        ("", False),
        ("x", False),
        ("1-2-3-4", False),
        ("1;drop", False),
        ("9" * 61, False),
    ],
)
def test_positions(text: str, good: bool) -> None:
    assert is_position(text) is good
