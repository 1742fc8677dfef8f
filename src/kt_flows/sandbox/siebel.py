"""Siebel CRM's inbound REST for Service Requests, manners included.

One row is an object unless `uniformresponse=y`, no rows are a 404, business errors are a 500 with an SBL code, a page
has 10 rows and never more than 100 (Oracle's REST API guide).
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import JSONResponse

from kt_flows.clock import Clock
from kt_flows.sandbox.emulator import Done, Emulator

PATH = "/siebel/v1.0/data/Service Request/Service Request"
_ABSTRACT = 100
"""Characters that the Abstract field takes."""

_SEARCH = re.compile(r"\(?\s*\[(Integration Id|SR Number|Id)\]\s*=\s*(?:'((?:[^']|'')*)'|\"([^\"]*)\")\s*\)?")


class Siebel(Emulator):
    """Service Requests by Integration Id, SR Number or Id."""

    system = "siebel"
    records_name = "serviceRequests"

    def routes(self) -> None:
        @self.app.get(PATH)
        async def query(request: Request) -> JSONResponse:
            return await self.answer(request, lambda: self._query(dict(request.query_params)))

        @self.app.put(PATH)
        async def upsert(request: Request) -> JSONResponse:
            body = await request.body()
            try:
                fields = json.loads(body)
            except ValueError:
                fields = None
            if not isinstance(fields, dict):
                return JSONResponse(_error("The body is not a JSON object", "SBL-EAI-05001").body, 500)
            return await self.answer(request, lambda: self._upsert(fields))

    def failure(self) -> Done:
        return _error("An internal error has occurred, please try again", "SBL-SVR-01042")

    def rejection(self) -> Done:
        return _error("The record is refused by a rule of the business component", "SBL-EAI-04397")

    def keep(self, record: dict[str, Any]) -> None:
        """One record a Service Request: the newest state in the place of the old."""
        for place, known in enumerate(self.records):
            if known["Id"] == record["Id"]:
                self.records[place] = record
                return
        self.records.append(record)

    def _query(self, parameters: dict[str, str]) -> Done:
        rows = list(self.records)
        if "searchspec" in parameters:
            search = _SEARCH.fullmatch(parameters["searchspec"].strip())
            if search is None:
                return _error("The search specification is not valid", "SBL-EAI-05001")
            value = (search[2] or "").replace("''", "'") or search[3] or ""
            rows = [row for row in rows if row.get(search[1]) == value]
        start = int(parameters.get("StartRowNum") or 0)
        size = min(int(parameters.get("PageSize") or 10), 100)
        page = rows[start : start + size]
        if not page:
            return Done(404, {"ERROR": "There is no data for the requested resource"})
        names = [name.strip() for name in parameters.get("fields", "").split(",") if name.strip()]
        items = [{name: row.get(name, "") for name in ("Id", *names)} if names else dict(row) for row in page]
        for item in items:
            item["Link"] = _link(item["Id"])
        alone = len(items) == 1 and parameters.get("uniformresponse", "").lower() not in ("y", "yes", "true")
        return Done(200, {"items": items[0] if alone else items})

    def _upsert(self, fields: dict[str, Any]) -> Done:
        keys = [name for name in ("Id", "SR Number", "Integration Id") if fields.get(name)]
        if not keys:
            return _error("No user key can be used for the Integration Component instance", "SBL-EAI-04397")
        if len(str(fields.get("Abstract", ""))) > _ABSTRACT:
            return _error("The value of field 'Abstract' is too long", "SBL-EAI-04401")
        row = next((row for row in self.records if any(row.get(key) == fields[key] for key in keys)), None)
        if row is None:
            number = f"1-{1000 + len(self.records) + 1}"
            row = {"Id": number, "SR Number": number, "Created": _siebel_time(self.clock)}
        row = row | {name: value for name, value in fields.items() if name not in ("Id", "SR Number")}
        row["Updated"] = _siebel_time(self.clock)
        row["Mod Id"] = str(int(row.get("Mod Id", "-1")) + 1)
        items = {"Id": row["Id"], "SR Number": row["SR Number"], "Link": _link(row["Id"])}
        return Done(200, {"items": items}, row)


def _error(text: str, code: str) -> Done:
    return Done(500, {"ERROR": f"{text}({code})"})


def _link(id: str) -> dict[str, str]:
    return {"rel": "self", "href": f"{quote(PATH)}/{id}", "name": "Service Request"}


def _siebel_time(clock: Clock) -> str:
    """As Siebel prints times: month first, UTC."""
    return f"{clock.now():%m/%d/%Y %H:%M:%S}"
