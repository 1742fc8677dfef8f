"""`texts.yaml`: what a process's forms and drawings say in Kazakh and English, found by the Russian text.

Only what people read is ever put in another language; keys, ids, values and expressions are what the server goes by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import orjson
from lxml import etree
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from kt_flows.engine.form import ACTIVE
from kt_flows.engine.xml import BPMN, UNSEEN
from kt_flows.engine.yaml_text import findings_of, line_of, load_yaml
from kt_flows.errors import DiagramError, Finding

FILE = "texts.yaml"
MAX_TEXT = 4_000
RUSSIAN = re.compile("[А-Яа-яЁё]")
"""A text without such a letter (`iD TV`) is the same in every language."""
_UNSEEN = re.compile(f"[{UNSEEN}]")
_LIVE = re.compile(r"<[^>]*>?|\{\{.*?(?:\}\}|$)|\]\([^)]*\)?", re.DOTALL)
"""What a browser does not show as it stands: tags, FEEL in braces, addresses of links."""
_OWN = ("label", "description", "text", "content", "alt", "dateLabel", "timeLabel")
_INSIDE = {
    "validate": ("patternErrorMessage",),
    "properties": ("requiredMessage",),
    "appearance": ("prefixAdorner", "suffixAdorner"),
}
_DRAWN = ("sequenceFlow", "messageFlow", "lane", "participant", "dataObjectReference", "dataStoreReference")


def _text(value: str) -> str:
    if _UNSEEN.search(value) or len(value) > MAX_TEXT:
        raise ValueError(f"невидимые знаки или больше {MAX_TEXT} знаков")
    if is_formula(value):
        raise ValueError("с «=» начинаются выражения, их не переводят")
    if ACTIVE.search(value):
        raise ValueError("исполняемая разметка")
    return value


Text = Annotated[str, AfterValidator(_text)]


class Words(BaseModel):
    """One text in the other languages; empty where there is none yet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kk: Text = ""
    en: Text = ""


Translations = Mapping[str, Words]
"""By the Russian text."""
_FILE = TypeAdapter(dict[Annotated[Text, Field(min_length=1)], Words])


def is_formula(text: str) -> bool:
    """Whether form-js would compute the text instead of showing it."""
    return text.lstrip().startswith("=")


def read_translations(data: bytes, file: str = FILE) -> dict[str, Words]:
    """Reads and checks `texts.yaml`.  Raises DiagramError naming each text at fault."""
    try:
        found = _FILE.validate_python(load_yaml(data, file), strict=True)
    except ValidationError as error:
        raise DiagramError(findings_of(error, data, file, "texts")) from error
    findings = [
        Finding(
            "error",
            "texts",
            file,
            f"«{russian[:60]}»: на {language} разметка, ссылки или {{{{…}}}} не те, что в русском тексте",
            "Оставьте их как есть, переведите только слова",
            line=line_of(data, (russian, language)),
        )
        for russian, words in found.items()
        for language, text in (("kk", words.kk), ("en", words.en))
        if text and sorted(_LIVE.findall(text)) != sorted(_LIVE.findall(russian))
    ]
    if findings:
        raise DiagramError(findings)
    return found


def text_in(words: Words | None, russian: str, language: str) -> str:
    """A text in a language; the Russian one where there is no other."""
    return (getattr(words, language, "") if words else "") or russian


def form_in(schema: bytes, language: str | None, translations: Translations) -> bytes:
    """A form with its texts in a language; byte for byte as it is in Russian and where no language is named."""
    if language in (None, "ru") or not translations:
        return schema
    form = orjson.loads(schema)
    for _, holder, name in _places(form["components"]):
        holder[name] = text_in(translations.get(holder[name]), holder[name], str(language))
    return orjson.dumps(form)


def texts_of_form(schema: bytes) -> dict[str, list[str]]:
    """What a form shows to people, by the id (or key) of its component."""
    found: dict[str, list[str]] = {}
    for component, holder, name in _places(orjson.loads(schema)["components"]):
        found.setdefault(str(component.get("id") or component.get("key") or ""), []).append(holder[name])
    return found


def _places(components: list[Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
    """Each component, with each object in it and name there under which a text for people stands."""
    for component in components:
        holders = [(component, _OWN), *((component.get(name), names) for name, names in _INSIDE.items())]
        options = component.get("values")
        holders += [(option, ("label",)) for option in options] if isinstance(options, list) else []
        for holder, names in holders:
            for name in names if isinstance(holder, dict) else ():
                text = holder.get(name)
                if isinstance(text, str) and text.strip() and not is_formula(text):
                    yield component, holder, name
        inner = component.get("components")
        if isinstance(inner, list):
            yield from _places(inner)


def drawn_texts(root: Any) -> dict[str, tuple[str, int]]:
    """What a diagram says beside its elements' names, by id, with the line: flows, lanes, participants, notes."""
    found = {}
    for item in root.iter(*(f"{{{BPMN}}}{name}" for name in (*_DRAWN, "textAnnotation"))):
        note = item.find(f"{{{BPMN}}}text") if etree.QName(item).localname == "textAnnotation" else None
        text = " ".join(((note.text if note is not None else item.get("name")) or "").split())
        if text and item.get("id"):
            found[str(item.get("id"))] = (text, int(item.sourceline))
    return found
