"""Traces from a request to its jobs to the calls that they make, in OpenTelemetry's form.

Off until OpenTelemetry's own environment names a collector: until then nothing of its SDK is loaded, and a span
costs a comparison.  What a span may carry is the table below: ids, kinds, counts, never a value of a case and never
the text of an error.  A trace crosses from the request's process to the worker's in the job's row, as W3C Trace
Context writes it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Tracer
    from opentelemetry.trace import Span as Recorded

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Either of them names a collector, and so switches tracing on."""

ATTRIBUTES: Mapping[str, str] = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "request_id": "kt_flows.request_id",
    "job_id": "kt_flows.job_id",
    "job_kind": "kt_flows.job_kind",
    "instance_id": "kt_flows.instance_id",
    "element_id": "kt_flows.element_id",
    "attempt": "kt_flows.attempt",
    "system": "peer.service",
    "message_id": "messaging.message.id",
    "error": "error.type",
}
"""What a span may say, and under which name.  There is no other way to put anything into a span."""

LAST_WORDS = 2.0
"""Seconds that a process which stops gives the collector."""

Kind = Literal["internal", "server", "client", "consumer"]


class _Switch:
    """The process's tracer, where tracing is on."""

    tracer: Tracer | None = None


_switch = _Switch()


class Span:
    """What is going on, for whoever does it to add to; nothing where tracing is off."""

    def __init__(self, recorded: Recorded | None = None) -> None:
        self._recorded = recorded

    def say(self, **attributes: Any) -> None:
        """Adds attributes of the table; those that are None are left out."""
        if self._recorded is not None:
            self._recorded.set_attributes(_named(attributes))

    def called(self, name: str) -> None:
        """Its name, once that is known."""
        if self._recorded is not None:
            self._recorded.update_name(name)

    def failed(self, error: str) -> None:
        """What went wrong: a class or a status, no text."""
        if self._recorded is not None:
            from opentelemetry.trace import Status, StatusCode

            self._recorded.set_status(Status(StatusCode.ERROR))
            self.say(error=error)


_NOTHING = Span()


@contextmanager
def span(
    name: str, kind: Kind = "internal", *, parent: str | None = None, link: str | None = None, **attributes: Any
) -> Iterator[Span]:
    """A span around the block, inside the current one.

    `parent` is a traceparent of another process, to go on with; `link` one to point at from a trace of its own.
    """
    tracer = _switch.tracer
    if tracer is None:
        yield _NOTHING
        return
    from opentelemetry.trace import SpanKind

    began = tracer.start_as_current_span(
        name,
        context=_context(parent) if parent is not None else None,
        kind=SpanKind[kind.upper()],
        attributes=_named(attributes),
        links=_links(link),
        record_exception=False,  # its text may quote data
        set_status_on_exception=False,
    )
    with began as recorded:
        made = Span(recorded)
        try:
            yield made
        except BaseException as error:
            made.failed(type(error).__name__)
            raise


@contextmanager
def part(name: str) -> Iterator[None]:
    """A span within one that there is; nothing of its own."""
    if traceparent() is None:
        yield
        return
    with span(name):
        yield


def traceparent() -> str | None:
    """The current span as W3C Trace Context writes it: for a job's row, or the header of a call."""
    if _switch.tracer is None:
        return None
    from opentelemetry.trace import get_current_span

    about = get_current_span().get_span_context()
    if not about.is_valid:
        return None
    return f"00-{about.trace_id:032x}-{about.span_id:016x}-{about.trace_flags:02x}"


def trace_id() -> str | None:
    """The current trace's id, for a log line."""
    current = traceparent()
    return current[3:35] if current is not None else None


def headers() -> dict[str, str]:
    """What a call to another system carries, so that its spans join ours."""
    current = traceparent()
    return {"traceparent": current} if current is not None else {}


@contextmanager
def exported(version: str) -> Iterator[None]:
    """Sends spans to the collector that the environment names, meanwhile; does nothing where it names none.

    The SDK keeps at most OTEL_BSP_MAX_QUEUE_SIZE spans and sends them from a thread of its own: a collector that is
    away or slow costs spans, and nothing else.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS) or _disabled():
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # it warns of every retry
    named = os.environ.get("OTEL_SERVICE_NAME") or "kt-flows"
    resource = Resource.create({"service.name": named, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _switch.tracer = provider.get_tracer("kt_flows", version)
    try:
        yield
    finally:
        _switch.tracer = None
        last = threading.Thread(target=provider.shutdown, name="last-spans", daemon=True)
        last.start()
        last.join(LAST_WORDS)


def _disabled() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def _named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        ATTRIBUTES[name]: value if isinstance(value, int) else str(value)
        for name, value in attributes.items()
        if value is not None
    }


def _context(parent: str) -> Context:
    """What a traceparent says; an empty one where it is malformed, so that a trace begins."""
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent}, context=Context())


def _links(link: str | None) -> list[Link]:
    if link is None:
        return []
    from opentelemetry.trace import Link, get_current_span

    about = get_current_span(_context(link)).get_span_context()
    return [Link(about)] if about.is_valid else []
