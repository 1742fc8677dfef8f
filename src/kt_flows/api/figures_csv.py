"""Figures as a sheet: RFC 4180, with a mark of UTF-8 by which spreadsheets know it.

What a spreadsheet would run as a formula is text: an apostrophe stands before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

COLUMNS = ("section", "key", "name", "count", "p50_seconds", "p95_seconds", "share")
_BYTE_ORDER_MARK = "\ufeff"
_RUNS = ("=", "+", "-", "@", "\t", "\r")


def sheet(figures: Mapping[str, Any], names: Mapping[str, str]) -> bytes:
    """The answer of `GET /v1/figures`, a row for each number; `names` are the processes'."""
    out = io.StringIO(_BYTE_ORDER_MARK, newline="")
    out.seek(0, io.SEEK_END)
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(figures, names):
        writer.writerow({column: _cell(value) for column, value in row.items()})
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUNS) else value


def _rows(figures: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for state, count in figures["cases"].items():
        yield {"section": "cases", "key": state, "count": count}
    yield {"section": "deadline", "key": "inTime", "count": figures["inTime"], "share": figures["shareInTime"]}
    yield {"section": "deadline", "key": "breached", "count": figures["breached"]}
    yield {"section": "compensation", "key": "months", "count": figures["compensationMonths"]}
    for what in ("started", "completed", "breached"):
        for day in figures["byDay"]:
            yield {"section": f"day.{what}", "key": day["day"], "count": day[what]}
    for what in ("started", "completed", "breached"):
        for one in figures["byProcess"]:
            name = names.get(one["key"], one["key"])
            yield {"section": f"process.{what}", "key": one["key"], "name": name, "count": one[what]}
    for cause in figures["byCause"]:
        yield {"section": "cause", "key": cause["cause"], "count": cause["count"]}
    for fault in figures["byFault"]:
        yield {"section": "fault", "key": fault["fault"], "count": fault["count"]}
    for stage in figures["stages"]:
        yield {
            "section": "stage",
            "key": f"{stage['definitionKey']}/{stage['elementId']}",
            "name": stage["name"],
            "count": stage["count"],
            "p50_seconds": stage["p50Seconds"],
            "p95_seconds": stage["p95Seconds"],
        }
