"""Hostile input of our own: what somebody who knows the product would try, each with how it is refused."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from support.dmn import dmn, table
from support.processes import boundary, chain, end, flow, human, package, start, timer

Files = dict[str, bytes]
KEY = "hostile"
HOSTILE_REGEX = "(a+)+$"


def base(body: str | None = None, **declared: Any) -> Files:
    """A sound process folder, for one thing to be wrong in."""
    plain = start() + human("ask", "people") + end() + chain("start", "ask", "end")
    return package(KEY, body or plain, **({"variables": {"x": "any", "n": "int", "items": "list"}} | declared))


def script(text: str) -> Files:
    task = '<bpmn:scriptTask id="s" scriptFormat="cel" camunda:resultVariable="x"><bpmn:script>{}</bpmn:script>'
    body = start() + task.format(text) + "</bpmn:scriptTask>" + end() + chain("start", "s", "end")
    return base(body)


def diagram(old: str, new: str | bytes) -> Files:
    files = base()
    path = f"{KEY}/process.bpmn"
    files[path] = files[path].replace(old.encode(), new.encode() if isinstance(new, str) else new)
    return files


def manifest(text: str) -> Files:
    return base() | {f"{KEY}/process.yaml": text.encode()}


def form(**component: Any) -> Files:
    shown = {"type": "textfield", "key": "x", "id": "f1", "label": "x"} | component
    body = start() + human("ask", "people", form="f") + end() + chain("start", "ask", "end")
    return base(body, forms={"f": [shown]}, variables={"x": "any"})


def decision(rows: list[list[str]], cell: str = "n") -> Files:
    task = (
        '<bpmn:businessRuleTask id="t" camunda:decisionRef="d" camunda:decisionRefBinding="deployment" '
        'camunda:mapDecisionResult="singleEntry" camunda:resultVariable="x"/>'
    )
    files = base(start() + task + end() + chain("start", "t", "end"))
    files[f"{KEY}/d.dmn"] = dmn(table([(cell, "integer")], [("o", "string")], rows, id="d"))
    return files


def nested(depth: int) -> str:
    return "".join(f'<bpmn:subProcess id="s{level}">' for level in range(depth)) + "</bpmn:subProcess>" * depth


FORM = b'{"type": "default", "id": "f", "schemaVersion": 17, "components": []}'
MANIFEST = f"key: {KEY}\nname: {{ru: x}}\nvariables: {{x: {{type: any}}}}\n"
LOOP = '<bpmn:task id="ask"/><bpmn:exclusiveGateway id="g" default="out"/>'
GROW = "<bpmn:startEvent id='start'/>" + LOOP + end() + flow("start", "ask") + flow("ask", "g")
ENDLESS = GROW + flow("g", "ask", "${n == 1}") + '<bpmn:sequenceFlow id="out" sourceRef="g" targetRef="end"/>'

DEPLOYED: Mapping[str, tuple[Callable[[], Files], str]] = {
    # expressions
    "cel_too_long": (lambda: script("x == 1 || " * 1_000 + "true"), "expression"),
    "cel_too_deep": (lambda: script("(" * 500 + "1" + ")" * 500), "expression"),
    "cel_unknown_function": (lambda: script('exec("id")'), "expression"),
    "cel_attribute_of_a_class": (lambda: script("x.__class__.__mro__[1].__subclasses__()()"), "expression"),
    "cel_statement": (lambda: script("import os; os.system('id')"), "expression"),
    "cel_python_lambda": (lambda: script("(lambda: 1)()"), "expression"),
    "cel_unknown_name": (lambda: script("secrets.api_key"), "expression"),
    "cel_other_language": (lambda: diagram('camunda:candidateGroups="people"', 'camunda:candidateGroups="#{[1].x}"'),
                           "expression"),
    "javascript_condition": (
        lambda: base(GROW.replace("out", "g_to_end") + flow("g", "end") + flow("g", "ask", "${n == 1}").replace(
            "<bpmn:conditionExpression ", '<bpmn:conditionExpression language="javascript" ')), "expression"),
    # diagrams
    "endless_loop": (lambda: base(ENDLESS), "endless-loop"),
    "million_instances": (
        lambda: base(start() + human("ask", "w").replace("/>", "><bpmn:multiInstanceLoopCharacteristics>"
                     "<bpmn:loopCardinality>3000000</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
                     "</bpmn:userTask>") + end() + chain("start", "ask", "end")), "budget"),
    "timer_of_ages": (
        lambda: base(start() + human("ask", "w") + boundary("b", "ask", timer("b", "timeDuration", "P99999999999M"))
                     + end() + end("e") + chain("start", "ask", "end") + chain("b", "e")), "timer"),
    "timer_every_moment": (
        lambda: base(start(inner=timer("s", "timeCycle", "R/PT0.001S")) + human("ask", "w") + end()
                     + chain("start", "ask", "end")), "timer"),
    "calls_itself": (
        lambda: base(start() + f'<bpmn:callActivity id="c" calledElement="{KEY}"/>' + end()
                     + chain("start", "c", "end")), "call-cycle"),
    "calls_by_expression": (
        lambda: base(start() + '<bpmn:callActivity id="c" calledElement="${x}"/>' + end()
                     + chain("start", "c", "end")),
        "call"),
    "too_many_elements": (
        lambda: base(start() + "".join(f'<bpmn:task id="t{number}"/>' for number in range(2_100)) + end()), "budget"),
    "too_deep": (lambda: diagram("<bpmn:startEvent", nested(70) + "<bpmn:startEvent"), "xml-size"),
    "java_class": (lambda: diagram("<bpmn:userTask", '<bpmn:serviceTask id="j" camunda:class="x.Y"/><bpmn:userTask'),
                   "attribute"),
    "java_listener": (
        lambda: diagram("<bpmn:startEvent ", '<bpmn:manualTask id="m"><bpmn:extensionElements>'
                        '<camunda:executionListener class="x"/></bpmn:extensionElements></bpmn:manualTask>'
                        "<bpmn:startEvent "), "extension"),
    "url_connector": (
        lambda: diagram("<bpmn:userTask", '<bpmn:serviceTask id="j" camunda:type="external" '
                        'camunda:topic="http://169.254.169.254/"/><bpmn:userTask'), "topic"),
    "xinclude": (
        lambda: diagram("<bpmn:startEvent", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" '
                        'href="file:///etc/passwd"/><bpmn:startEvent'), "element"),
    "stylesheet": (lambda: diagram("?>", '?><?xml-stylesheet href="http://127.0.0.1/x.xsl"?>'), "xml-instruction"),
    "parameter_entity": (lambda: diagram("?>", '?><!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1/x">%p;]>'),
                         "xml-doctype"),
    "doctype_after_a_comment": (lambda: diagram("?>", "?><!-- x --><!DOCTYPE d>"), "xml-doctype"),
    "utf16": (lambda: {**base(), f"{KEY}/process.bpmn": base()[f"{KEY}/process.bpmn"].decode().encode("utf-16")},
              "xml-encoding"),
    "nul_in_a_name": (lambda: diagram('name="ask"', 'name="a&#0;k"'), "xml"),
    "markup_in_a_name": (lambda: diagram('name="ask"', 'name="&lt;img src=x onerror=alert(1)&gt;"'), "xml-label"),
    "bidi_in_a_name": (lambda: diagram('name="ask"', 'name="a\u202ek"'), "xml-label"),
    "cyrillic_id": (lambda: diagram('id="ask"', 'id="аsk"'), "xml-id"),
    "id_with_a_path": (lambda: diagram('id="ask"', 'id="../ask"'), "xml-id"),
    "same_id_in_the_picture": (lambda: diagram("</bpmn:process>", '</bpmn:process><bpmn:message id="ask"/>'),
                               "xml-duplicate-id"),
    "half_a_file": (lambda: {**base(), f"{KEY}/process.bpmn": base()[f"{KEY}/process.bpmn"][:400]}, "xml"),
    "foreign_root": (lambda: {**base(), f"{KEY}/process.bpmn": b"<html><script>1</script></html>"}, "xml-root"),
    # tables
    "cell_too_long": (lambda: decision([["1," * 600 + "1", '"a"']]), "dmn-cell"),
    "cell_flood": (lambda: decision([["?" * 900, '"a"']]), "dmn-cell"),
    "cell_code": (lambda: decision([['__import__("os")', '"a"']]), "dmn-cell"),
    "cell_output_code": (lambda: decision([["1", 'open("/etc/passwd")']]), "dmn-cell"),
    "too_many_rules": (lambda: decision([["1", '"a"']] * 1_100), "dmn"),
    # forms
    "form_catastrophic_pattern": (lambda: form(validate={"pattern": "(?=a)b"}), "form"),
    "form_unknown_component": (lambda: form(type="script"), "form"),
    "form_script_in_html": (lambda: form(type="html", content="<script>1</script>"), "form"),
    "form_reserved_key": (lambda: form(key="__proto__"), "variable"),
    "form_key_of_the_clock": (lambda: form(key="now"), "variable"),
    "form_hide_code": (lambda: form(conditional={"hide": "=import(x)"}), "form-hide"),
    "form_no_json": (lambda: form() | {f"{KEY}/forms/f.form": FORM.replace(b"}", b', "components": []}')}, "form"),
    "form_deep": (lambda: form() | {f"{KEY}/forms/f.form": b"[" * 100_000}, "form"),
    # process.yaml
    "yaml_object": (lambda: manifest("!!python/object/apply:os.system ['id']"), "yaml"),
    "yaml_aliases": (lambda: manifest("a: &a [x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n" for n in range(20))), "manifest"),
    "yaml_key_twice": (lambda: manifest(MANIFEST + "name: {ru: y}\n"), "yaml"),
    "yaml_deep": (lambda: manifest("[" * 5_000), "yaml"),
    "yaml_large": (lambda: manifest(MANIFEST + "#" * 200_000), "yaml"),
    "yaml_reserved_name": (lambda: manifest(MANIFEST.replace("x: {", "__class__: {")), "manifest"),
    "yaml_merge": (lambda: manifest(MANIFEST + "<<: {key: other}\n"), "yaml"),
    # folders
    "stranger": (lambda: base() | {f"{KEY}/run.py": b"1"}, "package"),
    "two_diagrams": (lambda: base() | {f"{KEY}/other.bpmn": base()[f"{KEY}/process.bpmn"]}, "package"),
    "hidden_file": (lambda: base() | {f"{KEY}/.env": b"1"}, "file-name"),
    "mail_template_code": (lambda: base() | {f"{KEY}/mail/a.ru.txt": b"Subject: a\n\n${x.__class__()}"},
                           "mail-text"),
    "mail_header_injection": (
        lambda: base() | {f"{KEY}/mail/a.ru.txt": b"Subject: a\nBcc: x@y.example\n\nbody"}, "mail-text"),
}  # fmt: skip


def archive(entries: Mapping[str, bytes] | list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        warnings.simplefilter("ignore")  # a name that stands twice is what one of them is about
        for name, data in entries.items() if isinstance(entries, Mapping) else entries:
            made.writestr(name, data)
    return out.getvalue()


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        info = zipfile.ZipInfo(f"{KEY}/process.bpmn")
        info.external_attr = 0o120777 << 16
        made.writestr(info, "/etc/passwd")
    return out.getvalue()


def _lying() -> bytes:
    """Whose directory announces fewer bytes than there are."""
    data = bytearray(archive({f"{KEY}/process.bpmn": b"x" * 100_000}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(data)


def _encrypted() -> bytes:
    data = bytearray(archive(base()))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


ZIPPED: Mapping[str, Callable[[], bytes]] = {
    "bomb": lambda: archive({f"{KEY}/a.md": b"\0" * 210_000_000}),
    "many_bombs": lambda: archive({f"{KEY}/{number}.md": b"\0" * 1_000_000 for number in range(40)}),
    "traversal": lambda: archive({"../../etc/cron.d/x": b"1"}),
    "absolute": lambda: archive({"/etc/passwd": b"1"}),
    "windows_path": lambda: archive({"a\\..\\..\\b.bpmn": b"1"}),
    "drive": lambda: archive({"c:/x.bpmn": b"1"}),
    "name_twice": lambda: archive([(f"{KEY}/process.bpmn", b"1"), (f"{KEY}/process.bpmn", b"2")]),
    "name_twice_in_case": lambda: archive({**base(), f"{KEY}/Process.bpmn": b"<a/>"}),
    "link": _link,
    "archive_in_it": lambda: archive({f"{KEY}/inner.zip": archive({"a": b"1"})}),
    "many_files": lambda: archive({f"{KEY}/{number}.md": b"1" for number in range(1_100)}),
    "lies_about_its_size": _lying,
    "encrypted": _encrypted,
    "cut_off": lambda: archive(base())[:-30],
    "a_program_first": lambda: b"#!/bin/sh\nid\n" * 3 + archive({"x/run.sh": b"1"}),
    "nothing": lambda: archive({}),
}

JSON = "application/json"
START = b'{"definitionKey": "loan", "variables": {"loan_id": "H", "branch": "ALA"}, "x": %s}'


def _variables(**values: Any) -> bytes:
    given = {"loan_id": "H", "branch": "ALA", **values}
    return json.dumps({"definitionKey": "loan", "variables": given}, ensure_ascii=False).encode()


BODIES: Mapping[str, tuple[Callable[[], bytes], dict[str, str], set[int]]] = {
    "nan": (lambda: START % b"NaN", {}, {422}),
    "infinity": (lambda: START % b"-Infinity", {}, {422}),
    "huge_exponent": (lambda: START % b"1e400", {}, {422}),
    "huge_number": (lambda: START % (b"9" * 5_000), {}, {400, 422}),
    "deep_list": (lambda: START % (b"[" * 200_000), {}, {400, 422}),
    "deep_and_closed": (lambda: START % (b"[" * 1_000 + b"]" * 1_000), {}, {400, 422}),
    "many_keys": (lambda: START % json.dumps({str(n): 1 for n in range(100_000)}).encode(), {}, {413, 422}),
    "key_twice": (lambda: b'{"definitionKey": "loan", "definitionKey": "loan", "variables": {}}', {}, {422}),
    "key_twice_escaped": (
        lambda: b'{"definitionKey": "loan", "definition\\u004bey": "x", "variables": {}}',
        {},
        {422},
    ),
    "nul": (lambda: START % b'"\\u0000"', {}, {422}),
    "half_a_pair": (lambda: START % b'"\\ud800"', {}, {422}),
    "overlong_utf8": (lambda: START % b'"\xc0\xaf"', {}, {400}),
    "utf16": (lambda: (START % b"1").decode().encode("utf-16"), {}, {400}),
    "byte_order_mark": (lambda: b"\xef\xbb\xbf" + START % b"1", {}, {400, 422}),
    "two_values": (lambda: (START % b"1") * 2, {}, {400}),
    "trailing_comma": (lambda: b'{"definitionKey": "loan",}', {}, {400}),
    "comment": (lambda: b'/* x */ {"definitionKey": "loan"}', {}, {400}),
    "single_quotes": (lambda: b"{'definitionKey': 'loan'}", {}, {400}),
    "no_object": (lambda: b'"loan"', {}, {422}),
    "unknown_field": (lambda: START % b"1", {}, {422}),
    "too_large": (lambda: START % (b'"' + b"x" * 1_100_000 + b'"'), {}, {413}),
    "compressed": (lambda: b"\x1f\x8b", {"Content-Encoding": "gzip"}, {415}),
    "as_a_form": (lambda: b"definitionKey=loan", {"Content-Type": "application/x-www-form-urlencoded"}, {415}),
    "as_text": (lambda: START % b"1", {"Content-Type": "text/plain"}, {415}),
    "other_charset": (lambda: START % b"1", {"Content-Type": "application/json; charset=utf-7"}, {415}),
    "undeclared_variable": (lambda: _variables(__class__=1), {}, {422}),
    "variable_of_another_type": (lambda: _variables(loan_id={"$gt": ""}), {}, {422}),
    "variable_too_long": (lambda: _variables(loan_id="ы" * 150_000), {}, {422}),
    "constant_overridden": (lambda: _variables(now="2020-01-01T00:00:00Z"), {}, {422}),
}

QUERIES: Mapping[str, tuple[str, set[int]]] = {
    "negative_limit": ("/v1/tasks?limit=-1", {400}),
    "huge_limit": ("/v1/tasks?limit=100000000", {400}),
    "exponent_limit": ("/v1/tasks?limit=1e9", {400}),
    "unicode_digits": ("/v1/tasks?limit=%D9%A1", {400}),
    "limit_twice": ("/v1/tasks?limit=1&limit=2", {400}),
    "sql_in_the_order": ("/v1/tasks?sort=created%3Bdrop%20table%20task--", {400}),
    "case_in_the_order": ("/v1/tasks?sort=(case%20when%20(select%201)=1%20then%20id%20end)", {400}),
    "sql_in_a_filter": ("/v1/tasks?group='%20OR%20'1'='1", {200, 400}),
    "sleep_in_a_variable": ("/v1/instances?variable.amount)::int;select%20pg_sleep(5)--=1", {400}),
    "nul_in_a_filter": ("/v1/instances?businessKey=%00", {400}),
    "broken_utf8_in_a_filter": ("/v1/instances?businessKey=%ff%fe", {200, 400}),
    "unknown_filter": ("/v1/instances?tenant=x", {400}),
    "forged_cursor": ("/v1/tasks?cursor=eyJhIjoxfQ.AAAA", {400}),
    "long_cursor": ("/v1/tasks?cursor=" + "A" * 8_000, {400}),
    "many_filters": ("/v1/instances?" + "&".join(f"variable.a{n}=1" for n in range(50)), {400}),
    "time_of_nowhere": ("/v1/instances?startedAfter=99999-01-01T00:00:00Z", {400}),
    "id_with_sql": ("/v1/instances/1%27%20OR%201=1", {404}),
    "id_with_a_path": ("/v1/instances/..%2f..%2fetc%2fpasswd", {404}),
    "id_of_braces": ("/v1/instances/%7B00000000-0000-0000-0000-000000000000%7D", {404}),
    "dots": ("/v1/../../etc/passwd", {404}),
    "two_slashes": ("//v1/instances", {404}),
    "token_in_the_address": ("/v1/tasks?api_key=x", {400}),
    "definition_path": ("/v1/definitions/..%2f..%2fetc%2fpasswd/bpmn", {404}),
}

BEARERS: Mapping[str, str] = {
    "alg_none": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "signed_by_nobody": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2ln",
    "key_in_the_header": "Bearer eyJhbGciOiJSUzI1NiIsImprdSI6Imh0dHA6Ly8xMjcuMC4wLjEvIn0.e30.c2ln",
    "kid_with_a_path": "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uL2Rldi9udWxsIn0.e30.c2ln",
    "basic": "Basic YWRtaW46YWRtaW4=",
    "two_words": "Bearer a b",
    "huge": "Bearer " + "k" * 10_000,
    "sql": "Bearer ktf_' or 1=1--_x_y",
    "wildcards": "Bearer ktf_sandbox_%_%",
}


def raw_requests() -> Iterator[tuple[str, bytes]]:
    """Requests that no library sends.  Whatever answers, it is a refusal, and nobody else gets what it smuggles."""
    head = b"POST /v1/instances HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    inner = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    yield "two_lengths", head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
    chunked = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield "length_and_chunks", head + chunked + inner
    yield "odd_encoding", head + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
    yield "negative_length", head + b"Content-Length: -1\r\n\r\n"
    yield "signed_length", head + b"Content-Length: +5\r\n\r\nhello"
    yield "folded_header", head + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}"
    yield "space_before_the_colon", head + b"Content-Length : 2\r\n\r\n{}"
    yield "no_host", b"GET /v1/tasks HTTP/1.1\r\n\r\n"
    yield "two_hosts", b"GET /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n"
    yield "other_host", b"GET /v1/tasks HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    yield "nul_in_a_header", b"GET /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: a\0b\r\n\r\n"
    yield "huge_header", b"GET /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n"
    many = b"".join(b"X-%d: a\r\n" % number for number in range(20_000))
    yield "many_headers", b"GET /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\n" + many + b"\r\n"
    yield "no_http", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1" + b"\0" * 100
    yield "control_characters", b"GET /v1/tasks\x0b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    yield "whole_address", b"GET http://evil.example/v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
