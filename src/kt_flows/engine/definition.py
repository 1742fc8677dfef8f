"""A deployable process: an analyst's folder, read and checked."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar

from kt_flows.engine.decision import Decision, read_decisions
from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.expression import Types
from kt_flows.engine.form import Form, read_form
from kt_flows.engine.manifest import FILE, LANGUAGES, Manifest, read_manifest
from kt_flows.engine.reading import Reading
from kt_flows.engine.text import Text, read_text
from kt_flows.engine.translation import FILE as TRANSLATIONS
from kt_flows.engine.translation import Translations, drawn_texts, read_translations
from kt_flows.engine.xml import read_xml
from kt_flows.errors import DiagramError, Finding

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Definition:
    """One process with everything in its folder, immutable and known by its digest."""

    key: str
    name: str
    digest: str
    """SHA-256 (hex) over the folder's file names and bytes."""
    files: Mapping[str, bytes]
    diagram: str
    """The name of the BPMN file among `files`."""
    manifest: Manifest
    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    decisions: Mapping[str, Decision]
    forms: Mapping[str, Form]
    texts: Mapping[str, Mapping[str, Text]]
    """By text id, then by language (`ru`, `kk`, `en`)."""
    translations: Translations
    """Of what its forms and its drawing say, beside the elements' names."""
    drawn_texts: Mapping[str, tuple[str, int]]
    """What flows, lanes, participants and notes say, by id, with the line."""
    start_form: Form | None
    start_messages: Mapping[str, str]
    """Message name to the start event that it triggers."""
    start_signals: Mapping[str, Element]
    """Start event by id, as are the timers and the conditions."""
    start_timers: Mapping[str, Element]
    start_conditions: Mapping[str, Element]
    plain_starts: tuple[str, ...]
    """Start events without a definition: where a request may begin a case."""
    calls: frozenset[str]
    """Keys of the processes that its call activities call."""
    kept: timedelta | None
    """How long a case is kept after its end; None for ever."""


