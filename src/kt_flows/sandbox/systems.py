"""The small outside systems: the cabinet, billing, line diagnostics, the repair bureau, the i-Vision platform."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from kt_flows.clock import to_text
from kt_flows.sandbox.emulator import Done, Emulator


class _Body(BaseModel):
    """A request's body: what the system needs; anything more is kept as it came."""

    model_config = ConfigDict(extra="allow")


class Entitlement(_Body):
    entitlement_key: str = Field(min_length=1)
    subscriber_id: str = Field(min_length=1)
    service: str = Field(min_length=1)
    months: int = Field(ge=1, le=12)


class CabinetMessage(_Body):
    subject: str
    body: str


class LineTest(_Body):
    subscriber_id: str = Field(min_length=1)


class Fault(_Body):
    subscriber_id: str = Field(min_length=1)


class Cabinet(Emulator):
    """`POST /v1/subscribers/{id}/messages`: puts a message into a subscriber's cabinet."""

    system = "cabinet"
    records_name = "messages"

    def routes(self) -> None:
        @self.app.post("/v1/subscribers/{subscriber_id}/messages")
        async def put(request: Request, subscriber_id: str, message: CabinetMessage) -> JSONResponse:
            def work() -> Done:
                given = {"message_id": f"M-{len(self.records) + 1}", "delivered_at": to_text(self.clock.now())}
                return Done(201, given, {"subscriber_id": subscriber_id, **message.model_dump(), **given})

            return await self.answer(request, work)

    def rejection(self) -> Done:
        return Done(404, {"code": "cabinet.unknown_subscriber", "detail": "There is no such subscriber"})


class Billing(Emulator):
    """`POST /v1/entitlements`: grants free months once per entitlement key, whatever the Idempotency-Key."""

    system = "billing"
    records_name = "entitlements"

    def routes(self) -> None:
        @self.app.post("/v1/entitlements")
        async def grant(request: Request, entitlement: Entitlement) -> JSONResponse:
            return await self.answer(request, lambda: self._grant(entitlement))

    def _grant(self, asked: Entitlement) -> Done:
        wanted = asked.model_dump()
        for record in self.records:
            if record["entitlement_key"] == asked.entitlement_key:
                if any(record.get(name) != value for name, value in wanted.items()):
                    return Done(409, {"code": "billing.key_reused", "detail": "The key stands for another grant"})
                return Done(200, {name: record[name] for name in ("entitlement_id", "granted_at")})
        given = {"entitlement_id": f"ent-{len(self.records) + 1}", "granted_at": to_text(self.clock.now())}
        return Done(201, given, wanted | given)


class Line(Emulator):
    """`POST /v1/line-tests`: tests a line; what it finds is told with the behaviour (`broadbandOk`)."""

    system = "line"
    records_name = "tests"

    def routes(self) -> None:
        @self.app.post("/v1/line-tests")
        async def test(request: Request, line: LineTest) -> JSONResponse:
            def work() -> Done:
                found = self._switches.get(self.system).broadband_ok
                given = {"broadband_ok": found, "tested_at": to_text(self.clock.now())}
                return Done(201, given, line.model_dump() | given)

            return await self.answer(request, work)

    def rejection(self) -> Done:
        return Done(404, {"code": "line.unknown_subscriber", "detail": "There is no such line"})


class Broadband(Emulator):
    """`POST /v1/faults`: registers a broadband fault with the repair bureau."""

    system = "broadband"
    records_name = "faults"

    def routes(self) -> None:
        @self.app.post("/v1/faults")
        async def register(request: Request, fault: Fault) -> JSONResponse:
            def work() -> Done:
                given = {"fault_id": f"F-{len(self.records) + 1}", "registered_at": to_text(self.clock.now())}
                return Done(201, given, fault.model_dump() | given)

            return await self.answer(request, work)


INDICATORS: dict[str, tuple[str, float]] = {
    "total_subscribers": ("subscribers", 184_230),
    "max_subscribers_busy_hour": ("subscribers", 41_877),
    "current_subscribers": ("subscribers", 23_415),
    "server_ram": ("percent", 61.5),
    "server_cpu": ("percent", 37.2),
    "server_disk": ("percent", 44.8),
    "active_sessions": ("sessions", 22_906),
    "outgoing_traffic": ("Mbit/s", 91_320.0),
}
"""Annex 3, point 4, in its order: name to unit and an ordinary value."""


class Platform(Emulator):
    """`GET /v1/indicators?names=`: the indicators that have a source now, each with unit and time."""

    system = "platform"

    def routes(self) -> None:
        @self.app.get("/v1/indicators")
        async def measure(request: Request, names: Annotated[str | None, Query()] = None) -> JSONResponse:
            return await self.answer(request, lambda: self._measure(names))

    def _measure(self, names: str | None) -> Done:
        missing = self._switches.get(self.system).missing
        now = to_text(self.clock.now())
        wanted = names.split(",") if names else list(INDICATORS)
        shown: list[dict[str, Any]] = [
            {"name": name, "value": INDICATORS[name][1], "unit": INDICATORS[name][0], "at": now}
            for name in wanted
            if name in INDICATORS and name not in missing
        ]
        return Done(200, {"measured_at": now, "indicators": shown})
