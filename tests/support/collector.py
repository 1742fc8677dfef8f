"""An OTLP collector on a real socket: it takes spans over HTTP and keeps them as they came."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Seen:
    """One span as it was sent, in words."""

    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    """Traces that it points at."""
    failed: bool
    said: dict[str, Any]
    process: str


class Collector:
    """Made by `collecting`."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        """Every request's body."""
        self.address = ""

    @property
    def spans(self) -> list[Seen]:
        return [span for body in list(self.raw) for span in _spans(body)]

    def of(self, trace: str) -> dict[str, Seen]:
        """The spans of a trace by name; of equal names the last."""
        return {span.name: span for span in self.spans if span.trace == trace}


def _spans(body: bytes) -> Iterator[Seen]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = _values(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Seen(
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    links=tuple(link.trace_id.hex() for link in span.links),
                    failed=span.status.code == 2,
                    said=_values(span.attributes),
                    process=str(about.get("service.instance.id") or about.get("host.name") or about["service.name"]),
                )


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextlib.contextmanager
def collecting(*, answers: threading.Event | None = None) -> Iterator[Collector]:
    """A collector that is up; with `answers` it takes a request and says nothing until that is set."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if answers is not None:
                answers.wait()
            assert self.path == "/v1/traces", self.path
            collector.raw.append(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            with contextlib.suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="collector")
    thread.start()
    collector.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        if answers is not None:
            answers.set()
        server.shutdown()
        thread.join()
        server.server_close()
