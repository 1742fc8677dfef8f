"""The strict door for XML: what does not come in, and that it is told quickly where."""

from __future__ import annotations

import time

import pytest
from lxml import etree

from kt_flows.engine.xml import BPMN, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read_xml
from kt_flows.errors import DiagramError, Finding

OPEN = f'<bpmn:definitions xmlns:bpmn="{BPMN}" id="d" targetNamespace="t">'
CLOSE = "</bpmn:definitions>"


def refused(data: bytes) -> Finding:
    begun = time.perf_counter()
    with pytest.raises(DiagramError) as caught:
        read_xml(data, "process.bpmn")
    assert time.perf_counter() - begun < 1
    (finding,) = caught.value.findings
    assert (finding.severity, finding.file) == ("error", "process.bpmn")
    assert finding.message
    assert finding.hint
    return finding


def document(inner: str = "", head: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> bytes:
    return f"{head}{OPEN}{inner}{CLOSE}".encode()


@pytest.mark.parametrize(
    "head", ["", "\ufeff", '<?xml version="1.0"?>', "\ufeff<?xml version='1.0' encoding='utf-8'?>\n"]
)
def test_utf_8_comes_in_with_and_without_its_marks(head: str) -> None:
    assert etree.QName(read_xml(document("<bpmn:process id='p' name='Шлюз'/>", head), "x")).localname == "definitions"


def test_lines_are_the_files() -> None:
    root = read_xml(document("\n\n<bpmn:process id='p'/>"), "x")
    assert root[0].sourceline == 4


@pytest.mark.parametrize(
    ("data", "rule", "line"),
    [
        (document().decode().encode("utf-16"), "xml-encoding", 1),
        (document("<!-- \u0416 -->").decode().encode("cp1251"), "xml-encoding", 2),
        (document(head='<?xml version="1.0" encoding="windows-1251"?>'), "xml-encoding", 1),
        (document("<!-- \x00 -->"), "xml-encoding", None),
        (b'<?xml version="1.0"?>\n<!DOCTYPE d [<!ENTITY a "b">]>' + document(head=""), "xml-doctype", 2),
        (document("\n<?xml-stylesheet href='http://a.example/x.xsl'?>"), "xml-instruction", 3),
        (document("<bpmn:process>"), "xml", 2),
        (b"", "xml", 1),
        (b"<html/>", "xml-root", 1),
        (b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "xml-root", 1),
        (b"<definitions/>", "xml-root", 1),
        (document("\n<bpmn:process id='1a'/>"), "xml-id", 3),
        (document("<bpmn:process id='ж'/>"), "xml-id", 2),
        (document(f"<bpmn:process id='{'a' * 256}'/>"), "xml-id", 2),
        (document("<bpmn:process id='a b'/>"), "xml-id", 2),
        (document("<bpmn:process id='p'/>\n<bpmn:error id='p'/>"), "xml-duplicate-id", 3),
        (document("<bpmn:process id='p' name='&lt;script>'/>"), "xml-label", 2),
        (document("<bpmn:process id='p' name='a\u202eb'/>"), "xml-label", 2),
        (document(f"<bpmn:process id='p' name='{'ж' * 1001}'/>"), "xml-label", 2),
        (document("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH), "xml-size", 2),
        (document("<a>" * 300 + "</a>" * 300), "xml", 2),
        (document("<a/>" * MAX_ELEMENTS), "xml-size", 2),
        (b"<" * (MAX_BYTES + 1), "xml-size", None),
    ],
    ids=range(23),
)
def test_what_does_not_come_in(data: bytes, rule: str, line: int | None) -> None:
    finding = refused(data)
    assert finding.rule == rule
    assert finding.line == line


def test_a_label_may_compare() -> None:
    read_xml(document("<bpmn:process id='p' name='Сумма &lt; 5 и &gt; 1'/>"), "x")
