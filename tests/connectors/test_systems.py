"""Each topic's function against the system that the sandbox emulates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from kt_flows.clock import FixedClock, to_text
from kt_flows.connectors.systems import Siebel, Systems
from kt_flows.errors import Permanent, Temporary
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
from kt_flows.settings import Settings
from kt_flows.topics import TOPICS
from support.outside import T0

SR = {"integration_id": "A-1", "sr_type": "Жалоба", "status": "Open", "abstract": "Не запускается"}
GRANT = {"entitlement_key": "E-1", "subscriber_id": "S-1", "service": "iD TV", "months": 1}

Call = Callable[[Systems, Mapping[str, Any], str], Mapping[str, Any]]

CALLS: dict[str, tuple[Call, dict[str, Any]]] = {
    "siebel.upsert_sr": (lambda s, asked, key: s.siebel.upsert_sr(asked, key), SR),
    "cabinet.notify": (
        Systems.cabinet_notify,
        {"subscriber_id": "Ё 1?x", "subject": "Ответ", "body": "Исправлено", "request_id": None},
    ),
    "billing.grant_month": (Systems.grant_month, GRANT),
    "line.test": (Systems.test_line, {"subscriber_id": "S-1"}),
    "broadband.register_fault": (Systems.register_fault, {"subscriber_id": "S-1", "problem": None}),
    "platform.indicators": (Systems.indicators, {"indicators": ["server_cpu"]}),
}


@pytest.fixture
def systems(settings: Settings, clock: FixedClock) -> Iterator[Systems]:
    built = Systems(settings, clock)
    yield built
    built.close()


def records(sandbox: Sandbox, system: str) -> list[dict[str, Any]]:
    return sandbox.emulators[system].records


@pytest.mark.parametrize("kind", sorted(CALLS))
def test_a_topic_answers_what_it_promises(systems: Systems, kind: str) -> None:
    call, asked = CALLS[kind]
    assert set(call(systems, asked, "k:1")) == set(TOPICS[kind].outputs)


@pytest.mark.parametrize("kind", sorted(CALLS))
def test_a_fault_may_be_tried_again_under_the_same_key_and_is_done_once(
    systems: Systems, sandbox: Sandbox, kind: str
) -> None:
    call, asked = CALLS[kind]
    system = kind.partition(".")[0]
    for behaviour in ("fail", "repeat"):
        sandbox.tell(system, Switch(behaviour, times=1))
        with pytest.raises(Temporary):
            call(systems, asked, "k:1")
    assert call(systems, asked, "k:1") == call(systems, asked, "k:1")
    assert len(records(sandbox, system)) == (0 if system == "platform" else 1)


@pytest.mark.parametrize("kind", sorted(set(CALLS) - {"platform.indicators"}))
def test_a_refusal_has_the_code_that_a_diagram_catches(systems: Systems, sandbox: Sandbox, kind: str) -> None:
    call, asked = CALLS[kind]
    sandbox.tell(kind.partition(".")[0], Switch("reject"))
    with pytest.raises(Permanent) as caught:
        call(systems, asked, "k:1")
    assert caught.value.code in TOPICS[kind].errors


def test_siebel_gets_fields_under_its_own_names_and_a_short_abstract(systems: Systems, sandbox: Sandbox) -> None:
    asked = SR | {"abstract": "я" * 300, "contact": {"email": "a@b.kz"}, "commit_at": "2026-03-03T05:00:00Z"}
    first = systems.siebel.upsert_sr(asked, "k:1")
    again = systems.siebel.upsert_sr(asked | {"status": "Closed"}, "k:2")
    assert first == again
    [row] = records(sandbox, "siebel")
    assert row["Status"] == "Closed"
    assert len(row["Abstract"]) == 100
    assert row["Contact Email Address"] == "a@b.kz"
    assert "Contact Phone" not in row


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"ERROR": "try again(SBL-SVR-01042)"}', Temporary),
        (b'{"ERROR": "rule(SBL-EAI-04397)"}', Permanent),
        (b'{"ERROR": "too long(SBL-EAI-04401)"}', Permanent),
        (b"Bad gateway", Temporary),
        (b"\xff\xfe", Temporary),
    ],
)
def test_a_500_of_siebel_is_read(content: bytes, kind: type[Exception], clock: FixedClock) -> None:
    siebel = Siebel("siebel", None, clock)
    assert isinstance(siebel.refusal(500, content), kind)
    siebel.close()


def test_a_month_is_granted_once_per_entitlement_whatever_the_key(systems: Systems, sandbox: Sandbox) -> None:
    first = systems.grant_month(GRANT, "k:1")
    assert systems.grant_month(GRANT, "k:2") == first
    assert len(records(sandbox, "billing")) == 1


def test_a_line_test_says_what_the_diagnostics_found(systems: Systems, sandbox: Sandbox) -> None:
    sandbox.tell("line", Switch(broadband_ok=False))
    assert systems.test_line({"subscriber_id": "S-1"}, "k:1") == {"broadband_ok": False, "tested_at": to_text(T0)}


@pytest.mark.acceptance("68")
def test_an_indicator_without_a_source_says_no_data_and_never_zero(systems: Systems, sandbox: Sandbox) -> None:
    sandbox.tell("platform", Switch(missing=("server_cpu",)))
    found = systems.indicators({"indicators": ["server_cpu", "server_ram", "unheard_of"]}, "k:1")
    by_name = {one["name"]: one for one in found["indicators"]}
    assert list(by_name) == ["server_cpu", "server_ram", "unheard_of"]
    for name in ("server_cpu", "unheard_of"):
        assert by_name[name]["status"] == "no_data"
        assert by_name[name]["value"] is None
        assert by_name[name]["at"] == to_text(T0)
    assert (by_name["server_ram"]["status"], by_name["server_ram"]["unit"]) == ("ok", "percent")


@pytest.mark.parametrize("answer", [{}, {"indicators": None}, {"indicators": [7]}, [], "no", None])
def test_a_platform_that_is_not_itself_is_asked_again(systems: Systems, answer: Any) -> None:
    systems.platform.call = lambda *_, **__: answer  # type: ignore[method-assign]
    with pytest.raises(Temporary):
        systems.indicators({"indicators": ["server_cpu"]}, "k:1")


@pytest.mark.parametrize("answer", [{}, {"items": []}, {"items": "x"}, [], None])
def test_a_siebel_that_is_not_itself_is_asked_again(systems: Systems, answer: Any) -> None:
    systems.siebel.call = lambda *_, **__: answer  # type: ignore[method-assign]
    with pytest.raises(Temporary):
        systems.siebel.upsert_sr(SR, "k:1")


def test_a_system_that_answers_without_what_it_promises_is_asked_again(systems: Systems) -> None:
    systems.line.call = lambda *_, **__: {"broadband_ok": True}  # type: ignore[method-assign]
    with pytest.raises(Temporary, match="tested_at"):
        systems.test_line({"subscriber_id": "S-1"}, "k:1")
