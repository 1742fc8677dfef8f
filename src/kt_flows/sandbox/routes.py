"""`/v1/sandbox/*`: the clock, the mail, the provider and the outside systems, for whoever plays or tests.

The application hands in its own route class, which authorizes and reads bodies; `x-permission` and `x-body-bytes`
are the words that it looks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kt_flows.clock import to_text
from kt_flows.errors import Refused, TooLarge
from kt_flows.sandbox.clock import Advance, duration
from kt_flows.sandbox.post import read
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import BEHAVIOURS, Switch

_PLAIN = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")

MAIL_BYTES = 35 * 1024 * 1024
"""The largest message that is taken into the mailbox."""


def _length(text: str) -> str:
    duration(text)
    return text


class Strict(BaseModel):
    """A body with exactly these fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class MoveClock(Strict):
    advance: Annotated[str, AfterValidator(_length)] = Field(examples=["PT24H"])


class Time(BaseModel):
    now: str
    offset: str


class MailItem(BaseModel):
    at: str
    from_: str = Field(alias="from")
    to: str
    subject: str
    headers: dict[str, str]
    text: str


class MailList(BaseModel):
    items: list[MailItem]


class MailTaken(BaseModel):
    uid: int
    received_at: str = Field(alias="receivedAt")


class TellProvider(Strict):
    behaviour: Literal["silent", "answers", "late", "auto_reply", "bounces", "vendor"]


class ProviderMail(BaseModel):
    at: str
    subject: str
    state: str
    reply_at: str | None = Field(alias="replyAt")


class ProviderState(BaseModel):
    behaviour: str
    address: str
    mails: list[ProviderMail]


class TellSystem(Strict):
    behaviour: str = "ok"
    times: int | None = Field(default=None, ge=1, le=1_000_000)
    seconds: float | None = Field(default=None, gt=0, le=600)
    address: str | None = None
    missing: list[str] = Field(default_factory=list)
    broadband_ok: bool = Field(default=True, alias="broadbandOk")


def sandbox_router(
    sandbox: Sandbox,
    time: Advance,
    *,
    route_class: type[APIRoute] = APIRoute,
    dependencies: Sequence[Depends] = (),
    openapi_extra: dict[str, Any] | None = None,
) -> APIRouter:
    """The routes; `dependencies` or `route_class` let only an admin in."""
    asks: dict[str, Any] = {"x-permission": "sandbox.use"} if openapi_extra is None else openapi_extra
    router = APIRouter(
        prefix="/v1/sandbox", tags=["sandbox"], route_class=route_class, dependencies=list(dependencies)
    )

    @router.get("/clock", openapi_extra=asks, summary="The service's time")
    def tell_time() -> Time:
        return _time(time)

    @router.post("/clock", openapi_extra=asks, summary="Moves the clock forward; all that became due is done")
    def move_clock(move: MoveClock) -> Time:
        time.by(duration(move.advance))
        return _time(time)

    @router.get("/mail", openapi_extra=asks, summary="Mail that the service has sent, newest first")
    def list_mail(
        to: Annotated[str | None, Query(description="Only mail to this address")] = None,
        limit: Annotated[int | None, Query(ge=1)] = None,
    ) -> MailList:
        items = [item for item in sandbox.sent_mail() if to is None or to.lower() in item["to"].lower().split(", ")]
        return MailList.model_validate({"items": items[:limit]})

    @router.post(
        "/mail",
        status_code=201,
        openapi_extra={
            **asks,
            "x-body-bytes": MAIL_BYTES,
            "requestBody": {"required": True, "content": {"message/rfc822": {"schema": {"type": "string"}}}},
        },
        summary="Puts a message into the service's mailbox, as the outside would",
    )
    async def put_mail(request: Request) -> MailTaken:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "message/rfc822":
            raise Refused("Send the message as message/rfc822.", code="unsupported_media_type")
        raw = await request.body()
        if len(raw) > MAIL_BYTES:
            raise TooLarge(f"The message is larger than {MAIL_BYTES} bytes.")
        message = read(raw[:65536])
        if not message.keys():
            raise Refused("The body is not a message: it has no headers.", code="not_a_message")
        mail = await run_in_threadpool(partial(sandbox.post.deliver, raw, sender=_envelope_sender(message)))
        return MailTaken.model_validate({"uid": mail.uid, "receivedAt": to_text(mail.at)})

    @router.get("/provider", openapi_extra=asks, summary="How the provider behaves, and the mail that it has")
    def see_provider() -> ProviderState:
        return _provider(sandbox)

    @router.put("/provider", openapi_extra=asks, summary="Tells the provider how to behave")
    def tell_provider(told: TellProvider) -> ProviderState:
        sandbox.provider.behave(told.behaviour)
        return _provider(sandbox)

    @router.get("/{system}", openapi_extra=asks, summary="How a system behaves, what it was asked, what it has")
    def see_system(system: str) -> dict[str, Any]:
        return _system(sandbox, system)

    @router.put("/{system}", openapi_extra=asks, summary=f"Tells a system how to behave: {', '.join(BEHAVIOURS)}")
    def tell_system(system: str, told: Annotated[TellSystem, Body()]) -> dict[str, Any]:
        sandbox.tell(system, Switch(**(told.model_dump() | {"missing": tuple(told.missing)})))
        return _system(sandbox, system)

    return router


def _envelope_sender(message: EmailMessage) -> str:
    """Whom the message's server would name in MAIL FROM: as it says, else its author; nobody for a report."""
    said = message.get("Return-Path")
    if said is None and message.get_content_type() == "multipart/report":
        return ""
    address = parseaddr(str(said if said is not None else message.get("From", "")))[1]
    return address if _PLAIN.fullmatch(address) else ""


def _time(time: Advance) -> Time:
    return Time(now=to_text(time.now()), offset=_iso(time.offset))


def _iso(length: timedelta) -> str:
    return f"PT{length.total_seconds():.6f}".rstrip("0").rstrip(".") + "S"


def _provider(sandbox: Sandbox) -> ProviderState:
    return ProviderState.model_validate(
        {
            "behaviour": sandbox.provider.behaviour,
            "address": sandbox.provider_address,
            "mails": sandbox.provider.seen(),
        }
    )


def _system(sandbox: Sandbox, system: str) -> dict[str, Any]:
    switch = sandbox.switches.get(system)
    shown: dict[str, Any] = {"system": system, "url": sandbox.url(system), "behaviour": switch.behaviour}
    if switch.times is not None:
        shown["times"] = switch.times
    if switch.seconds is not None:
        shown["seconds"] = switch.seconds
    if switch.address is not None:
        shown["address"] = switch.address
    if system == "platform":
        shown["missing"] = list(switch.missing)
    if system == "line":
        shown["broadbandOk"] = switch.broadband_ok
    emulator = sandbox.emulators.get(system)
    return shown | (emulator.seen() if emulator is not None else {})
