"""A process in three languages: what is missing is told at its place, once for each text."""

from __future__ import annotations

from typing import Any

import yaml

from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import read_definition
from kt_flows.engine.tongues import names_of
from kt_flows.errors import Finding
from support.processes import chain, end, flow, human, package, start

FORM = [
    {"type": "text", "id": "hint", "text": "Спросите"},
    {
        "type": "radio",
        "id": "answer",
        "key": "answer",
        "label": "Ответ",
        "values": [{"value": "yes", "label": "да"}, {"value": "ott", "label": "OTT"}],
    },
]
LANES = (
    '<bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="Операторы"><bpmn:flowNodeRef>ask</bpmn:flowNodeRef>'
    "</bpmn:lane></bpmn:laneSet>"
)
NOTE = '<bpmn:textAnnotation id="note"><bpmn:text>Важно</bpmn:text></bpmn:textAnnotation>'


def process(facts: dict[str, Any], texts: dict[str, Any] | None) -> dict[str, bytes]:
    ask = human("ask", "staff", form="f").replace('name="ask"', 'name="Спросить"')
    body = LANES + NOTE + start() + ask + end() + chain("start", "ask") + flow("ask", "end")
    body = body.replace('id="ask_to_end"', 'id="ask_to_end" name="готово"')
    more: dict[str, Any] = {"name": {"ru": "Опрос", "kk": "Сауалнама"}, "elements": {"ask": {"clause": "1", **facts}}}
    files = package("p", body, variables={"answer": "string"}, forms={"f": FORM}, more=more)
    if texts is not None:
        files["p/texts.yaml"] = yaml.safe_dump(texts, allow_unicode=True).encode()
    return files


def told(files: dict[str, bytes], rule: str = "text-missing") -> list[Finding]:
    _, found = check_packages(files)
    assert [one for one in found if one.severity == "error"] == []
    return [one for one in found if one.rule == rule]


def test_every_missing_text_is_told_at_its_place() -> None:
    found = told(process({"kk": "Сұрау", "say": {"ru": "Здравствуйте"}}, {"да": {"kk": "иә", "en": "yes"}}))
    assert {(one.file, one.element_id, one.message) for one in found} == {
        ("p/process.yaml", None, "«Опрос»: нет на английском"),
        ("p/process.yaml", "ask", "«Здравствуйте»: нет на казахском и английском"),
        ("p/process.bpmn", "ask", "«Спросить»: нет на английском"),
        ("p/process.bpmn", "ask_to_end", "«готово»: нет на казахском и английском"),
        ("p/process.bpmn", "lane", "«Операторы»: нет на казахском и английском"),
        ("p/process.bpmn", "note", "«Важно»: нет на казахском и английском"),
        ("p/forms/f.form", "hint", "«Спросите»: нет на казахском и английском"),
        ("p/forms/f.form", "answer", "«Ответ»: нет на казахском и английском"),
    }
    assert all(one.line and one.severity == "warning" for one in found)


def both(text: str) -> dict[str, str]:
    return {"kk": f"{text} kk", "en": f"{text} en"}


WHOLE = {text: both(text) for text in ("да", "готово", "Операторы", "Важно", "Спросите", "Ответ")}


def test_a_whole_process_has_nothing_missing_and_all_names() -> None:
    files = process(both("Спросить"), WHOLE)
    files["p/process.yaml"] = files["p/process.yaml"].replace("kk: Сауалнама".encode(), b"kk: p\n  en: p")
    assert told(files) == []
    names = names_of(read_definition({name.removeprefix("p/"): data for name, data in files.items()}))
    assert names["ask"].model_dump() == {"ru": "Спросить", **both("Спросить")}
    assert names["ask_to_end"].model_dump() == {"ru": "готово", **both("готово")}
    assert {"lane", "note", "start", "end"} <= names.keys()


def test_what_is_nowhere_said_is_left_over() -> None:
    found = told(process(both("Спросить"), {**WHOLE, "нет": both("нет")}), "unused")
    assert [(one.file, one.message) for one in found] == [
        ("p/texts.yaml", "«нет»: такого текста нет ни в формах, ни на схеме")
    ]


def test_texts_count_in_the_digest() -> None:
    def digest(texts: dict[str, Any]) -> str:
        files = process(both("Спросить"), texts)
        return read_definition({name.removeprefix("p/"): data for name, data in files.items()}).digest

    assert digest(WHOLE) == digest(WHOLE)
    assert digest(WHOLE) != digest({**WHOLE, "да": both("дА")})


def test_only_a_person_speaks() -> None:
    files = process(both("Спросить"), WHOLE)
    manifest = yaml.safe_load(files["p/process.yaml"])
    manifest["elements"]["start"] = {"clause": "1", "say": {"ru": "Здравствуйте"}}
    files["p/process.yaml"] = yaml.safe_dump(manifest, allow_unicode=True).encode()
    _, found = check_packages(files)
    assert [(one.rule, one.element_id) for one in found if one.severity == "error"] == [("manifest", "start")]