def say(
    definition: Definition,
    element: Element,
    rule: str,
    message: str,
    hint: str,
    severity: Literal["error", "warning"] = "error",
) -> Finding:
    """A finding at an element of the diagram."""
    return Finding(severity, rule, definition.diagram, message, hint, element_id=element.id, line=element.line)


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and bytes; scenarios do not count, they change nothing that runs."""
    total = hashlib.sha256()
    for name in sorted(files):
        if not name.startswith("scenarios/"):
            total.update(f"{name}\0{len(files[name])}\0".encode())
            total.update(files[name])
    return total.hexdigest()


def is_drawing(files: Mapping[str, bytes]) -> bool:
    """Whether the folder only draws (a collaboration): it has a diagram, and nothing in it is executable."""
    diagrams = [data for name, data in files.items() if name.endswith(".bpmn")]
    return bool(diagrams) and FILE not in files and not any(b'isExecutable="true"' in data for data in diagrams)


class _Findings:
    """Runs readers that raise, keeping what they found."""

    def __init__(self) -> None:
        self.all: list[Finding] = []

    def of(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except DiagramError as error:
            self.all.extend(error.findings)
            return None


def read_definition(files: Mapping[str, bytes]) -> Definition:
    """Reads one process folder (paths relative to it).

    Raises DiagramError with every finding of severity error; nothing is half-read.
    """
    found = _Findings()
    diagrams = sorted(name for name in files if name.endswith(".bpmn") and "/" not in name)
    if len(diagrams) != 1 or FILE not in files:
        message = f"в папке нужны одна схема .bpmn и {FILE}, а есть: {', '.join(sorted(files)[:20])}"
        raise DiagramError(
            [Finding("error", "package", diagrams[0] if diagrams else FILE, message, "Одна схема на папку")]
        )
    diagram = diagrams[0]
    root = found.of(lambda: read_xml(files[diagram], diagram))
    manifest = found.of(lambda: read_manifest(files[FILE]))
    if root is None or manifest is None:
        raise DiagramError(found.all)
    types = manifest.types
    found.all.extend(
        Finding("error", "package", name, "такого файла служба не читает", f"В папке процесса: {PLACES}")
        for name in files
        if not _known(name)
    )
    decisions, forms = _decisions(files, types, found), _forms(files, types, found)
    translations = found.of(lambda: read_translations(files[TRANSLATIONS])) if TRANSLATIONS in files else {}
    reading = Reading(
        diagram,
        manifest,
        {id: form.variables for id, form in forms.items()},
        frozenset(decisions),
        frozenset(_text_id(name) for name in files if _is_text(name)),
        # With a table or a form that cannot be read, who refers to it is not at fault as well.
        all_read=not found.all,
        findings=found.all,
    )
    process = reading.document(root)
    if process is None:
        raise DiagramError([*found.all, Finding("error", "process", diagram, "в схеме нет исполняемого процесса")])
    reading.process(process)
    texts = _texts(files, types, reading.text_types, found)
    starts = [item for item in reading.elements.values() if item.type == "startEvent" and item.parent is None]
    start_forms = [forms[id] for id in sorted({item.form_key for item in starts if item.form_key})]
    if len(start_forms) > 1:
        message = f"у начал разные формы: {', '.join(form.id for form in start_forms)}"
        found.all.append(Finding("error", "form", diagram, message, "У процесса одна начальная форма"))
    if found.all:
        raise DiagramError(found.all)
    return Definition(
        key=manifest.key,
        name=manifest.name.ru,
        digest=digest_of(files),
        files=dict(files),
        diagram=diagram,
        manifest=manifest,
        elements=reading.elements,
        flows=reading.flows,
        decisions=decisions,
        forms=forms,
        texts=texts,
        translations=translations or {},
        drawn_texts=drawn_texts(root),
        start_form=start_forms[0] if start_forms else None,
        start_messages={item.message: item.id for item in starts if item.message},
        start_signals={item.id: item for item in starts if item.event == "signal"},
        start_timers={item.id: item for item in starts if item.event == "timer"},
        start_conditions={item.id: item for item in starts if item.event == "conditional"},
        plain_starts=tuple(item.id for item in starts if item.event == "none"),
        calls=frozenset(item.called for item in reading.elements.values() if item.called),
        kept=reading.kept,
    )


def _decisions(files: Mapping[str, bytes], types: Types, found: _Findings) -> dict[str, Decision]:
    decisions: dict[str, Decision] = {}
    for name in sorted(name for name in files if name.endswith(".dmn")):
        tables = found.of(lambda name=name: read_decisions(files[name], name, types)) or {}  # type: ignore[misc]
        found.all.extend(
            Finding("error", "decision", name, f"таблица {id} есть в двух файлах", "Оставьте одну", id)
            for id in sorted(tables.keys() & decisions.keys())
        )
        decisions |= tables
    return decisions


def _forms(files: Mapping[str, bytes], types: Types, found: _Findings) -> dict[str, Form]:
    forms: dict[str, Form] = {}
    for name in sorted(name for name in files if name.endswith(".form")):
        form = found.of(lambda name=name: read_form(files[name], name, types))  # type: ignore[misc]
        if form is not None:
            forms[form.id] = form
            if name != f"forms/{form.id}.form":
                message = f"id формы {form.id} — не имя файла"
                found.all.append(Finding("error", "form", name, message, "Назовите их одинаково"))
    return forms


def _texts(
    files: Mapping[str, bytes], types: Types, given: Mapping[str, Types], found: _Findings
) -> dict[str, dict[str, Text]]:
    """Mail texts by id and language; `given` are the inputs of the elements that send them."""
    texts: dict[str, dict[str, Text]] = {}
    for name in sorted(filter(_is_text, files)):
        id, language = _text_id(name), name.split(".")[-2]
        seen = {**types, **given.get(id, {})}
        text = found.of(lambda name=name, seen=seen: read_text(files[name], name, seen))  # type: ignore[misc]
        if text is not None:
            texts.setdefault(id, {})[language] = text
        if f"mail/{id}.ru.txt" not in files:
            message = f"у письма {id} нет русского текста"
            found.all.append(Finding("error", "mail-text", name, message, f"Положите рядом {id}.ru.txt"))
    return texts


PLACES = (
    "process.bpmn, process.yaml, texts.yaml, *.dmn, forms/*.form, mail/<текст>.<ru|kk|en>.txt, scenarios/*.yaml, "
    "README.md"
)


def _known(name: str) -> bool:
    """Whether a file has a place in a process folder: what is never read may not look as if it were."""
    folder, base = posixpath.split(name)
    if folder == "scenarios":
        return base.endswith(".yaml")
    if folder == "forms":
        return base.endswith(".form")
    return (
        _is_text(name)
        or name in (FILE, TRANSLATIONS)
        or (not folder and base.endswith((".bpmn", ".dmn", ".md", ".svg", ".png")))
    )


def _is_text(name: str) -> bool:
    folder, base = posixpath.split(name)
    parts = base.split(".")
    return folder == "mail" and len(parts) == 3 and parts[1] in LANGUAGES and parts[2] == "txt"


def _text_id(name: str) -> str:
    return posixpath.basename(name).split(".")[0]
