"""Our own description, taken at its word: whatever it allows, and much that it does not, is answered as it says.

schemathesis draws requests for every operation from /openapi.json, right ones and wrong ones.  FUZZ_CASES says how
many for each operation (`make fuzz`: a hundred; in the suite a few, always the same).
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.api import Api

CASES = int(os.environ.get("FUZZ_CASES", "8"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDLESS = {"/v1/events"}
"""A stream that does not end by itself; tests/api/test_feed.py has it."""


def test_every_operation_answers_as_it_is_described(api: Api) -> None:
    seen = 0
    case = api.start("described")
    known = {"id": [case["id"], api.task(case), case["definitionId"], "none"]}
    description = api.as_("admin").get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(description)
    with httpx.Client(base_url=api.url, headers=dict(api.as_("admin").headers), timeout=30) as client:
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path in ENDLESS:
                continue
            seen += _drawn(operation, client, known)
    print(f"{seen} requests")
    assert seen >= CASES * 20


def _drawn(operation: Any, client: httpx.Client, known: dict[str, list[str]]) -> int:
    count = [0]

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize="FUZZ_CASES" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        count[0] += 1
        if "id" in (case.path_parameters or {}) and count[0] % 2:  # something that is there, every other time
            case.path_parameters["id"] = known["id"][count[0] // 2 % len(known["id"])]
        answer = case.call(base_url=str(client.base_url), headers={"Authorization": client.headers["Authorization"]})
        case.validate_response(answer, checks=CHECKS)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the drawing library's own
        ask()
    return count[0]
