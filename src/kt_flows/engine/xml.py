"""The strict door for XML that people upload: no DOCTYPE, no tricks, bounded in size, depth and number."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from lxml import etree

from kt_flows.errors import DiagramError, Finding

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 64
MAX_ELEMENTS = 20_000
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
UNSEEN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200e\u200f"
"""Control characters and marks that turn the direction of writing, as a part of a character class."""
_BAD_LABEL = re.compile(rf"[{UNSEEN}]|<[A-Za-z/!?]")
_MAX_LABEL = 1_000
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,254}", re.ASCII)


def _refuse(rule: str, file: str, message: str, hint: str, line: Any = None, id: str | None = None) -> NoReturn:
    raise DiagramError([Finding("error", rule, file, message, hint, element_id=id, line=line)])


def read_xml(data: bytes, file: str, root: str = f"{{{BPMN}}}definitions") -> Any:
    """The document's root element (lxml, with `sourceline`s).

    Raises DiagramError with the file, the line and the element at fault, for the analyst.
    """
    if len(data) > MAX_BYTES:
        _refuse("xml-size", file, f"файл больше {MAX_BYTES} байт", "Разделите схему")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        _refuse("xml-encoding", file, "файл не в UTF-8", "Сохраните его в UTF-8", line)
    if "\x00" in text:
        _refuse("xml-encoding", file, "в файле нулевой знак", "Сохраните файл заново")
    declared = re.match(r"\s*<\?xml[^>]*encoding=[\"']([^\"']+)", text)
    if declared and declared[1].lower() not in ("utf-8", "utf8"):
        _refuse("xml-encoding", file, f"объявлена кодировка {declared[1]}", "Объявите UTF-8", 1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        _refuse("xml-doctype", file, "DOCTYPE и сущности запрещены", "Уберите их", _line(text, "<!"))
    body = text.split("?>", 1)[-1] if text.lstrip().startswith("<?xml") else text
    if "<?" in body:
        _refuse("xml-instruction", file, "инструкции обработки запрещены", "Уберите <?…?>", _line(text, "<?"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        tree = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        _refuse("xml", file, str(error), "Откройте файл в Camunda Modeler и сохраните заново", error.lineno)
    if tree.tag != root:
        wanted = etree.QName(root).localname
        _refuse("xml-root", file, f"корень файла {tree.tag}, а нужен {wanted}", "Это не тот файл", tree.sourceline)
    _walk(tree, file)
    return tree


def _line(text: str, mark: str) -> int:
    return text[: max(0, text.rfind(mark))].count("\n") + 1


def _walk(tree: Any, file: str) -> None:
    seen: dict[str, int] = {}
    count = 0
    stack = [(tree, 1)]
    while stack:
        item, depth = stack.pop()
        if not isinstance(item.tag, str):
            continue
        count += 1
        if count > MAX_ELEMENTS or depth > MAX_DEPTH:
            _refuse("xml-size", file, "слишком много элементов или уровней", "Разделите схему", item.sourceline)
        id = item.get("id")
        label = item.get("name") or ""
        if _BAD_LABEL.search(label) or len(label) > _MAX_LABEL:
            message = "в названии разметка, невидимые знаки или больше 1000 знаков"
            _refuse("xml-label", file, message, "Напишите название простым текстом", item.sourceline, id)
        if id is not None:
            if not _ID.fullmatch(id):
                message = f"негодный id {id[:40]!r}"
                _refuse("xml-id", file, message, "Латинские буквы, цифры, _ и не больше 255 знаков", item.sourceline)
            if id in seen:
                message = f"id {id} стоит дважды, впервые в строке {seen[id]}"
                _refuse("xml-duplicate-id", file, message, "Дайте элементу свой id", item.sourceline, id)
            seen[id] = item.sourceline
        stack.extend((child, depth + 1) for child in reversed(item))
