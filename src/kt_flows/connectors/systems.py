"""The outside systems that the schemes call, one function per topic: payload and key in, result out.

Each is idempotent by its job's key; what a connector may raise is said in `http.System.call`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from kt_flows.clock import Clock
from kt_flows.connectors.http import System
from kt_flows.errors import Permanent, Temporary
from kt_flows.settings import Settings

Payload = Mapping[str, Any]
_SR = "/siebel/v1.0/data/" + quote("Service Request") + "/" + quote("Service Request")
_SBL = re.compile(r"SBL-[A-Z]{3}-\d{5}")
# Siebel says business errors with a 500; these do not go away by asking again (bad field, rule, key).
_SBL_FOR_GOOD = ("SBL-EAI-04397", "SBL-EAI-04401", "SBL-EAI-05001", "SBL-DAT-00225", "SBL-DAT-00357")
_ABSTRACT = 100


class Siebel(System):
    """Siebel CRM's REST: upsert by a user key, business errors inside a 500."""

    def refusal(self, status: int, content: bytes) -> Temporary | Permanent:
        code = _SBL.search(content.decode("utf-8", "replace"))
        if code and (status < 500 or code[0] in _SBL_FOR_GOOD):
            return Permanent(f"Siebel refuses: {code[0]}", code="siebel.rejected")
        if code:
            return Temporary(f"Siebel answered {status} with {code[0]}")
        return super().refusal(status, content)

    def upsert_sr(self, asked: Payload, key: str) -> dict[str, Any]:
        """`siebel.upsert_sr`: the Service Request with our integration id, made or brought up to date."""
        contact = asked.get("contact") or {}
        fields = {
            "Integration Id": asked["integration_id"],
            "SR Type": asked["sr_type"],
            "Status": asked["status"],
            "Sub-Status": asked.get("sub_status"),
            "Abstract": _short(str(asked["abstract"])),
            "Description": asked.get("description"),
            "Area": asked.get("area"),
            "Sub-Area": asked.get("sub_area"),
            "Source": asked.get("source"),
            "Preferred Channel": asked.get("channel"),
            "Commit Time": asked.get("commit_at"),
            "Contact Email Address": contact.get("email"),
            "Contact Phone": contact.get("phone"),
        }
        kept = {name: value for name, value in fields.items() if value is not None}
        answer = self.call("PUT", _SR, key=key, body=kept, query={"uniformresponse": "y"})
        items = answer.get("items") if isinstance(answer, dict) else None
        row = items[0] if isinstance(items, list) and items else items
        if not isinstance(row, dict) or not (row.get("SR Number") or row.get("Id")):
            raise Temporary("Siebel answered without a Service Request")
        return {"siebel_sr": str(row.get("SR Number") or row["Id"])}


def _short(text: str) -> str:
    return text if len(text) <= _ABSTRACT else text[: _ABSTRACT - 1] + "…"


class Systems:
    """All of them, built once per process."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.siebel = Siebel("siebel", settings.siebel_url, clock)
        self.cabinet = System("cabinet", settings.cabinet_url, clock)
        self.billing = System("billing", settings.billing_url, clock)
        self.line = System("line", settings.line_url, clock)
        self.broadband = System("broadband", settings.broadband_url, clock)
        self.platform = System("platform", settings.platform_url, clock)

    def close(self) -> None:
        for system in (self.siebel, self.cabinet, self.billing, self.line, self.broadband, self.platform):
            system.close()

    def cabinet_notify(self, asked: Payload, key: str) -> dict[str, Any]:
        """`cabinet.notify`: a message in the subscriber's cabinet."""
        path = f"/v1/subscribers/{quote(str(asked['subscriber_id']), safe='')}/messages"
        body = {name: asked[name] for name in ("subject", "body", "request_id") if asked.get(name) is not None}
        return _only(self.cabinet.call("POST", path, key=key, body=body), "delivered_at")

    def grant_month(self, asked: Payload, key: str) -> dict[str, Any]:
        """`billing.grant_month`: free months of a service, once per entitlement key."""
        body = {name: asked[name] for name in ("entitlement_key", "subscriber_id", "service", "months")}
        answer = self.billing.call("POST", "/v1/entitlements", key=key, body=body)
        return _only(answer, "entitlement_id", "granted_at")

    def test_line(self, asked: Payload, key: str) -> dict[str, Any]:
        """`line.test`: the line as the diagnostics see it."""
        answer = self.line.call("POST", "/v1/line-tests", key=key, body={"subscriber_id": asked["subscriber_id"]})
        return _only(answer, "broadband_ok", "tested_at")

    def register_fault(self, asked: Payload, key: str) -> dict[str, Any]:
        """`broadband.register_fault`: a fault in the repair bureau's own system."""
        body = {name: value for name, value in asked.items() if value is not None}
        return _only(self.broadband.call("POST", "/v1/faults", key=key, body=body), "fault_id")

    def indicators(self, asked: Payload, key: str) -> dict[str, Any]:
        """`platform.indicators`: each asked for; one without a source says `no_data`, never 0 (clause A3.4)."""
        names = [str(name) for name in asked["indicators"]]
        answer = self.platform.call("GET", "/v1/indicators", key=key, query={"names": ",".join(names)})
        given = _only(answer, "indicators", "measured_at")["indicators"]
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise Temporary("the platform's answer is no list of indicators")
        found = {str(one.get("name")): one for one in given}
        measured_at = answer["measured_at"]
        return {
            "measured_at": measured_at,
            "indicators": [
                {
                    "name": name,
                    "unit": found[name].get("unit") if name in found else None,
                    "value": found[name].get("value") if name in found else None,
                    "at": found[name].get("at", measured_at) if name in found else measured_at,
                    "status": "ok" if name in found and found[name].get("value") is not None else "no_data",
                }
                for name in names
            ],
        }


def _only(answer: Any, *names: str) -> dict[str, Any]:
    """The named values of an answer.  Raises Temporary where one is missing: the system is not itself."""
    if not isinstance(answer, dict) or any(name not in answer for name in names):
        raise Temporary(f"the answer lacks {', '.join(names)}: {orjson.dumps(answer)[:200].decode()}")
    return {name: answer[name] for name in names}
