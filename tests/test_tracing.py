"""Spans: nothing of them where no collector is named, the table's words alone in them, nothing waits for them."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kt_flows import tracing
from kt_flows.observability import set_up_logs
from support.collector import Collector, collecting

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = PARENT[3:35]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.address)
        yield found


def test_without_a_collector_nothing_is_loaded_and_nothing_is_made() -> None:
    program = """
import sys
import kt_flows.app
from kt_flows import tracing
with tracing.exported("1"), tracing.span("a", job_id=1) as span, tracing.part("b"):
    span.say(job_id=1)
    assert tracing.traceparent() is None and tracing.headers() == {} and tracing.trace_id() is None
heavy = ("opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf", "requests")
print([name for name in sys.modules if name.startswith(heavy)])
"""
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
    )


def test_the_sdk_s_own_switch_is_obeyed(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with tracing.exported("1"), tracing.span("a"):
        assert tracing.traceparent() is None
    assert collector.raw == []


def test_spans_are_in_one_another_and_go_on_with_who_asked(collector: Collector) -> None:
    with tracing.exported("1"):
        with tracing.span("request", "server", parent=PARENT) as span:
            span.called("GET /x")
            with tracing.part("verb"):
                handed_on = tracing.traceparent()
        with tracing.span("job", "consumer", parent=handed_on):
            assert tracing.headers()["traceparent"].startswith(f"00-{TRACE}-")
        with tracing.span("timer", link=handed_on):
            pass
        with tracing.part("alone"):
            assert tracing.traceparent() is None
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"GET /x", "verb", "job", "timer"}
    assert spans["GET /x"].parent == "b7ad6b7169203331"
    assert spans["verb"].parent == spans["GET /x"].id
    assert spans["job"].parent == spans["verb"].id
    assert {spans[name].trace for name in ("GET /x", "verb", "job")} == {TRACE}
    assert spans["timer"].trace != TRACE
    assert spans["timer"].links == (TRACE,)


@pytest.mark.parametrize("parent", ["", "00-0-0-01", "x" * 9_999, PARENT.replace("0af7", "0AF7"), f"ff{PARENT[2:]}"])
def test_who_sends_nonsense_begins_a_trace(collector: Collector, parent: str) -> None:
    with tracing.exported("1"), tracing.span("a", parent=parent):
        assert tracing.trace_id() not in (None, TRACE)


def test_what_is_not_in_the_table_cannot_be_said(collector: Collector) -> None:
    with tracing.exported("1"), tracing.span("a") as span, pytest.raises(KeyError):
        span.say(phone="+77011234567")


def test_the_page_has_every_attribute_and_no_other() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "reference" / "traces.md"
    table = page.read_text(encoding="utf-8").partition("| attribute |")[2]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == list(tracing.ATTRIBUTES.values())


def test_the_text_of_an_error_stays_here(collector: Collector) -> None:
    with tracing.exported("1"), pytest.raises(ValueError, match="phone"), tracing.span("a"):
        raise ValueError("the phone +77011234567 is not one")
    [span] = collector.spans
    assert span.failed
    assert span.said == {"error.type": "ValueError"}
    assert b"7701" not in b"".join(collector.raw)


def test_a_log_line_says_which_trace_it_belongs_to(collector: Collector, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        set_up_logs("info")
        with tracing.exported("1"), tracing.span("a", parent=PARENT):
            logging.getLogger("kt_flows.test").info("in it")
        logging.getLogger("kt_flows.test").info("after it")
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("trace_id") for line in lines] == [TRACE, None]


@pytest.mark.parametrize("there", [True, False], ids=["says nothing", "is not there"])
def test_a_collector_that_is_away_or_hangs_costs_spans_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "600")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100")
    with collecting(answers=threading.Event()) as silent:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", silent.address if there else "http://127.0.0.1:9")
        with tracing.exported("1"):
            longest = 0.0
            for _ in range(5_000):
                begun = time.monotonic()
                with tracing.span("a"):
                    pass
                longest = max(longest, time.monotonic() - begun)
            stopping = time.monotonic()
        assert longest < 1.0, "no span waits for the collector"
        assert time.monotonic() - stopping < tracing.LAST_WORDS + 1
    # Those that are thrown away are the oldest: the queue has its bound.
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    assert BatchSpanProcessor._default_max_queue_size() == 600
