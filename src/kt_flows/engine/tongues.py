"""A process in three languages: its names, what to say to a caller, and which texts are missing."""

from __future__ import annotations

from collections.abc import Iterator

from kt_flows.engine.definition import Definition
from kt_flows.engine.form import line_of_component
from kt_flows.engine.manifest import FILE as MANIFEST
from kt_flows.engine.manifest import Facts, Label
from kt_flows.engine.translation import FILE, RUSSIAN, Words, texts_of_form
from kt_flows.engine.yaml_text import line_of
from kt_flows.errors import Finding

_OTHERS = {"kk": "казахском", "en": "английском"}


def names_of(definition: Definition) -> dict[str, Label]:
    """Whatever the diagram names, by id, in three languages: elements by process.yaml, the rest by texts.yaml."""
    facts, words = definition.manifest.elements, definition.translations
    names = {}
    for id, element in definition.elements.items():
        if element.name:
            names[id] = _label(element.name, facts.get(id))
    for id, (text, _) in definition.drawn_texts.items():
        names[id] = _label(text, words.get(text))
    return names


def _label(russian: str, others: Facts | Words | None) -> Label:
    return Label(ru=russian, kk=others.kk, en=others.en) if others else Label(ru=russian)


def text_findings(definition: Definition) -> Iterator[Finding]:
    """What a reader of Kazakh or English would meet in Russian, and translations of what is nowhere said."""
    manifest = definition.manifest
    names = names_of(definition)
    yield from _missing(manifest.name, MANIFEST, MANIFEST, None, line_of(definition.files[MANIFEST], ("name",)))
    for id, facts in manifest.elements.items():
        if facts.say is not None:
            line = line_of(definition.files[MANIFEST], ("elements", id, "say"))
            yield from _missing(facts.say, MANIFEST, MANIFEST, id, line)
    for id, element in definition.elements.items():
        if id in names:
            yield from _missing(names[id], definition.diagram, MANIFEST, id, element.line)
    for id, (_, line) in definition.drawn_texts.items():
        yield from _missing(names[id], definition.diagram, FILE, id, line)
    said = {text for text, _ in definition.drawn_texts.values()}
    for form in definition.forms.values():
        file = f"forms/{form.id}.form"
        for id, texts in texts_of_form(form.schema).items():
            said.update(texts)
            line = line_of_component(form.schema.decode(), id)
            for text in dict.fromkeys(texts):
                yield from _missing(_label(text, definition.translations.get(text)), file, FILE, id, line)
    for text in definition.translations:
        if text not in said:
            line = line_of(definition.files[FILE], (text,))
            message = f"«{text[:60]}»: такого текста нет ни в формах, ни на схеме"
            yield Finding("warning", "unused", FILE, message, "Уберите или исправьте", line=line)


def _missing(label: Label, file: str, home: str, id: str | None, line: int | None) -> Iterator[Finding]:
    lacking = [name for language, name in _OTHERS.items() if not getattr(label, language)]
    if lacking and RUSSIAN.search(label.ru):
        message = f"«{label.ru[:60]}»: нет на {' и '.join(lacking)}"
        yield Finding("warning", "text-missing", file, message, f"Допишите в {home}", id, line)
