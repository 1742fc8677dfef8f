"""What we ship speaks three languages: forms that take the same in each, scripts where a subscriber listens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import Definition
from kt_flows.engine.form import read_form
from kt_flows.engine.packages import read_path
from kt_flows.engine.submission import Leaf
from kt_flows.engine.tongues import names_of
from kt_flows.engine.translation import form_in, texts_of_form

BPMN = Path(__file__).resolve().parents[2] / "bpmn"
SHIPPED = check_packages(read_path(BPMN))[0]
CYRILLIC = re.compile("[А-Яа-яЁё]")
KAZAKH = re.compile("[ӘәІіҢңҒғҮүҰұҚқӨөҺһ]")
OWN_NAMES = {"Русский", "Қазақша"}
SPEAKING = {
    "broadband_fault": {"register_fault_by_hand"},
    "idtv_support": {"answer_160"},
    "notify_subscriber": {"call_subscriber"},
    "scheme1_call_160": {"check_broadband", "register_appeal"},
    "scheme2_cabinet": {"branch_resolve", "deliver_answer", "answer_informational"},
    "scheme3_call_165": {"clarify_165", "inform_status"},
}

each = pytest.mark.parametrize("definition", SHIPPED, ids=lambda one: one.key)


def shape(leaf: Leaf) -> tuple[object, ...]:
    """What a field takes, without a word for people."""
    if isinstance(leaf.item, tuple):
        return leaf.path, [shape(inner) for inner in leaf.item]
    rules = {name: value for name, value in leaf.item.rules.items() if name != "patternErrorMessage"}
    return leaf.path, leaf.item.id, leaf.item.type, leaf.item.word, leaf.item.options, rules, len(leaf.hides)


@each
@pytest.mark.parametrize("language", ["kk", "en"])
def test_a_form_takes_the_same_in_every_language(definition: Definition, language: str) -> None:
    for form in definition.forms.values():
        other = form_in(form.schema, language, definition.translations)
        read = read_form(other, f"forms/{form.id}.form", definition.manifest.types)
        assert [shape(leaf) for leaf in read.leaves] == [shape(leaf) for leaf in form.leaves]


@each
def test_english_has_no_russian_letter(definition: Definition) -> None:
    said = [name.en for name in names_of(definition).values()] + [definition.manifest.name.en]
    for form in definition.forms.values():
        texts = texts_of_form(form_in(form.schema, "en", definition.translations))
        said += [text for inner in texts.values() for text in inner if text not in OWN_NAMES]
    assert [text for text in said if CYRILLIC.search(text)] == []


@each
def test_whoever_speaks_to_a_subscriber_knows_what_to_say(definition: Definition) -> None:
    scripts = {id: facts.say for id, facts in definition.manifest.elements.items() if facts.say is not None}
    assert set(scripts) == SPEAKING.get(definition.key, set())
    for script in scripts.values():
        assert len({len(text.splitlines()) for text in (script.ru, script.kk, script.en)}) == 1
        assert KAZAKH.search(script.kk)
        assert not KAZAKH.search(script.ru)
        assert not CYRILLIC.search(script.en)
