"""Hostile diagrams: each is refused with its place within a second; nothing runs, nothing is fetched."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from kt_flows.engine.check import check_packages

ATTACKS = Path(__file__).resolve().parents[1] / "data" / "attacks"
MANIFEST = b"key: p\nname: {ru: x}\nvariables: {x: {type: any}, amount: {type: double}}\n"
# What each is refused for: rule and element.  A file without a line here fails: say what it is for.
BPMN = {
    "adhoc_completion": ("element", "t"),
    "boundary_timer": ("timer", "b"),
    "call_activity_recursion": ("call-cycle", "t"),
    "camunda_mi_cardinality": ("expression", "t"),
    "conditional_event": ("expression", "t"),
    "dmn_concat_breakout": ("dmn-cell", "r"),
    "dmn_input_entry": ("dmn-cell", "r"),
    "dmn_input_expression": ("expression", "i"),
    "dmn_output_entry": ("dmn-cell", "r"),
    "inclusive_gateway_condition": ("expression", "fc"),
    "infinite_loop": ("script", "t"),
    "mi_cardinality": ("expression", "t"),
    "mi_huge_cardinality": ("budget", "t"),
    "pow_bomb": ("expression", "fc"),
    "script_task": ("script", "t"),
    "spiff_postscript": ("extension", "t"),
    "spiff_service_param": ("extension", "x"),
    "spiff_signal_payload": ("element", "m"),
    "standard_loop_condition": ("expression", "t"),
    "timer_cycle": ("timer", "t"),
    "timer_duration": ("timer", "t"),
    "timer_months_loop": ("timer", "t"),
    "unserialisable_left_in_data": ("script", "t"),
}
XML = {
    "camunda_class": ("attribute", "x"),
    "camunda_connector_ssrf": ("extension", "x"),
    "duplicate_ids": ("xml-duplicate-id", "s"),
    "external_dtd": ("xml-doctype", None),
    "id_path_traversal": ("xml-id", None),
    "internal_entity_harmless": ("xml-doctype", None),
    "label_rtl_override": ("xml-label", "s"),
    "label_xss": ("xml-label", "s"),
    "quadratic_blowup": ("xml-doctype", None),
    "svg_polyglot": ("xml-root", None),
    "utf7_declared": ("xml-encoding", None),
    "utf8_bom_and_nul": ("xml-encoding", None),
    "xxe_file": ("xml-doctype", None),
    "xxe_http": ("xml-doctype", None),
}


@pytest.mark.parametrize("file", sorted(ATTACKS.glob("bpmn/*.bpmn")), ids=lambda file: file.stem)
def test_a_diagram_that_would_run_code(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(file, BPMN[file.stem], tmp_path, monkeypatch)


@pytest.mark.parametrize("file", sorted(ATTACKS.glob("xml/*.bpmn")), ids=lambda file: file.stem)
def test_a_file_that_is_not_what_it_looks_like(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(file, XML[file.stem], tmp_path, monkeypatch)


def refused(file: Path, wanted: tuple[str, str | None], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"p/process.bpmn": file.read_bytes(), "p/process.yaml": MANIFEST}
    table = file.with_suffix(".dmn")
    if table.exists():
        files["p/table.dmn"] = table.read_bytes()
    monkeypatch.chdir(folder)
    begun = time.perf_counter()
    _, findings = check_packages(files)
    assert time.perf_counter() - begun < 1
    found = next(one for one in findings if (one.rule, one.element_id) == wanted)
    assert found.severity == "error"
    assert found.file.startswith("p/")
    assert found.line or found.rule == "xml-encoding"
    assert found.hint
    assert list(folder.iterdir()) == []


def test_an_outside_entity_is_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/".encode()
        for name in ("xxe_http", "external_dtd"):
            data = (ATTACKS / "xml" / f"{name}.bpmn").read_bytes()
            files = {"p/process.bpmn": data.replace(b"http://127.0.0.1:9556/", address), "p/process.yaml": MANIFEST}
            _, findings = check_packages(files)
            assert findings
        with pytest.raises(BlockingIOError):
            server.accept()
