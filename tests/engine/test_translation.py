"""texts.yaml: read strictly, and what of a form is put in another language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from kt_flows.engine.translation import Words, form_in, read_translations, texts_of_form
from kt_flows.errors import DiagramError
from support.forms import schema

WORDS = {
    russian: Words(kk=f"kk {russian}", en=f"en {russian}")
    for russian in (
        "Имя",
        "Как в паспорте",
        "Есть <b>скидка</b>",
        "Да",
        "Не того вида",
        "Без имени нельзя",
        "кг",
        "см",
    )
}
EVERYTHING: list[dict[str, Any]] = [
    {
        "type": "textfield",
        "id": "Имя",
        "key": "name",
        "label": "Имя",
        "description": "Как в паспорте",
        "defaultValue": "Имя",
        "validate": {"required": True, "pattern": "Имя", "patternErrorMessage": "Не того вида"},
        "properties": {"requiredMessage": "Без имени нельзя", "errorCode": "Имя"},
        "appearance": {"prefixAdorner": "кг", "suffixAdorner": "см"},
        "conditional": {"hide": '=agreed = "Имя"'},
    },
    {"type": "radio", "id": "agreed", "key": "agreed", "label": '="Имя"', "values": [{"value": "Да", "label": "Да"}]},
    {"type": "html", "id": "note", "content": "Есть <b>скидка</b>"},
    {"type": "group", "id": "g", "path": "inner", "components": [{"type": "text", "id": "t", "text": "Имя"}]},
    {"type": "text", "id": "rest", "text": "Не переведено"},
]


def test_texts_for_people_and_nothing_else_are_put_in_a_language() -> None:
    was = schema(*EVERYTHING)
    first, second, third, fourth, fifth = orjson.loads(form_in(was, "kk", WORDS))["components"]
    assert first == {
        **EVERYTHING[0],
        "label": "kk Имя",
        "description": "kk Как в паспорте",
        "validate": {"required": True, "pattern": "Имя", "patternErrorMessage": "kk Не того вида"},
        "properties": {"requiredMessage": "kk Без имени нельзя", "errorCode": "Имя"},
        "appearance": {"prefixAdorner": "kk кг", "suffixAdorner": "kk см"},
    }
    assert second == {**EVERYTHING[1], "values": [{"value": "Да", "label": "kk Да"}]}
    assert third["content"] == "kk Есть <b>скидка</b>"
    assert fourth["components"] == [{"type": "text", "id": "t", "text": "kk Имя"}]
    assert fifth == EVERYTHING[4]


@pytest.mark.parametrize("language", [None, "ru"])
def test_in_russian_it_is_the_very_file(language: str | None) -> None:
    was = schema(*EVERYTHING).replace(b":", b" : ")
    assert form_in(was, language, WORDS) is was


def test_a_form_s_texts_by_component() -> None:
    assert texts_of_form(schema(*EVERYTHING)) == {
        "Имя": ["Имя", "Как в паспорте", "Не того вида", "Без имени нельзя", "кг", "см"],
        "agreed": ["Да"],
        "note": ["Есть <b>скидка</b>"],
        "t": ["Имя"],
        "rest": ["Не переведено"],
    }


def test_a_whole_one() -> None:
    data = '"Имя": {kk: Аты, en: Name}\n"Да, {{name}}": {en: "Yes, {{name}}"}\n'.encode()
    assert read_translations(data) == {"Имя": Words(kk="Аты", en="Name"), "Да, {{name}}": Words(en="Yes, {{name}}")}


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ('"Имя": {kk: Аты}\n"Имя": {kk: Есім}', "yaml", 2),
        ('"Имя": {kk: Аты, de: Name}', "texts", 1),
        ('"Имя": Аты', "texts", 1),
        ('"Имя": {kk: [Аты]}', "texts", 1),
        ('"Имя": {kk: 1}', "texts", 1),
        ("1: {kk: Бір}", "texts", None),
        ('"": {kk: Бос}', "texts", None),
        ("- Имя", "texts", None),
        ("", "texts", None),
        ('"Да": {kk: иә}\n"Имя": {en: =secret}', "texts", 2),
        ('"=имя": {kk: Аты}', "texts", None),
        ('"Имя": {kk: "<b>Аты</b>"}', "texts", 1),
        ('"Имя": {kk: "Аты <img src=x "}', "texts", 1),
        ('"Имя": {kk: "{{secret}}"}', "texts", 1),
        ('"Имя": {kk: "[Аты](http://x.example)"}', "texts", 1),
        ('"<b>Имя</b>": {kk: Аты}', "texts", 1),
        ('"Имя": {kk: "javascript:alert(1)"}', "texts", 1),
        ('"Имя": {kk: "Аты\\u202e"}', "texts", 1),
        (f'"Имя": {{kk: {"а" * 4_001}}}', "texts", 1),
        ("".join(f'"{n}": {{kk: {"а" * 3_000}}}\n' for n in range(40)), "yaml", None),
    ],
    ids=range(20),
)
def test_what_does_not_come_in(text: str, rule: str, line: int | None) -> None:
    with pytest.raises(DiagramError) as caught:
        read_translations(text.encode())
    finding = caught.value.findings[0]
    assert (finding.rule, finding.file) == (rule, "texts.yaml")
    assert line in (None, finding.line)


def test_the_page_s_example_is_right() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "texts-yaml.md"
    example = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert read_translations(example.encode())["да"] == Words(kk="иә", en="yes")
